// At most one attempt of a delivery is in progress at any time.

import type { Invariant } from './invariant.js';

export const oneInFlight: Invariant = {
  name: 'one-in-flight',
  rule: 'at most one attempt of a delivery is in flight',
  anySender: true,
  watch: ({ history }) => ({
    on: {
      attempt: ({ mailing, address, n, startedAt }) => {
        const last = history.delivery(mailing, address)?.last;
        if (!last || startedAt >= last.t) return undefined;
        return {
          what: `attempt ${n} began before attempt ${last.n} had ended`,
          mailing,
          address,
          because: [last],
        };
      },
    },
  }),
};
