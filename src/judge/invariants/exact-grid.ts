// Rule 5: attempts are on a grid that starts at the first one. No attempt is early. A late one waited for
// the attempt before it, for a connection while its destination was busy, or for a suspended host where
// the policy says so.

import type { EventOf } from '../../events/types.js';
import { gridOffset } from '../../policy/retry-policy.js';
import type { SeenDomain, Span } from './seen-domains.js';
import type { Breach, Invariant } from './invariant.js';

/** Idle time that is allowed between one connection and the next. */
const SLACK_MS = 60_000;

export const exactGrid: Invariant = {
  name: 'exact-grid',
  rule: 'attempts are made on the grid of their delivery, none early and none late (rule 5)',
  watch({ history, policy: { retry, destination } }) {
    const waits = destination?.allSuspended === 'wait';
    /** Late attempts without a known reason: a session may be logged as busy only when it ends. */
    const suspects: (Span & { record: SeenDomain; breach: Breach })[] = [];
    const late = (event: EventOf<'attempt'>, from: number, breach: Breach): Breach | undefined => {
      const { domain, startedAt: to } = event;
      if (to - from <= SLACK_MS) return undefined;
      const record = history.domain(domain);
      if (quiet(record, { from, to }, waits) <= SLACK_MS) return undefined;
      if (record.open.size === 0) return breach;
      suspects.push({ from, to, record, breach: { ...breach, because: [...(breach.because ?? []), event] } });
      return undefined;
    };
    return {
      on: {
        attempt: (event) => {
          const { mailing, address, n, startedAt } = event;
          const delivery = history.delivery(mailing, address);
          if (!delivery?.queued) return undefined;
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
      ended() {
        return suspects.find(({ record, from, to }) => quiet(record, { from, to }, waits) > SLACK_MS)?.breach;
      },
    };
  },
};

function step(intervalsMs: readonly number[], n: number): number {
  return intervalsMs[Math.min(n, intervalsMs.length) - 1]!;
}

/**
 * The part of a span without a session at a destination, ms.
 *
 * @param waits the policy waits for suspended hosts: suspensions count as busy
 */
function quiet({ busy, open, suspended }: SeenDomain, { from, to }: Span, waits: boolean): number {
  // From the start of the first open session on, the destination is busy.
  let end = to;
  for (const { opened } of open.values()) end = Math.min(end, Math.max(from, opened.t));
  let left = end - from;
  const take = (span: Span): void => {
    left -= Math.max(0, Math.min(end, span.to) - Math.max(from, span.from));
  };
  // Both lists are in order of their ends: what lies before the span is not looked at.
  for (const spans of waits ? [suspended, busy] : [busy])
    for (let index = spans.length - 1; index >= 0 && spans[index]!.to > from; index--) take(spans[index]!);
  return left;
}
