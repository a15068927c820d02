// Rules 4, 8 and 9: streak and status are what the ended deliveries of a contact make of them,
// reckoned anew from these.

import type { EventOf, Invariant } from './invariant.js';

interface Reckoned {
  streak: number;
  /** What ended last, or what somebody did. */
  by: EventOf<'delivery.ended' | 'contact.added' | 'contact.status'>;
  /** A bounce of this instant costs the contact its active status. */
  mustLeave: boolean;
}

export const streak: Invariant = {
  name: 'streak',
  rule: 'streak and status follow from how the deliveries of a contact ended (rules 4, 8 and 9)',
  watch({ history, policy: { bounce } }) {
    const reckoned = new Map<string, Reckoned>();
    const touched = new Set<string>();
    return {
      on: {
        'contact.added': (event) => {
          reckoned.set(event.address, { streak: event.softBounceStreak, by: event, mustLeave: false });
          return undefined;
        },
        'contact.status': (event) => {
          const { address, to, why } = event;
          const contact = reckoned.get(address);
          if (!contact) return { what: 'a contact changed that was never added', address };
          if (to === 'active') {
            reckoned.set(address, { streak: 0, by: event, mustLeave: false });
            touched.add(address);
            return undefined;
          }
          if (to !== 'error' || contact.mustLeave) return undefined;
          const what = `it became error by ${why}, with a streak of ${contact.streak} and no hard bounce`;
          return { what, address, because: [contact.by] };
        },
        'delivery.ended': (event) => {
          const { address, state } = event;
          const contact = reckoned.get(address);
          if (!contact || state === 'withdrawn') return undefined;
          touched.add(address);
          contact.by = event;
          if (state === 'delivered') contact.streak = 0;
          if (state === 'soft-bounced') contact.streak++;
          // Under `recipient-only` the cause decides, which is a reading: it may leave, or not.
          const isHard = state === 'hard-bounced';
          contact.mustLeave =
            isHard || (state === 'soft-bounced' && contact.streak >= bounce.softBouncesToError);
          return undefined;
        },
      },
      settled() {
        for (const address of touched) {
          touched.delete(address);
          const { streak: expected, by, mustLeave } = reckoned.get(address)!;
          const contact = history.contacts.get(address);
          if (contact?.streak !== expected)
            return {
              what: `its streak is ${contact?.streak}, and must be ${expected}`,
              address,
              because: [by],
            };
          const mayStay =
            bounce.hard === 'recipient-only' && by.type === 'delivery.ended' && by.state === 'hard-bounced';
          if (mustLeave && contact.status === 'active' && !mayStay)
            return { what: 'it is still active after a bounce that makes it error', address, because: [by] };
          reckoned.get(address)!.mustLeave = false;
        }
        return undefined;
      },
    };
  },
};
