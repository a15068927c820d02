// Rule 5: attempts lie on a grid that starts at the first one. None is early; one that is late
// waited for its predecessor, for a connection, and then something was going on at its destination, or
// for a suspended host where the policy says so.

import { gridOffset } from '../../sender/retry-policy.js';
import type { DomainRecord } from './history.js';
import type { Breach, EventOf, Invariant } from './invariant.js';

/** Time in which nothing may be going on while one connection gives way to the next. */
const SLACK_MS = 60_000;

export const exactGrid: Invariant = {
  name: 'exact-grid',
  rule: 'attempts are made on the grid of their delivery, none early and none late (rule 5)',
  watch({ history, policy: { retry, destination } }) {
    const waits = destination?.allSuspended === 'wait';
    const late = (event: EventOf<'attempt'>, due: number, breach: Breach): Breach | undefined => {
      const { domain, startedAt } = event;
      if (startedAt - due <= SLACK_MS) return undefined;
      return quiet(history.domain(domain), due, startedAt, waits) > SLACK_MS ? breach : undefined;
    };
    return {
      on: {
        attempt: (event) => {
          const { mailing, address, n, startedAt } = event;
          const delivery = history.delivery(mailing, address);
          if (!delivery) return undefined;
          const { first, last, queued } = delivery;
          const say = (how: string, by: number): Breach => ({
            what: `attempt ${n} began ${Math.abs(by)} ms ${how}`,
            mailing,
            address,
            because: [queued, first, last],
          });
          if (!first || !last) {
            if (startedAt < queued.t) return say('before it was queued', startedAt - queued.t);
            const due = Math.max(queued.t, history.restartedAt ?? 0);
            return late(event, due, say('late', startedAt - due));
          }
          const index = last.n + delivery.missed;
          const due = first.startedAt + gridOffset(retry.intervalsMs, index);
          if (startedAt < due) return say('early', startedAt - due);
          const jitter = retry.jitter * step(retry.intervalsMs, index);
          const latest = Math.max(due + jitter, last.t, history.restartedAt ?? 0);
          return late(event, latest, say('late', startedAt - due));
        },
      },
    };
  },
};

function step(intervalsMs: readonly number[], n: number): number {
  return intervalsMs[Math.min(n, intervalsMs.length) - 1]!;
}

/**
 * How much of a span had no dialogue at a destination, ms.
 *
 * @param waits under a policy that waits for suspended hosts, that is a reason too
 */
function quiet(record: DomainRecord, from: number, to: number, waits: boolean): number {
  const { busy, open, suspended } = record;
  let left = to - from;
  if (waits) {
    for (const span of suspended) left -= Math.max(0, Math.min(to, span.to) - Math.max(from, span.from));
  }
  for (let index = busy.length - 1; index >= 0; index--) {
    const span = busy[index]!;
    if (span.to <= from) break;
    left -= Math.max(0, Math.min(to, span.to) - Math.max(from, span.from));
  }
  // When the connections that are open were opened is known once they close.
  return open > 0 ? 0 : left;
}
