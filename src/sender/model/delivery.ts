// A delivery: the unit that is attempted, retried and ended exactly once.

import { invariant } from '../../base/errors.js';
import type { Cause, ContactStatus, DeliveryState, TerminalState } from '../../events/types.js';
import type { Contact } from './contact.js';
import type { Mailing, MailingChanges } from './mailing.js';

/** An attempt that has begun and not ended. */
export interface RunningAttempt {
  startedAt: number;
  host: string;
  /** The final dot may have been sent: the server may have the message. */
  finalDot: boolean;
}

/** Where a delivery reports what it changes. Its end may complete its mailing. */
export interface DeliveryChanges extends MailingChanges {
  /** A delivery is new, or its state, counters or running attempt have changed. */
  delivery(delivery: Delivery): void;
}

/** One contact in one mailing. */
export class Delivery {
  state: DeliveryState = 'queued';
  /** Attempts that have ended. */
  attempts = 0;
  /** Of these: answered with 4xx after connect. */
  replied = 0;
  /** Of these: without a usable reply, with an unknown end, or 4xx at connect. */
  unreachable = 0;
  /** Of these: with an unknown end. */
  unknown = 0;
  firstAttemptAt: number | undefined;
  /** Points of its grid that passed while no sender was there: they are not made up for. */
  missed = 0;
  /** Cause of the last attempt, if there was one. */
  lastCause: Cause | undefined;
  /** When the next attempt is due, or was when it is ready or running. */
  dueAt = 0;
  /** When the attempt that is running began; undefined between attempts. */
  runningSince: number | undefined;
  /** The attempt of which a server has heard and that has not ended. */
  running: RunningAttempt | undefined;
  /**
   * What the contact became while an attempt was running: what that brings decides (rule 10).
   * Kept, since the contact may have come back when the attempt ends.
   */
  leaving: Exclude<ContactStatus, 'active'> | undefined;
  /** The return path of its message, once an attempt has needed it: the same at each (a keyed hash costs). */
  returnPath: string | undefined;

  constructor(
    readonly mailing: Mailing,
    readonly contact: Contact,
  ) {}

  get inProgress(): boolean {
    return this.state === 'queued';
  }

  /** Ends the delivery. Terminal states are absorbing (rule 14). */
  end(state: TerminalState, why: string, changes: DeliveryChanges, cause?: Cause): void {
    invariant(
      this.inProgress,
      `${this.contact.key} in ${this.mailing.name} is ${this.state} and cannot become ${state}`,
    );
    this.state = state;
    this.runningSince = undefined;
    this.running = undefined;
    changes.delivery(this);
    changes.emit({
      type: 'delivery.ended',
      mailing: this.mailing.name,
      address: this.contact.key,
      state,
      ...(cause === undefined ? {} : { cause }),
      why,
    });
    this.mailing.deliveryEnded(changes);
  }
}
