// A delivery: one contact in one mailing. It is attempted, retried, and ended exactly once.

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

export class Delivery {
  state: DeliveryState = 'queued';
  /** Attempts that have ended. */
  attempts = 0;
  /** Of these: ended by a 4xx reply after connect. */
  replied = 0;
  /** Of these: without a usable reply, with an unknown outcome, or 4xx at connect. */
  unreachable = 0;
  /** Of these: with an unknown outcome. */
  unknown = 0;
  firstAttemptAt: number | undefined;
  /** Points of its grid that passed while no sender ran: their attempts are not made. */
  missed = 0;
  lastCause: Cause | undefined;
  /** When the next attempt is due; in the past while it waits for a connection or runs. */
  dueAt = 0;
  /** When the running attempt began; undefined between attempts. */
  runningSince: number | undefined;
  /** The running attempt, once a server may know of it. A store keeps it. */
  running: RunningAttempt | undefined;
  /**
   * The status that the contact got while an attempt was running. If that attempt is deferred, the
   * delivery is withdrawn (rule 10), even when the contact is active again by then.
   */
  leaving: Exclude<ContactStatus, 'active'> | undefined;
  /** The return path, made by the first attempt; kept because the keyed hash in it is costly. */
  returnPath: string | undefined;

  constructor(
    readonly mailing: Mailing,
    readonly contact: Contact,
  ) {}

  get inProgress(): boolean {
    return this.state === 'queued';
  }

  /** The field of a delivery that is given up without any attempt. */
  get unattempted(): { unattempted?: true } {
    return this.attempts === 0 ? { unattempted: true } : {};
  }

  /** Ends the delivery. Terminal states are absorbing (rule 14). @param why for the log */
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
      ...(state === 'soft-bounced' ? this.unattempted : {}),
    });
    this.mailing.deliveryEnded(changes);
  }
}
