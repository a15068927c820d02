// Rule 3: delivered means that a server took the message and said 2xx to its final dot; the
// servers' own record is what counts.

import type { Invariant } from './invariant.js';

export const deliveredMeansAccepted: Invariant = {
  name: 'delivered-means-accepted',
  rule: 'delivered means that a server answered 2xx to the final dot (rule 3)',
  anySender: true,
  watch: ({ history }) => ({
    on: {
      'delivery.ended': ({ mailing, address, state }) => {
        if (state !== 'delivered') return undefined;
        const delivery = history.delivery(mailing, address);
        const { last, lastAccepted } = delivery ?? {};
        // A sender that is not ours may keep its attempts to itself.
        if (lastAccepted && (!last || lastAccepted.t >= last.startedAt)) return undefined;
        const what = 'it counts as delivered, and no server took its message in the last attempt';
        return { what, mailing, address, because: [last, lastAccepted] };
      },
    },
  }),
};
