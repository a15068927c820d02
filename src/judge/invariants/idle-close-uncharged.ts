// A connection that served before and is gone at the next MAIL was closed while idle: nothing was
// said about that message, so nobody is charged with an attempt (docs/semantics.md, over one
// connection). A server that is merely silent there is another matter.

import type { EventOf } from '../../events/types.js';
import type { Invariant } from './invariant.js';

export const idleCloseUncharged: Invariant = {
  name: 'idle-close-uncharged',
  rule: 'a connection that had served before and was gone at MAIL is nobody’s attempt',
  watch: () => {
    /** By the client's end, as attempts name connections. */
    const served = new Map<string, EventOf<'smtp.command'>>();
    const clients = new Map<number, string>();
    return {
      on: {
        'connection.opened': ({ session, client }) => {
          clients.set(session, client);
          served.delete(client);
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
          const what = `attempt ${n} is charged with a connection that had served before and was gone at MAIL`;
          return { what, mailing, address, because: [before] };
        },
      },
    };
  },
};
