// An attempt tells of a reply only if a server of that domain gave it while the attempt was running,
// or had it under way: what is due when a reply for all of them arrives shares it (rule 13).

import type { Invariant } from './invariant.js';

export const repliesOnRecord: Invariant = {
  name: 'replies-on-record',
  rule: 'the reply of an attempt is one that a server gave during it',
  anySender: true,
  watch: ({ history, latencyMs }) => ({
    on: {
      attempt: ({ mailing, address, domain, reply, startedAt, n }) => {
        if (!reply) return undefined;
        const given = history.domain(domain).replies.get(reply.code);
        if (given && given.t + latencyMs >= startedAt) return undefined;
        const what = `attempt ${n} tells of a ${reply.code}, and no server of ${domain} said so during it`;
        return { what, mailing, address, because: [given] };
      },
    },
  }),
};
