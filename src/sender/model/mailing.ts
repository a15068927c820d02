// A mailing: one message to many contacts, from `building` until none of its deliveries is in progress.

import { invariant } from '../../base/errors.js';
import type { Emit, MailingKind, MailingState } from '../../events/types.js';
import type { Selection } from './selection.js';

/** What is sent; merge fields in subject and text are filled in for each contact. */
export interface Message {
  subject: string;
  text: string;
  /** Bytes the text is padded to; 0 leaves it as it is. */
  sizeBytes: number;
}

/** The order of a mailing. Plain data, because a store keeps it. */
export interface NewMailing {
  name: string;
  kind: MailingKind;
  /** Name of the automated mailing of which this is an occurrence. */
  series?: string;
  message: Message;
  /** Which of the active contacts; absent: all of them. */
  to?: Selection;
}

/** Where a mailing reports what it changes. */
export interface MailingChanges {
  /** A mailing is new, or its state has changed. */
  mailing(mailing: Mailing): void;
  /** A contact has joined a mailing while it is building. */
  joined(mailing: Mailing, contact: string): void;
  /** Logs a fact once the change that it belongs to is stored. */
  emit: Emit;
}

export class Mailing {
  readonly name: string;
  readonly kind: MailingKind;
  state: MailingState = 'building';
  /** When it became `in-progress`, ms on the sender's clock. */
  startedAt = 0;
  recipients = 0;
  /** Attempts with an unknown outcome. */
  possibleDuplicates = 0;
  /** Deliveries in progress. */
  open = 0;
  /** Keys of contacts that joined while it was building. Not part of the order, which is stored as a whole. */
  private readonly joined: string[] = [];

  /** @param buildingUntil when building ends, ms on the sender's clock */
  constructor(
    readonly order: NewMailing,
    readonly buildingUntil: number,
  ) {
    this.name = order.name;
    this.kind = order.kind;
  }

  /** Which of the active contacts, with those that joined; absent: all of them. */
  get to(): Selection | undefined {
    const { to } = this.order;
    return this.joined.length === 0 ? to : { ...to, addresses: [...(to?.addresses ?? []), ...this.joined] };
  }

  /** Adds a contact to those that the order names. @param contact its key */
  join(contact: string, changes: MailingChanges): void {
    invariant(this.state === 'building', `mailing ${this.name} is ${this.state} and cannot be joined`);
    this.restoreJoined(contact);
    changes.joined(this, contact);
  }

  /** Takes over a contact that joined from a store. */
  restoreJoined(contact: string): void {
    this.joined.push(contact);
  }

  /** Ends building: `recipients` deliveries are in progress from now on. */
  start(recipients: number, now: number, changes: MailingChanges): void {
    invariant(this.state === 'building', `mailing ${this.name} is ${this.state} and cannot start`);
    this.state = 'in-progress';
    this.startedAt = now;
    this.recipients = recipients;
    this.open = recipients;
    changes.mailing(this);
    changes.emit({ type: 'mailing.started', mailing: this.name, recipients });
    this.completeWhenEmpty(changes);
  }

  deliveryEnded(changes: MailingChanges): void {
    this.open--;
    this.completeWhenEmpty(changes);
  }

  /** Rule 7: completed exactly when no delivery is in progress. */
  private completeWhenEmpty(changes: MailingChanges): void {
    if (this.open > 0) return;
    this.state = 'completed';
    changes.mailing(this);
    changes.emit({ type: 'mailing.completed', mailing: this.name });
  }
}
