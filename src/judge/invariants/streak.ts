// Rules 4, 8, 9 and 11: streak and status of a contact follow from its ended deliveries. They are computed
// here again; after a bounce message has changed a delivery, from the beginning.

import type { EventOf } from '../../events/types.js';
import { Standings, type SharedStanding } from '../../results/standings.js';
import { ContactLife, type Request } from './contact-life.js';
import type { Invariant } from './invariant.js';

interface Computed {
  streak: number;
  /** The last event that changed it; undefined while that is the one that added the contact. */
  by: EventOf<'delivery.ended' | 'delivery.returned' | 'contact.status'> | undefined;
  /** A bounce at the present time costs the contact its active status. */
  mustLeave: boolean;
  /** At the start; contacts that began alike share it. */
  start: SharedStanding;
  requests: Request[] | undefined;
  /** Kept once a bounce message came in a long life. */
  life: ContactLife | undefined;
}

/** Lives up to this number of steps are computed from the beginning, and not kept. */
const SHORT_LIFE = 16;

export const streak: Invariant = {
  name: 'streak',
  rule: 'streak and status follow from how the deliveries of a contact ended (rules 4, 8, 9 and 11)',
  watch({ history, policy: { bounce } }) {
    const computed = new Map<string, Computed>();
    const touched = new Set<string>();
    const starts = new Standings();
    const requested = (address: string, request: Request): void => {
      const contact = computed.get(address);
      if (contact) (contact.requests ??= []).push(request);
    };
    return {
      on: {
        'contact.added': (event) => {
          const { address, status, softBounceStreak: streak } = event;
          const start = starts.of(status, streak);
          const nothing = { by: undefined, requests: undefined, life: undefined };
          computed.set(address, { streak, mustLeave: false, start, ...nothing });
          return undefined;
        },
        'contact.status': (event) => {
          const { address, to, why, seq, t } = event;
          const contact = computed.get(address);
          if (!contact) return { what: 'a contact changed that was not added', address };
          if (why === 'opt-out' || why === 'reactivate' || why === 'subscribe')
            requested(address, { seq, t, what: why });
          if (to === 'active') {
            Object.assign(contact, { streak: 0, by: event, mustLeave: false });
            touched.add(address);
            return undefined;
          }
          if (to !== 'error' || contact.mustLeave) return undefined;
          const what = `it became error by ${why}, with a streak of ${contact.streak} and no hard bounce`;
          return { what, address, because: [contact.by ?? history.since(address)] };
        },
        'contact.streak': ({ address }) => {
          if (computed.has(address)) touched.add(address);
          return undefined;
        },
        'contact.refused': ({ address, request, seq, t }) => {
          if (request === 'reactivate' || request === 'subscribe')
            requested(address, { seq, t, what: request });
          return undefined;
        },
        'delivery.ended': (event) => {
          const { mailing, address, state } = event;
          const contact = computed.get(address);
          if (!contact || state === 'withdrawn') return undefined;
          touched.add(address);
          const { attempts } = history.delivery(mailing, address) ?? {};
          const isUnattempted = state === 'soft-bounced' && attempts === 0;
          if (isUnattempted !== (event.unattempted === true))
            return {
              what: `it was given up after ${attempts} attempts, and says otherwise`,
              mailing,
              address,
            };
          // Neither the streak nor what is expected of the status changes.
          if (isUnattempted) return undefined;
          contact.by = event;
          if (state === 'delivered') contact.streak = 0;
          if (state === 'soft-bounced') contact.streak++;
          // Under `recipient-only` the cause decides, which is not checked here: both are allowed.
          const isHard = state === 'hard-bounced';
          contact.mustLeave =
            isHard || (state === 'soft-bounced' && contact.streak >= bounce.softBouncesToError);
          return undefined;
        },
        'delivery.returned': (event) => {
          const contact = computed.get(event.address);
          if (!contact) return undefined;
          touched.add(event.address);
          const life = contact.life ?? new ContactLife(event.address, contact.start, history, bounce);
          const { streak, isAway } = life.returned(event, contact.requests ?? []);
          if (life.length > SHORT_LIFE) contact.life = life;
          Object.assign(contact, { streak, by: event, mustLeave: isAway });
          return undefined;
        },
      },
      settled() {
        for (const address of touched) {
          touched.delete(address);
          const { streak: expected, by, mustLeave } = computed.get(address)!;
          const contact = history.contacts.get(address);
          if (contact?.streak !== expected)
            return {
              what: `its streak is ${contact?.streak}, and must be ${expected}`,
              address,
              because: [by ?? history.since(address)],
            };
          const mayStay =
            bounce.hard === 'recipient-only' && by?.type === 'delivery.ended' && by.state === 'hard-bounced';
          if (mustLeave && contact.status === 'active' && !mayStay)
            return {
              what: 'it is still active after a bounce that makes it error',
              address,
              because: [by ?? history.since(address)],
            };
          computed.get(address)!.mustLeave = false;
        }
        return undefined;
      },
    };
  },
};
