// The response of an automated mailing: the sums over its occurrences, each of which is a mailing.

import { sumLost } from './lost.js';
import type { MailingTally } from './mailing.js';

/** Without an occurrence all figures are zero, and the mailing is building. */
export function responseOf(occurrences: readonly MailingTally[]): MailingTally {
  const sum = (figure: (one: MailingTally) => number): number =>
    occurrences.reduce((total, one) => total + figure(one), 0);
  const starts = occurrences.flatMap(({ startedAt }) => startedAt ?? []);
  const ends = occurrences.flatMap(({ completedAt }) => completedAt ?? []);
  const state = stateOf(occurrences);
  return {
    kind: 'automated',
    state,
    recipients: sum(({ recipients }) => recipients),
    delivered: sum(({ delivered }) => delivered),
    inProgress: sum(({ inProgress }) => inProgress),
    bounced: { soft: sum(({ bounced }) => bounced.soft), hard: sum(({ bounced }) => bounced.hard) },
    unattempted: sum(({ unattempted }) => unattempted),
    withdrawn: sum(({ withdrawn }) => withdrawn),
    possibleDuplicates: sum(({ possibleDuplicates }) => possibleDuplicates),
    lateBounces: sum(({ lateBounces }) => lateBounces),
    startedAt: starts.length > 0 ? Math.min(...starts) : null,
    completedAt: state === 'completed' ? Math.max(...ends) : null,
    causes: sumOf(occurrences.map(({ causes }) => causes)),
    lost: sumLost(occurrences.map(({ lost }) => lost)),
    placement: {
      inbox: sum(({ placement }) => placement.inbox),
      junk: sum(({ placement }) => placement.junk),
      discarded: sum(({ placement }) => placement.discarded),
      returned: sum(({ placement }) => placement.returned),
    },
    attempts: merged(occurrences.map(({ attempts }) => attempts)),
    seen: merged(occurrences.map(({ seen }) => seen)),
  };
}

/** In progress while any occurrence is, completed when all that were begun are (rule 7). */
function stateOf(occurrences: readonly MailingTally[]): MailingTally['state'] {
  if (occurrences.some(({ state }) => state === 'in-progress')) return 'in-progress';
  return occurrences.length > 0 && occurrences.every(({ state }) => state === 'completed')
    ? 'completed'
    : 'building';
}

function sumOf(all: readonly Record<string, number>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const counts of all)
    for (const [key, count] of Object.entries(counts)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}

/** Times by address over all occurrences, in order. */
function merged(all: readonly Map<string, number[]>[]): Map<string, number[]> {
  const times = new Map<string, number[]>();
  for (const one of all)
    for (const [address, list] of one) times.set(address, [...(times.get(address) ?? []), ...list]);
  for (const list of times.values()) list.sort((a, b) => a - b);
  return times;
}
