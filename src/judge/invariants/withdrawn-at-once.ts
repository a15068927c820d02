// Rule 10: when a contact stops being active during an attempt, the delivery ends with that attempt. No
// other attempt is made, and the delivery does not wait for one.

import type { EventOf } from '../../events/types.js';
import type { Invariant } from './invariant.js';

export const withdrawnAtOnce: Invariant = {
  name: 'withdrawn-at-once',
  rule: 'a delivery whose contact stopped being active during an attempt ends with that attempt (rule 10)',
  watch({ history }) {
    /** Attempts that ended at the present time and whose contact is no longer active. */
    const finished: EventOf<'attempt'>[] = [];
    return {
      on: {
        attempt: (event) => {
          const contact = history.contacts.get(event.address);
          if (contact && contact.status !== 'active') finished.push(event);
          return undefined;
        },
      },
      settled() {
        for (const event of finished.splice(0)) {
          const { mailing, address, n } = event;
          const delivery = history.delivery(mailing, address);
          if (!delivery || delivery.ended) continue;
          const contact = history.contacts.get(address)!;
          const what = `attempt ${n} is over, the contact is ${contact.status}, and it is still in progress`;
          return { what, mailing, address, because: [history.since(address), event] };
        }
        return undefined;
      },
    };
  },
};
