// Rule 13: a connection that fails before MAIL while another to the same destination is open is the result
// of no delivery. That one was open is shown by an attempt on it that began before and ended later.

import type { EventOf, Stage } from '../../events/types.js';
import type { Invariant } from './invariant.js';

const BEFORE_MAIL: ReadonlySet<Stage> = new Set(['connect', 'ehlo', 'starttls']);

export const furtherConnectionUncharged: Invariant = {
  name: 'further-connection-uncharged',
  rule: 'a connection that fails while another to the same destination is open counts as no attempt (rule 13)',
  watch: () => {
    /** The last attempt at each domain that ended before MAIL. */
    const failures = new Map<string, EventOf<'attempt'>>();
    return {
      on: {
        attempt: (event) => {
          const { domain, startedAt, client, stage, t } = event;
          if (BEFORE_MAIL.has(stage)) {
            failures.set(domain, event);
            return undefined;
          }
          const failed = failures.get(domain);
          if (!failed || client === undefined || startedAt >= failed.t || t <= failed.t) return undefined;
          const { mailing, address, n } = failed;
          const what = `attempt ${n} counts a connection that failed while the one from ${client} was open`;
          return { what, mailing, address, because: [failed] };
        },
      },
    };
  },
};
