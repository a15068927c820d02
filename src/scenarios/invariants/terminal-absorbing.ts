// Rule 14: a delivery that has ended does not change again, and is not attempted again.

import type { Invariant } from './invariant.js';

export const terminalAbsorbing: Invariant = {
  name: 'terminal-absorbing',
  rule: 'a delivery that has ended does not change again (rule 14)',
  watch: ({ history }) => ({
    on: {
      'delivery.ended': ({ mailing, address, state }) => {
        const delivery = history.delivery(mailing, address);
        if (!delivery) return { what: `a delivery ended that was never queued`, mailing, address };
        if (!delivery.ended) return undefined;
        const what = `it was ${delivery.ended.state} and became ${state}`;
        return { what, mailing, address, because: [delivery.ended] };
      },
      attempt: ({ mailing, address, n }) => {
        const delivery = history.delivery(mailing, address);
        if (!delivery) return { what: 'an attempt was made that no delivery asked for', mailing, address };
        if (!delivery.ended) return undefined;
        const what = `attempt ${n} was made after it was ${delivery.ended.state}`;
        return { what, mailing, address, because: [delivery.ended] };
      },
    },
  }),
};
