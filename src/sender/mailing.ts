// A mailing: one send-off, from building to the moment nothing of it is in progress any more.

import { invariant } from '../errors.js';
import type { Emit, MailingKind, MailingState } from '../events/types.js';
import type { Contact } from './contact.js';
import type { Message } from './message.js';

export interface NewMailing {
  name: string;
  kind: MailingKind;
  message: Message;
  /** Chooses among the active contacts; absent: all of them. */
  chooses?: (contact: Contact) => boolean;
}

export class Mailing {
  readonly name: string;
  readonly kind: MailingKind;
  state: MailingState = 'building';
  /** When it turned in-progress, ms on the sender's clock. */
  startedAt = 0;
  private open = 0;

  constructor(readonly order: NewMailing) {
    this.name = order.name;
    this.kind = order.kind;
  }

  /** Building is over: `recipients` deliveries are in progress from now on. */
  start(recipients: number, now: number, emit: Emit): void {
    invariant(this.state === 'building', `mailing ${this.name} is ${this.state} and cannot start`);
    this.state = 'in-progress';
    this.startedAt = now;
    this.open = recipients;
    emit({ type: 'mailing.started', mailing: this.name, recipients });
    this.completeWhenEmpty(emit);
  }

  deliveryEnded(emit: Emit): void {
    this.open--;
    this.completeWhenEmpty(emit);
  }

  /** Rule 7: completed when nothing is in progress. Never before, always then. */
  private completeWhenEmpty(emit: Emit): void {
    if (this.open > 0) return;
    this.state = 'completed';
    emit({ type: 'mailing.completed', mailing: this.name });
  }
}
