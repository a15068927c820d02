// Rules 4 and 5: 4xx is tried again and 5xx ends the delivery, unless an override of the policy matches
// the reply. The state at the end follows from the last attempt.

import { domainKey } from '../../base/domain-names.js';
import { enhancedOf } from '../../events/reply-text.js';
import type { EventOf, Outcome } from '../../events/types.js';
import type { PolicyOverride } from '../../policy/retry-policy.js';
import type { Invariant } from './invariant.js';

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
        if (!reply) {
          if (outcome !== 'accepted') return undefined;
          return { what: 'it counted as accepted, and there was no reply', mailing, address };
        }
        const expected = expectedOf(
          reply.code,
          bounce.overrides.find((override) => matches(override, event)),
        );
        if (outcome === expected) return undefined;
        return { what: `a ${reply.code} counted as ${outcome}, and must be ${expected}`, mailing, address };
      },
      'delivery.ended': ({ mailing, address, state, t }) => {
        const { last, ended } = history.delivery(mailing, address) ?? {};
        if (ended) return undefined;
        if (last && (state === 'delivered' || state === 'hard-bounced') && t !== last.t) {
          const what = `it became ${state} ${t - last.t} ms after its last attempt had ended`;
          return { what, mailing, address, because: [last] };
        }
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

/** An override of the policy comes before the code. */
function expectedOf(code: number, override: PolicyOverride | undefined): Outcome {
  if (code < 400) return 'accepted';
  return override?.treatAs ?? (code < 500 ? 'deferred' : 'rejected');
}

/** The cause that the sender found is taken as given; only its consequence is checked. */
function matches(override: PolicyOverride, { reply, stage, cause, domain }: EventOf<'attempt'>): boolean {
  return (
    (override.code === undefined || override.code === reply?.code) &&
    (override.enhanced === undefined || (reply && override.enhanced === enhancedOf(reply)) === true) &&
    (override.stage === undefined || override.stage === stage) &&
    (override.cause === undefined || override.cause === cause) &&
    (override.domain === undefined || domainKey(override.domain) === domain)
  );
}
