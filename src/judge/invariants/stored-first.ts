// What the sender reports is in its store already: a program that acts on an event, and a sender that is killed
// just after it, must not know more than the next sender on that store. Checked where a run has a store.

import type { Commit, DeliveryRecord } from '../../sender/store/store.js';
import type { Breach, Invariant } from './invariant.js';

export const storedFirst: Invariant = {
  name: 'stored-first',
  rule: 'the sender reports an attempt and the end of a delivery only after its store has committed them',
  watch: () => {
    /** The last state change; its facts are reported before the next one. Undefined without a store. */
    let last: Commit | undefined;
    let deliveries: Map<string, DeliveryRecord> | undefined;
    const compare = (
      { mailing, address }: { mailing: string; address: string },
      says: string,
      isStored: (record: DeliveryRecord) => boolean,
    ): Breach | undefined => {
      if (!last) return undefined;
      // One change may end all deliveries of a backlog, and each of them is compared.
      deliveries ??= new Map(last.deliveries.map((one) => [`${one.mailing}\n${one.contact}`, one]));
      const record = deliveries.get(`${mailing}\n${address}`);
      if (record && isStored(record)) return undefined;
      return { what: `${says} was reported before the store had committed it`, mailing, address };
    };
    return {
      committed(change) {
        last = change;
        deliveries = undefined;
      },
      on: {
        attempt: (event) => compare(event, `attempt ${event.n}`, ({ attempts }) => attempts >= event.n),
        'delivery.ended': (event) =>
          compare(event, `the end as ${event.state}`, ({ state }) => state === event.state),
      },
    };
  },
};
