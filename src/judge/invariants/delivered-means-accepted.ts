// Rule 3: delivered means that a server accepted the message with 2xx after its final dot. The events of
// the servers are compared, not the reports of the sender.

import type { Invariant } from './invariant.js';

export const deliveredMeansAccepted: Invariant = {
  name: 'delivered-means-accepted',
  rule: 'delivered means that a server answered 2xx to the final dot (rule 3)',
  anySender: true,
  watch: ({ history }) => ({
    on: {
      'delivery.ended': ({ mailing, address, state }) => {
        const delivery = history.delivery(mailing, address);
        if (state !== 'delivered' || delivery?.ended) return undefined;
        const { last, lastAccepted } = delivery ?? {};
        // An external sender does not have to report its attempts.
        if (lastAccepted && (!last || lastAccepted.t >= last.startedAt)) return undefined;
        const what = 'it counts as delivered, and no server accepted its message in the last attempt';
        return { what, mailing, address, because: [last, lastAccepted] };
      },
    },
  }),
};
