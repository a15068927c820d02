// A host that stands for all hosts of a fleet at one port, for senders that hand over to a smarthost: the domain of a
// recipient chooses the host that decides and counts. What that host does before it knows a recipient, it does at RCPT.

import type { Reply } from '../../events/types.js';
import type { Verdict } from '../behaviors/behavior.js';
import type { Point } from '../plan.js';
import { Host, type HostOptions } from './host.js';
import type { Receiver } from './receiver.js';
import type { Handshake } from '../network/network.js';
import { outsideTransaction, type SessionState } from './session-state.js';

/** Its name in events, where other hosts have their recipient domain. */
export const SHARED = 'shared';

interface SharedHostOptions extends Pick<
  HostOptions,
  'clock' | 'random' | 'emit' | 'certificates' | 'nextSession'
> {
  /** Whether any host of the fleet offers STARTTLS. */
  tls: boolean;
  /** The host that takes the mail of a recipient now, or the reply of a smarthost that knows of none. */
  find: (recipient: string) => Receiver;
}

/** A smarthost cannot connect to the recipient's host (RFC 3463, X.4.1). */
const NO_ANSWER: Reply = { code: 451, enhanced: '4.4.1', lines: ['No answer from host'] };

const BEFORE_RCPT = ['dial', 'connect', 'ehlo', 'mail'] as const;

export class SharedHost extends Host {
  override readonly receiver = (recipient: string): Host => {
    const found = this.shared.find(recipient);
    return 'host' in found ? found.host : this;
  };

  constructor(private readonly shared: SharedHostOptions) {
    super({
      ...shared,
      domain: SHARED,
      name: 'smarthost.bouncelab.test',
      addresses: { v4: '127.0.0.1' },
      plan: { behaviors: [], mailboxes: [], tls: shared.tls },
      relays: true,
      sendBack: () => {},
    });
  }

  override handshake(): Handshake {
    return 'accept';
  }

  override actsAt(point: Point): boolean {
    return point === 'body';
  }

  override mayDecide(): boolean {
    return true;
  }

  override countAttempt(recipient: string): number {
    const receiver = this.receiver(recipient);
    return receiver === this ? super.countAttempt(recipient) : receiver.countAttempt(recipient);
  }

  override *decide(point: Exclude<Point, 'any'>, session: SessionState): Generator<Verdict, undefined> {
    if (session.recipient === '') return;
    const found = this.shared.find(session.recipient);
    if ('reply' in found) return yield* refusing(found.reply);
    if (point === 'rcpt') yield* before(found.host, session);
    yield* found.host.decide(point, session);
  }
}

function* refusing(reply: Reply): Generator<Verdict, undefined> {
  yield { kind: 'reply', reply };
}

/** What a host would have done with a connection of its own until RCPT. */
function* before(host: Host, { client, sender }: SessionState): Generator<Verdict, undefined> {
  const state = { ...outsideTransaction(client, host.countConnection()), sender };
  for (const point of BEFORE_RCPT) {
    if (point === 'mail') state.attempt = host.countTransaction();
    for (const verdict of host.decide(point, state)) {
      if (verdict.kind === 'refuse' || verdict.kind === 'ignore') yield { kind: 'reply', reply: NO_ANSWER };
      else if (verdict.kind === 'reply') yield { kind: 'reply', reply: keepingOpen(verdict.reply) };
      else if (verdict.kind !== 'accept' && verdict.kind !== 'certificate') yield verdict;
    }
  }
}

/** A 421 would end the session, which has mail for other hosts too. */
function keepingOpen(reply: Reply): Reply {
  return reply.code === 421 ? { ...reply, code: 451 } : reply;
}
