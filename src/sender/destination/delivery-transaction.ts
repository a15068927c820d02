// One attempt of a delivery over an open connection: the mail transaction, and what each of its steps
// means for the delivery and for its destination.

import { wireAddress } from '../../base/addresses.js';
import type { TriedHost } from '../../events/types.js';
import type { Delivery } from '../model/delivery.js';
import type { DialogueResult, MailTransaction } from '../transport.js';
import type { AttemptJournal, AttemptResult } from './attempt-journal.js';

/** The text of messages and their return paths. */
export interface MessageSource {
  envelopeFrom(delivery: Delivery): string;
  render(delivery: Delivery): Promise<string>;
}

/** What a transaction needs of its destination. */
export interface TransactionOwner {
  readonly journal: AttemptJournal;
  readonly messages: MessageSource;
  /** The host has throttled a delivery to this domain. */
  throttled(domain: string, host: string): void;
  /** The delivery needs another transaction, due since `since`. */
  retake(delivery: Delivery, since: number): void;
  broken(error: unknown): void;
}

export class DeliveryTransaction implements MailTransaction {
  /** @param tried hosts that were tried before the connection to `host` was open */
  constructor(
    private readonly owner: TransactionOwner,
    private readonly delivery: Delivery,
    private readonly host: string,
    private readonly startedAt: number,
    private readonly tried: TriedHost[] = [],
  ) {}

  get to(): string {
    return wireAddress(this.delivery.contact.address);
  }

  from(): string {
    return this.owner.messages.envelopeFrom(this.delivery);
  }

  render(): Promise<string> {
    return this.owner.messages.render(this.delivery);
  }

  begun(): void {
    this.owner.journal.begun(this.delivery, this.startedAt, this.host);
  }

  finalDot(): void {
    this.owner.journal.finalDot(this.delivery);
  }

  ended(result: DialogueResult): void {
    const { owner, delivery, host, startedAt, tried } = this;
    const cause = owner.journal.attempted(delivery, { ...result, startedAt, ...triedBefore(host, tried) });
    if (cause === 'throttled' && result.outcome === 'deferred')
      owner.throttled(delivery.contact.domain, host);
  }

  uncharged(): void {
    const { owner, delivery, startedAt } = this;
    if (owner.journal.uncharged(delivery)) owner.retake(delivery, startedAt);
  }

  broken(error: unknown): void {
    this.owner.broken(error);
  }
}

/** The host of a result, and the hosts tried before it, each where there are any. */
export function triedBefore(
  host: string | undefined,
  tried: TriedHost[],
): Pick<AttemptResult, 'host' | 'tried'> {
  return { ...(host === undefined ? {} : { host }), ...(tried.length > 0 ? { tried } : {}) };
}
