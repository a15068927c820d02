// Rules 4 and 5: 4xx is tried again, 5xx ends the delivery at once, unless the policy says otherwise
// of that reply; and each state at the end follows from the last attempt.

import type { PolicyOverride } from '../../sender/retry-policy.js';
import type { EventOf, Invariant } from './invariant.js';

export const outcomeFollowsCode: Invariant = {
  name: 'outcome-follows-code',
  rule: 'a 4xx is deferred and a 5xx is final; there is no retry after a 5xx (rules 4 and 5)',
  watch: ({ history, policy: { bounce } }) => ({
    on: {
      attempt: (event) => {
        const { mailing, address, outcome, reply, n } = event;
        const last = history.delivery(mailing, address)?.last;
        if (last?.outcome === 'rejected') {
          const what = `attempt ${n} was made after a rejection`;
          return { what, mailing, address, because: [last] };
        }
        if (!reply || bounce.overrides.some((override) => couldMatch(override, event))) return undefined;
        const expected = reply.code < 400 ? 'accepted' : reply.code < 500 ? 'deferred' : 'rejected';
        if (outcome === expected) return undefined;
        return { what: `a ${reply.code} counted as ${outcome}`, mailing, address };
      },
      'delivery.ended': ({ mailing, address, state }) => {
        const last = history.delivery(mailing, address)?.last;
        const isRight =
          state === 'withdrawn' ||
          (state === 'delivered' && last?.outcome === 'accepted') ||
          (state === 'hard-bounced' && last?.outcome === 'rejected') ||
          (state === 'soft-bounced' && last?.outcome !== 'accepted' && last?.outcome !== 'rejected');
        if (isRight) return undefined;
        const what = `it became ${state} after an attempt that was ${last?.outcome ?? 'never made'}`;
        return { what, mailing, address, because: [last] };
      },
    },
  }),
};

/** The cause is a reading of the sender's, and not held against it here. */
function couldMatch(override: PolicyOverride, { reply, stage, domain }: EventOf<'attempt'>): boolean {
  return (
    (override.code === undefined || override.code === reply?.code) &&
    (override.enhanced === undefined || override.enhanced === reply?.enhanced) &&
    (override.stage === undefined || override.stage === stage) &&
    (override.domain === undefined || override.domain.toLowerCase() === domain)
  );
}
