// The mail transactions of one session, one after the other: the state that behaviors decide on, the
// recipients, and what becomes of the message for each of them when it is taken.

import { addressKey } from '../../base/addresses.js';
import type { Placement } from '../../events/types.js';
import type { ComesBack, Verdict } from '../behaviors/behavior.js';
import type { Host } from './host.js';
import type { ReceivedMessage } from './received-message.js';
import { outsideTransaction, type SessionState } from './session-state.js';

/** The state at RCPT of a recipient, and where its copy of the message goes. */
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
   * @param accepted the accepted recipients, as the envelope has them
   */
  constructor(
    private readonly host: Host,
    { client, nth }: { client: string; nth: number },
    private readonly accepted: () => readonly { address: string }[],
  ) {
    this.state = outsideTransaction(client, nth);
  }

  /** MAIL: begins a transaction and drops the one before. */
  begin(mail: { sender: string; messages: number; size: number }): void {
    this.named.clear();
    Object.assign(this.state, mail, { recipient: '', attempt: this.host.countTransaction() });
  }

  /**
   * RCPT.
   *
   * @param recipient as written by the client
   * @param address as in the envelope
   */
  name(recipient: string, address: string): void {
    this.state.recipient = addressKey(recipient);
    this.state.attempt = this.host.countAttempt(this.state.recipient);
    this.named.set(address.toLowerCase(), { ...this.state, placement: 'inbox' });
  }

  /** Sets the size of the received message. */
  measured(size: number): void {
    for (const recipient of this.recipients()) recipient.size = size;
  }

  /** Verdicts against the message at a stage. One reply answers for all recipients, so the first one counts. */
  *objections(stage: 'data' | 'body' | 'message'): Generator<Verdict, undefined> {
    if (!this.host.mayDecide(stage)) return;
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

  /**
   * Logs that the message is in, on a session in which a reply that belongs to no command may be taken for its reply.
   *
   * @param pausedAt when the server stopped reading it; undefined when it did not
   */
  received(session: number, pausedAt?: number): void {
    const { emit, clock } = this.host.options;
    const since = pausedAt ?? clock.now();
    for (const { sender: mailFrom, recipient: rcpt } of this.recipients())
      emit({ type: 'message.received', session, mailFrom, rcpt, since });
  }

  /** Takes the message for all its recipients, and schedules the messages that are sent back. */
  take({ size, header }: ReceivedMessage, session: number): void {
    const { emit, clock } = this.host.options;
    for (const { sender: mailFrom, recipient: rcpt, placement, comesBack: what } of this.recipients()) {
      const { domain, name: host, address, options } = this.host.receiver(rcpt);
      emit({ type: 'message.accepted', session, domain, host, mailFrom, rcpt, size, placement });
      if (!what) continue;
      const acceptedAt = clock.date();
      options.sendBack({
        domain,
        host,
        address,
        returnPath: mailFrom,
        rcpt,
        acceptedAt,
        header: header.text,
        what,
      });
    }
  }

  private recipients(): Recipient[] {
    return this.accepted().map(({ address }) => this.named.get(address.toLowerCase())!);
  }
}
