// An attempt tells of a reply only if it was given while the attempt was running, or was under way: on
// the attempt's own connection, or, for what shares the result of another one (rule 13), in its domain.

import type { Given } from './run-history.js';
import type { Invariant } from './invariant.js';

export const repliesWereGiven: Invariant = {
  name: 'replies-were-given',
  rule: 'the reply of an attempt is one that a server gave during it',
  anySender: true,
  watch: ({ history, latencyMs }) => ({
    on: {
      attempt: ({ mailing, address, domain, reply, startedAt, n, client, shared }) => {
        if (!reply) return undefined;
        const own = client === undefined || shared ? undefined : history.connection(client);
        const given = (own ?? history.domain(domain)).replies.get(reply.code);
        if (given && heardUntil(given, shared) + latencyMs >= startedAt) return undefined;
        const where = own ? `its connection to ${own.opened.host}` : `a server of ${domain}`;
        const what = `attempt ${n} tells of a ${reply.code}, which was not said by ${where} during it`;
        return { what, mailing, address, because: [given?.reply] };
      },
    },
  }),
};

/** What a slow server has begun to say is heard later, also by who joined meanwhile. */
function heardUntil({ reply, session }: Given, shared = false): number {
  return shared ? (session.closedAt ?? Infinity) : reply.t;
}
