// One transaction after the other at a receiving server: what its behaviors are asked about, the recipients
// that were named, and what becomes of them when the message is taken.

import type { Placement } from '../../events/types.js';
import type { ComesBack, Verdict } from '../behaviors/behavior.js';
import type { Host } from './host.js';
import type { ReceivedMessage } from './received-message.js';
import { outsideTransaction, type SessionState } from './session-state.js';

/** What was known of a recipient when it was named, and where its copy goes if it is taken. */
interface Recipient extends SessionState {
  placement: Placement;
  comesBack?: ComesBack | undefined;
}

export class Transaction {
  readonly state: SessionState;
  /** By address in lower case. */
  private readonly named = new Map<string, Recipient>();

  /**
   * @param client its address
   * @param nth number of the connection at its host
   * @param letThrough the recipients that were accepted, as the envelope has them
   */
  constructor(
    private readonly host: Host,
    { client, nth }: { client: string; nth: number },
    private readonly letThrough: () => readonly { address: string }[],
  ) {
    this.state = outsideTransaction(client, nth);
  }

  /** MAIL: the one before is forgotten. */
  begin(mail: { sender: string; messages: number; size: number }): void {
    this.named.clear();
    Object.assign(this.state, mail, { recipient: '', attempt: this.host.countTransaction() });
  }

  /**
   * RCPT.
   *
   * @param recipient as it was written
   * @param address as the envelope will have it
   */
  name(recipient: string, address: string): void {
    this.state.recipient = recipient.toLowerCase();
    this.state.attempt = this.host.countAttempt(this.state.recipient);
    this.named.set(address.toLowerCase(), { ...this.state, placement: 'inbox' });
  }

  /** The message is in. */
  measured(size: number): void {
    for (const recipient of this.recipients()) recipient.size = size;
  }

  /** What stands against the message at a stage: one reply speaks for all its recipients. */
  *objections(stage: 'data' | 'body' | 'message'): Generator<Verdict, undefined> {
    for (const recipient of this.recipients()) {
      for (const verdict of this.host.decide(stage, recipient)) {
        if (verdict.kind !== 'accept') {
          yield verdict;
          continue;
        }
        if (stage === 'message') {
          recipient.placement = verdict.placement;
          recipient.comesBack = verdict.comesBack;
        }
        break;
      }
    }
  }

  /** Takes the message for all its recipients, and sends back what comes back of it. */
  take({ size, header }: ReceivedMessage, session: number): void {
    const { domain, name: host, address } = this.host;
    const { emit, clock, sendBack } = this.host.options;
    for (const { sender: mailFrom, recipient: rcpt, placement, comesBack: what } of this.recipients()) {
      emit({ type: 'message.accepted', session, domain, host, mailFrom, rcpt, size, placement });
      if (!what) continue;
      const acceptedAt = clock.date();
      sendBack({ domain, host, address, returnPath: mailFrom, rcpt, acceptedAt, header: header.text, what });
    }
  }

  private recipients(): Recipient[] {
    return this.letThrough().map(({ address }) => this.named.get(address.toLowerCase())!);
  }
}
