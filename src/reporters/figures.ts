// Figures as text for people: real time, virtual time, counts of deliveries. All reporters use them.

import type { RunResult, ScenarioResult } from '../results/result.js';
import { formatDuration } from '../base/units.js';

/** Real time: `412 ms`, `1.8 s`, `2m05s`. */
export function wallTime(ms: number): string {
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  // The unit is chosen for the rounded value: 59,960 ms is `1m`, not `60.0 s`.
  return ms < 59_950 ? `${(ms / 1000).toFixed(1)} s` : formatDuration(Math.round(ms / 1000) * 1000);
}

/** Virtual time: whole hours from ten hours on, `30h`; below that exact, `1h30m`. */
export function virtualTime(ms: number): string {
  return ms >= 36_000_000 ? `${thousands(Math.round(ms / 3_600_000))}h` : formatDuration(ms);
}

/** `61,000` */
export function thousands(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 scenario`, `2 scenarios` */
export function plural(count: number, noun: string): string {
  return `${thousands(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/**
 * Deliveries of all mailings of a scenario by state, `1,000 delivered · 3 soft · 1 hard`, with the number
 * of soft bounces without any attempt, and the number of contacts that got status error for a cause that is not theirs.
 */
export function deliveryCounts(result: ScenarioResult): string {
  const sum = { delivered: 0, soft: 0, hard: 0, withdrawn: 0, 'in progress': 0 };
  let unattempted = 0;
  for (const mailing of Object.values(result.mailings)) {
    unattempted += mailing.unattempted;
    sum.delivered += mailing.delivered;
    sum.soft += mailing.bounced.soft;
    sum.hard += mailing.bounced.hard;
    sum.withdrawn += mailing.withdrawn;
    sum['in progress'] += mailing.inProgress;
  }
  const without = unattempted > 0 ? ` (${thousands(unattempted)} unattempted)` : '';
  const counts = { ...sum, 'lost, not theirs': result.lost.notTheirs };
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${thousands(count)} ${what}${what === 'soft' ? without : ''}`)
    .join(' · ');
}

/** How many scenarios were skipped for each reason. */
export function skippedByReason({ scenarios }: RunResult): [reason: string, count: number][] {
  return countedReasons(scenarios.filter(({ status }) => status === 'skipped'));
}

/** How often each reason is given, in the order in which they appear. */
export function countedReasons(skipped: readonly { reason?: string }[]): [reason: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { reason = '' } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts];
}
