// Curves over the time since mailings began, over all scenarios, for each policy: deliveries in progress,
// delivered, and attempts. Counted by the minute, shown in at most a few hundred steps.

import type { Curves } from './comparison.js';

const MINUTE_MS = 60_000;
const STEPS_MAX = 480;

/** Changes of each number over virtual time, by minute. */
export interface Pace {
  inProgress: Map<number, number>;
  delivered: Map<number, number>;
  attempts: Map<number, number>;
}

/** Sums of many scenarios. */
export class PaceSum {
  private readonly sums: Pace[];

  constructor(policies: number) {
    this.sums = Array.from({ length: policies }, () => ({
      inProgress: new Map(),
      delivered: new Map(),
      attempts: new Map(),
    }));
  }

  add(paces: readonly Pace[]): void {
    for (const [policy, pace] of paces.entries()) {
      for (const kind of ['inProgress', 'delivered', 'attempts'] as const) {
        const sum = this.sums[policy]![kind];
        for (const [minute, change] of pace[kind]) sum.set(minute, (sum.get(minute) ?? 0) + change);
      }
    }
  }

  curves(): Curves {
    let last = 0;
    for (const { inProgress, attempts } of this.sums)
      for (const minutes of [inProgress, attempts])
        for (const minute of minutes.keys()) last = Math.max(last, minute);
    const stepMinutes = Math.max(1, Math.ceil((last + 1) / STEPS_MAX));
    const steps = Math.floor(last / stepMinutes) + 2;
    const level = (changes: Map<number, number>): number[] => {
      const values = new Array<number>(steps).fill(0);
      // A step has the level at its start: a change within a step counts from the next one on.
      for (const [minute, change] of changes)
        values[Math.min(steps - 1, Math.floor(minute / stepMinutes) + 1)]! += change;
      for (let step = 1; step < steps; step++) values[step]! += values[step - 1]!;
      return values;
    };
    return {
      t: Array.from({ length: steps }, (_, step) => step * stepMinutes * MINUTE_MS),
      policies: this.sums.map(({ inProgress, delivered, attempts }) => ({
        inProgress: level(inProgress),
        delivered: level(delivered),
        attempts: level(attempts),
      })),
    };
  }
}
