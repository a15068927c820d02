// Rules 11 and 14: a delivery that has ended does not change and is not attempted again, except that one
// bounce message may turn a delivered one into a bounced one.

import type { Invariant } from './invariant.js';

export const terminalAbsorbing: Invariant = {
  name: 'terminal-absorbing',
  rule: 'a delivery that has ended does not change again, except by one bounce message (rules 11 and 14)',
  anySender: true,
  watch: ({ history }) => ({
    on: {
      'delivery.ended': ({ mailing, address, state }) => {
        const delivery = history.delivery(mailing, address);
        if (!delivery) return { what: `a delivery ended that was never queued`, mailing, address };
        if (!delivery.ended) return undefined;
        const what = `it was ${delivery.ended.state} and became ${state}`;
        return { what, mailing, address, because: [delivery.ended] };
      },
      'delivery.returned': ({ mailing, address, state }) => {
        const { ended, returned } = history.delivery(mailing, address) ?? {};
        if (returned) {
          const what = `a bounce message made it ${state}, and one had made it ${returned.state} before`;
          return { what, mailing, address, because: [ended, returned] };
        }
        if (ended?.state === 'delivered') return undefined;
        const what = `a bounce message made it ${state}, and it was ${ended?.state ?? 'in progress'}`;
        return { what, mailing, address, because: [ended] };
      },
      attempt: ({ mailing, address, n }) => {
        const delivery = history.delivery(mailing, address);
        if (!delivery) return { what: 'an attempt was made without a delivery', mailing, address };
        if (!delivery.ended) return undefined;
        const what = `attempt ${n} was made after it was ${delivery.ended.state}`;
        return { what, mailing, address, because: [delivery.ended] };
      },
    },
  }),
};
