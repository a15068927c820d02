// Rule 6: no attempt is made after the budget or the window, no delivery is given up before, and it is
// given up when its last attempt ends. Computed from the attempts, not from counters of the sender.

import { gridOffset } from '../../policy/retry-policy.js';
import type { RetryPolicy } from '../../policy/retry-policy.js';
import type { History, SeenDelivery } from './run-history.js';
import type { Breach, Invariant } from './invariant.js';

export const budgetAndWindow: Invariant = {
  name: 'budget-and-window',
  rule: 'a delivery is attempted until its budget or its window is spent, and no longer (rule 6)',
  watch: ({ history, policy: { retry } }) => ({
    on: {
      attempt: ({ mailing, address, n, startedAt }) => {
        const delivery = history.delivery(mailing, address);
        // An attempt after the end is the matter of another invariant.
        if (!delivery || delivery.ended) return undefined;
        const say = (what: string): Breach => ({
          what: `attempt ${n} ${what}`,
          mailing,
          address,
          because: [delivery.first, delivery.last],
        });
        if (isSpent(delivery, retry)) return say('was made after the budget was spent');
        const outside = nextOffset(delivery, retry) - retry.windowMs;
        if (outside > 0) return say(`was made, whose place on the grid is ${outside} ms after the window`);
        const late = startedAt - latestStart(history, mailing, delivery, retry);
        return late > 0 ? say(`began ${late} ms after the window and its overrun`) : undefined;
      },
      'delivery.ended': ({ mailing, address, state, t }) => {
        const delivery = history.delivery(mailing, address);
        if (!delivery || delivery.ended || state !== 'soft-bounced') return undefined;
        const { first, last, attempts } = delivery;
        const latest = latestStart(history, mailing, delivery, retry);
        const isOver =
          isSpent(delivery, retry) ||
          nextOffset(delivery, retry) > retry.windowMs ||
          (last !== undefined && last.t > latest);
        if (isOver) {
          if (t === last?.t) return undefined;
          const what = `it was given up ${t - (last?.t ?? 0)} ms after its last attempt had ended`;
          return { what, mailing, address, because: [last] };
        }
        // An attempt lies in the window: it cannot begin in time, or it waited for longer than allowed.
        if (t > latest || (t === last?.t && latestNext(delivery, retry) > latest)) return undefined;
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

/** The place of the next attempt on the grid, ms from the first one. */
function nextOffset({ attempts, missed }: SeenDelivery, { intervalsMs }: Retry): number {
  return gridOffset(intervalsMs, attempts + missed);
}

/** The last time at which an attempt that lies in the window may begin. */
function latestStart(
  { mailings }: History,
  mailing: string,
  { first }: SeenDelivery,
  { windowMs, overrunMs, windowFrom }: Retry,
): number {
  const from =
    windowFrom === 'mailing-start'
      ? (mailings.get(mailing)?.started?.t ?? 0)
      : (first?.startedAt ?? Infinity);
  return from + windowMs + overrunMs;
}

/** The latest time at which the next attempt can be due. */
function latestNext(delivery: SeenDelivery, retry: Retry): number {
  const { first, last, attempts, missed } = delivery;
  const { intervalsMs, jitter } = retry;
  if (!first || !last) return 0;
  const step = intervalsMs[Math.min(attempts + missed, intervalsMs.length) - 1]!;
  return Math.max(first.startedAt + nextOffset(delivery, retry) + jitter * step, last.t);
}
