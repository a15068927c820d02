// A mailing: one send-off, from building to the moment nothing of it is in progress any more.

import { invariant } from '../../base/errors.js';
import type { MailingKind, MailingState } from '../../events/types.js';
import type { Changes } from '../changes.js';
import type { Message } from '../message/composer.js';
import type { Selection } from './selection.js';

/** What is sent to whom. Plain data: a store keeps it. */
export interface NewMailing {
  name: string;
  kind: MailingKind;
  /** The automated mailing that it is an occurrence of. */
  series?: string;
  message: Message;
  /** Which of the active contacts; absent: all of them. */
  to?: Selection;
}

export class Mailing {
  readonly name: string;
  readonly kind: MailingKind;
  state: MailingState = 'building';
  /** When it turned in-progress, ms on the sender's clock. */
  startedAt = 0;
  recipients = 0;
  /** Attempts with an unknown end. */
  possibleDuplicates = 0;
  /** Deliveries in progress. */
  open = 0;

  /** @param buildingUntil when building ends, ms on the sender's clock */
  constructor(
    readonly order: NewMailing,
    readonly buildingUntil: number,
  ) {
    this.name = order.name;
    this.kind = order.kind;
  }

  /** Building is over: `recipients` deliveries are in progress from now on. */
  start(recipients: number, now: number, changes: Changes): void {
    invariant(this.state === 'building', `mailing ${this.name} is ${this.state} and cannot start`);
    this.state = 'in-progress';
    this.startedAt = now;
    this.recipients = recipients;
    this.open = recipients;
    changes.mailing(this);
    changes.tell({ type: 'mailing.started', mailing: this.name, recipients });
    this.completeWhenEmpty(changes);
  }

  deliveryEnded(changes: Changes): void {
    this.open--;
    this.completeWhenEmpty(changes);
  }

  /** Rule 7: completed when nothing is in progress. Never before, always then. */
  private completeWhenEmpty(changes: Changes): void {
    if (this.open > 0) return;
    this.state = 'completed';
    changes.mailing(this);
    changes.tell({ type: 'mailing.completed', mailing: this.name });
  }
}
