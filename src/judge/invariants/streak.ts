// Rules 4, 8, 9 and 11: streak and status of a contact follow from its ended deliveries. They are computed
// here again; after a bounce message has changed a delivery, from the beginning.

import type { EventOf } from '../../events/types.js';
import { liesWithRecipient } from '../../policy/classify.js';
import type { RetryPolicy } from '../../policy/retry-policy.js';
import { Standings, type SharedStanding } from '../../results/standings.js';
import type { History } from './run-history.js';
import type { Invariant } from './invariant.js';

interface Computed {
  streak: number;
  /** The last event that changed it. */
  by: EventOf<'delivery.ended' | 'delivery.returned' | 'contact.added' | 'contact.status'>;
  /** A bounce at the present time costs the contact its active status. */
  mustLeave: boolean;
  /** At the start; contacts that began alike share it. */
  start: SharedStanding;
  /** Requests of people, granted or not. */
  requests: Step[] | undefined;
}

/** One step in the history of a contact, to compute it from the beginning. */
interface Step {
  seq: number;
  t: number;
  what: 'opt-out' | 'reactivate' | 'subscribe' | 'delivered' | 'soft-bounced' | 'hard-bounced' | 'uncounted';
  /** For a delivery: from the choice of recipients to the start of its last attempt. */
  span?: { from: number; to: number };
}

export const streak: Invariant = {
  name: 'streak',
  rule: 'streak and status follow from how the deliveries of a contact ended (rules 4, 8, 9 and 11)',
  watch({ history, policy: { bounce } }) {
    const computed = new Map<string, Computed>();
    const touched = new Set<string>();
    const starts = new Standings();
    const requested = (address: string, step: Step): void => {
      const contact = computed.get(address);
      if (contact) (contact.requests ??= []).push(step);
    };
    return {
      on: {
        'contact.added': (event) => {
          const { address, status, softBounceStreak: streak } = event;
          const start = starts.of(status, streak);
          computed.set(address, { streak, by: event, mustLeave: false, start, requests: undefined });
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
          return { what, address, because: [contact.by] };
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
          const { streak, isAway } = fromTheBeginning(contact, event, history, bounce);
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
              because: [by],
            };
          const mayStay =
            bounce.hard === 'recipient-only' && by.type === 'delivery.ended' && by.state === 'hard-bounced';
          if (mustLeave && contact.status === 'active' && !mayStay)
            return { what: 'it is still active after a bounce that makes it error', address, because: [by] };
          computed.get(address)!.mustLeave = false;
        }
        return undefined;
      },
    };
  },
};

/** Streak and status of a contact, with its deliveries ended as the bounce messages say. */
function fromTheBeginning(
  { start, requests = [] }: Computed,
  returned: EventOf<'delivery.returned'>,
  history: History,
  bounce: RetryPolicy['bounce'],
): { streak: number; isAway: boolean } {
  const life = [...requests, ...deliveriesOf(returned, history, bounce)].sort((a, b) => a.seq - b.seq);
  let { softBounceStreak: streak, status } = start;
  const away: { from: number; to: number }[] = [];
  if (status !== 'active') away.push({ from: -1, to: Infinity });
  const becomes = (to: typeof status, t: number): void => {
    if (status === 'active' && to !== 'active') away.push({ from: t, to: Infinity });
    if (status !== 'active' && to === 'active') {
      away.at(-1)!.to = t;
      streak = 0;
    }
    status = to;
  };
  for (const { what, t, span } of life) {
    if (span && away.some(({ from, to }) => from < span.to && to > span.from)) continue;
    if (what === 'opt-out') becomes('opt-out', t);
    if (what === 'subscribe' || (what === 'reactivate' && status === 'error')) becomes('active', t);
    if (what === 'delivered') streak = 0;
    if (what === 'soft-bounced') streak++;
    const leaves =
      what === 'hard-bounced' || (what === 'soft-bounced' && streak >= bounce.softBouncesToError);
    if (leaves && status === 'active') becomes('error', t);
  }
  return { streak, isAway: status !== 'active' };
}

function deliveriesOf(
  latest: EventOf<'delivery.returned'>,
  history: History,
  bounce: RetryPolicy['bounce'],
): Step[] {
  const found: Step[] = [];
  for (const [mailing, { started, deliveries }] of history.mailings) {
    const delivery = deliveries.get(latest.address);
    if (!delivery?.ended || !started || delivery.ended.state === 'withdrawn') continue;
    const { ended, returned, begunAt, wasReplied, attempts } = delivery;
    const message = returned ?? (mailing === latest.mailing ? latest : undefined);
    const { state, cause = 'other' } = message ?? ended;
    const isTheirs = liesWithRecipient(cause, message !== undefined || wasReplied);
    const isSpared = state === 'hard-bounced' && bounce.hard === 'recipient-only' && !isTheirs;
    const { seq, t } = ended;
    const span = { from: started.t, to: begunAt };
    const isCounted = !isSpared && (state !== 'soft-bounced' || attempts !== 0);
    found.push({ seq, t, what: isCounted ? (state as Step['what']) : 'uncounted', span });
  }
  return found;
}
