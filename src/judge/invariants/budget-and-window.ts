// Rule 6: no attempt is made after the budget or the window, no delivery is given up before, and it is
// given up when its last attempt ends. Computed from the attempts, not from counters of the sender.

import { gridOffset } from '../../policy/retry-policy.js';
import type { RetryPolicy } from '../../policy/retry-policy.js';
import type { SeenDelivery } from './run-history.js';
import type { Invariant } from './invariant.js';

export const budgetAndWindow: Invariant = {
  name: 'budget-and-window',
  rule: 'a delivery is attempted until its budget or its window is spent, and no longer (rule 6)',
  watch: ({ history, policy: { retry } }) => ({
    on: {
      attempt: ({ mailing, address, n, startedAt }) => {
        const delivery = history.delivery(mailing, address);
        if (!delivery) return undefined;
        const because = [delivery.first, delivery.last];
        if (isSpent(delivery, retry))
          return { what: `attempt ${n} was made after the budget was spent`, mailing, address, because };
        const edge = edgeOf(history.mailings.get(mailing)?.started?.t ?? 0, delivery, retry);
        if (startedAt <= edge) return undefined;
        const what = `attempt ${n} began ${startedAt - edge} ms after the window was over`;
        return { what, mailing, address, because };
      },
      'delivery.ended': ({ mailing, address, state, t }) => {
        const delivery = history.delivery(mailing, address);
        if (!delivery || state !== 'soft-bounced') return undefined;
        const edge = edgeOf(history.mailings.get(mailing)?.started?.t ?? 0, delivery, retry);
        const { first, last, attempts } = delivery;
        // An attempt was due within the window, which was over before it could begin.
        if (t > edge && !isSpent(delivery, retry)) return undefined;
        const isOver =
          first && last && latestNext(first.startedAt, last.t, attempts + delivery.missed, retry) > edge;
        if (isSpent(delivery, retry) || isOver) {
          if (t === last?.t) return undefined;
          const what = `it was given up ${t - (last?.t ?? 0)} ms after its last attempt had ended`;
          return { what, mailing, address, because: [last] };
        }
        const what = `it was given up after ${attempts} attempts with time and budget left`;
        return { what, mailing, address, because: [first, last] };
      },
    },
  }),
};

type Retry = RetryPolicy['retry'];

function isSpent({ replied, unreachable, last }: SeenDelivery, { attempts }: Retry): boolean {
  if (!last) return false;
  if (attempts.counting === 'total')
    return attempts.total !== null && replied + unreachable >= attempts.total;
  const isReplied = last.outcome === 'deferred' && last.stage !== 'connect';
  const budget = isReplied ? attempts.replied : attempts.unreachable;
  return budget !== null && (isReplied ? replied : unreachable) >= budget;
}

function edgeOf(startedAt: number, { first }: SeenDelivery, { windowMs, windowFrom }: Retry): number {
  if (windowFrom === 'mailing-start') return startedAt + windowMs;
  return first ? first.startedAt + windowMs : Infinity;
}

/** The latest time at which the next attempt can be due. */
function latestNext(firstAt: number, lastEnd: number, attempts: number, retry: Retry): number {
  const { intervalsMs, jitter } = retry;
  const step = intervalsMs[Math.min(attempts, intervalsMs.length) - 1]!;
  return Math.max(firstAt + gridOffset(intervalsMs, attempts) + jitter * step, lastEnd);
}
