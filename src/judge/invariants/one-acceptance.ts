// Rule 12: a server accepts a delivery a second time only when the attempt of the first acceptance was
// lost between final dot and reply.

import type { SeenDelivery } from './run-history.js';
import type { Invariant } from './invariant.js';

/** Kept for the few deliveries that were lost, or accepted more than once. */
interface Known {
  /** Client address and port of each session that accepted the message. */
  taken: (string | undefined)[];
  /** The same for each attempt with an unknown end; undefined for one that a crash interrupted. */
  lost: (string | undefined)[];
}

export const oneAcceptance: Invariant = {
  name: 'one-acceptance',
  rule: 'a delivery is accepted again only after a loss between final dot and reply (rule 12)',
  watch({ history }) {
    const known = new Map<SeenDelivery, Known>();
    const knownOf = (delivery: SeenDelivery): Known => {
      let found = known.get(delivery);
      if (!found) {
        const taken = delivery.accepted > 0 ? [delivery.acceptedFrom] : [];
        known.set(delivery, (found = { taken, lost: [] }));
      }
      return found;
    };
    return {
      on: {
        attempt: ({ mailing, address, outcome, client }) => {
          const delivery = outcome === 'unknown' ? history.delivery(mailing, address) : undefined;
          if (delivery) knownOf(delivery).lost.push(client);
          return undefined;
        },
        'message.accepted': ({ mailFrom, rcpt: address, session }) => {
          const mailing = history.mailingOf(mailFrom);
          if (mailing === undefined) return undefined;
          const delivery = history.delivery(mailing, address);
          if (!delivery) return { what: 'a server accepted a message without a delivery', mailing, address };
          if (delivery.accepted === 0 && !known.has(delivery)) return undefined;
          const { taken, lost } = knownOf(delivery);
          taken.push(history.sessions.get(session)?.opened.client);
          if (unexcused(taken, lost) <= 1) return undefined;
          const what = `acceptance ${taken.length}, and the attempt of an earlier one did not end unknown`;
          return { what, mailing, address, because: [delivery.lastAccepted, delivery.last] };
        },
      },
    };
  },
};

/** Acceptances without a loss. Each loss accounts for one: that on its own connection, if it had one. */
function unexcused(taken: readonly (string | undefined)[], lost: readonly (string | undefined)[]): number {
  const left = [...taken];
  for (const client of lost) {
    const at = client === undefined ? -1 : left.indexOf(client);
    if (at >= 0) left.splice(at, 1);
  }
  return left.length - lost.filter((client) => client === undefined).length;
}
