// The figures by which policies are compared: ends of deliveries, contacts lost, time taken, and load on
// the providers. Taken from results, and summed over scenarios.

import type { ScenarioResult } from '../result.js';

export const FIGURES = [
  'delivered',
  'soft',
  'hard',
  'lost',
  'notTheirs',
  'hours',
  'attempts',
  'connections',
  'refused',
] as const;
export type Figure = (typeof FIGURES)[number];

/** `hours` is null when a mailing was not completed. */
export type Figures = Record<Exclude<Figure, 'hours'>, number> & { hours: number | null };

const HOUR_MS = 3_600_000;

/** The figures of one scenario. Hours are those of the mailing that took longest, from its own start. */
export function scenarioFigures(result: ScenarioResult): Figures {
  const figures: Figures = { ...noFigures(), attempts: result.attempts };
  let ms: number | null = 0;
  for (const { delivered, bounced, startedAt, completedAt } of Object.values(result.mailings)) {
    figures.delivered += delivered;
    figures.soft += bounced.soft;
    figures.hard += bounced.hard;
    if (completedAt === null || startedAt === null) ms = null;
    else if (ms !== null) ms = Math.max(ms, completedAt - startedAt);
  }
  figures.hours = ms === null ? null : Math.round((ms / HOUR_MS) * 100) / 100;
  figures.lost = result.lost.total;
  figures.notTheirs = result.lost.notTheirs;
  for (const { connections, refused } of Object.values(result.servers)) {
    figures.connections += connections;
    figures.refused += refused;
  }
  return figures;
}

/** Sums; for hours the longest. */
export function sumOf(all: readonly Figures[]): Figures {
  const sum = noFigures();
  for (const figures of all) {
    for (const name of FIGURES) if (name !== 'hours') sum[name] += figures[name];
    sum.hours = sum.hours === null || figures.hours === null ? null : Math.max(sum.hours, figures.hours);
  }
  return sum;
}

/** The difference of a figure from that of the first policy; hours without end count as infinite. */
export function difference(name: Figure, figures: Figures, first: Figures): number {
  const [here, there] = [figures[name] ?? Infinity, first[name] ?? Infinity];
  return here === there ? 0 : name === 'hours' ? Math.round((here - there) * 100) / 100 : here - there;
}

/** Whether a change is an improvement: more delivered, or less of any other figure. */
export function isBetter(name: Figure, change: number): boolean {
  return name === 'delivered' ? change > 0 : change < 0;
}

function noFigures(): Figures {
  return {
    delivered: 0,
    soft: 0,
    hard: 0,
    lost: 0,
    notTheirs: 0,
    hours: 0,
    attempts: 0,
    connections: 0,
    refused: 0,
  };
}
