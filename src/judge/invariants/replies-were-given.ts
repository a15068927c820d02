// The reply of an attempt was given, or was on its way, while the attempt was running: on the connection
// of the attempt, or, for an attempt that shares the result of another (rule 13), in its domain.

import type { Given } from './seen-domains.js';
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
        if (given && readUntil(given, shared) + latencyMs >= startedAt) return undefined;
        const where = own ? `${own.opened.host} on its connection` : `a server of ${domain}`;
        const what = `attempt ${n} reports a ${reply.code} that ${where} did not give during it`;
        return { what, mailing, address, because: [given?.reply] };
      },
    },
  }),
};

/** The last time at which a reply can be read; a shared one may be read until its session closes. */
function readUntil({ reply, session }: Given, shared = false): number {
  return shared ? (session.closedAt ?? Infinity) : reply.t;
}
