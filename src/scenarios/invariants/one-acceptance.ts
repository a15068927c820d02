// Rule 12: a server takes a delivery a second time only after an attempt with an unknown end.

import type { Invariant } from './invariant.js';

export const oneAcceptance: Invariant = {
  name: 'one-acceptance',
  rule: 'a delivery is accepted again only after a loss between final dot and reply (rule 12)',
  watch: ({ history }) => ({
    on: {
      'message.accepted': (event) => {
        const mailing = history.mailingOf(event.mailFrom);
        if (mailing === undefined) return undefined;
        const address = event.rcpt;
        const delivery = history.delivery(mailing, address);
        if (!delivery)
          return { what: 'a server took a message that no delivery asked for', mailing, address };
        const { accepted, unknown, lastAccepted } = delivery;
        if (accepted <= unknown) return undefined;
        const what = `acceptance ${accepted + 1} after ${unknown} attempts with an unknown end`;
        return { what, mailing, address, because: [lastAccepted, delivery.last] };
      },
    },
  }),
};
