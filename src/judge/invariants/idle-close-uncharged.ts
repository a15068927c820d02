// A connection that has carried a message and is closed at the next MAIL was closed while idle. No server
// refused that next message, so that this counts as no attempt (docs/semantics.md, over one connection).
// A server that does not answer MAIL on an open connection does count.

import Denque from 'denque';
import type { EventOf } from '../../events/types.js';
import type { Invariant } from './invariant.js';

/** Virtual time for which a closed connection is kept, ms: the sender may notice later, but within its timeouts. */
const KEPT_MS = 3_600_000;

export const idleCloseUncharged: Invariant = {
  name: 'idle-close-uncharged',
  rule: 'a connection that had carried a message and was closed at the next MAIL counts as no attempt',
  watch: () => {
    /** First MAIL by client address and port, as in attempts. */
    const served = new Map<string, EventOf<'smtp.command'>>();
    const clients = new Map<number, string>();
    const closed = new Denque<EventOf<'connection.closed'>>();
    return {
      on: {
        'connection.opened': ({ session, client }) => {
          clients.set(session, client);
          served.delete(client);
          return undefined;
        },
        'connection.closed': (event) => {
          closed.push(event);
          for (let old = closed.peekFront(); old && event.t - old.t > KEPT_MS; old = closed.peekFront()) {
            closed.shift();
            const client = clients.get(old.session);
            clients.delete(old.session);
            if (client !== undefined && served.get(client)?.session === old.session) served.delete(client);
          }
          return undefined;
        },
        'smtp.command': (event) => {
          const client = clients.get(event.session);
          if (client !== undefined && !served.has(client) && /^MAIL FROM:/i.test(event.line))
            served.set(client, event);
          return undefined;
        },
        attempt: ({ mailing, address, n, startedAt, client, stage, outcome, error }) => {
          if (client === undefined || outcome !== 'unreachable' || stage !== 'mail' || error === 'ETIMEDOUT')
            return undefined;
          const before = served.get(client);
          if (!before || before.t >= startedAt) return undefined;
          const what = `attempt ${n} counts a connection that had carried a message and was closed at the next MAIL`;
          return { what, mailing, address, because: [before] };
        },
      },
    };
  },
};
