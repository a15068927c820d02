// Figures over virtual time in a bounded number of steps: in a longer run two steps are merged into one,
// so that ninety days take as much memory as an hour. The page shows the length of a step.

import type { MailingCurve, Histogram } from './view.js';

const STEPS_MAX = 720;
const FIRST_STEP_MS = 1000;

/** Counts by name in steps of equal length. */
export class Counts {
  private stepMs = FIRST_STEP_MS;
  private readonly series = new Map<string, number[]>();

  add(name: string, t: number): void {
    while (t >= this.stepMs * STEPS_MAX) this.widen();
    let counts = this.series.get(name);
    if (!counts) this.series.set(name, (counts = []));
    const index = Math.floor(t / this.stepMs);
    while (counts.length <= index) counts.push(0);
    counts[index]!++;
  }

  get view(): Histogram {
    return { stepMs: this.stepMs, series: Object.fromEntries(this.series) };
  }

  private widen(): void {
    this.stepMs *= 2;
    for (const [name, counts] of this.series) {
      const half: number[] = [];
      for (let i = 0; i < counts.length; i += 2) half.push(counts[i]! + (counts[i + 1] ?? 0));
      this.series.set(name, half);
    }
  }
}

/** Figures of a mailing at one time. */
export type Levels = Record<Exclude<keyof MailingCurve, 't'>, number>;

const LEVELS = ['inProgress', 'delivered', 'soft', 'hard', 'withdrawn'] as const;

/** The last figures of each step in which they changed. */
export class LevelsOverTime {
  private stepMs = 1;
  private points: { t: number; levels: Levels }[] = [];

  set(t: number, levels: Levels): void {
    const last = this.points.at(-1);
    if (last && Math.floor(last.t / this.stepMs) === Math.floor(t / this.stepMs)) {
      last.t = t;
      last.levels = { ...levels };
      return;
    }
    this.points.push({ t, levels: { ...levels } });
    while (this.points.length > STEPS_MAX) this.thin();
  }

  get view(): MailingCurve {
    const curve: MailingCurve = { t: [], inProgress: [], delivered: [], soft: [], hard: [], withdrawn: [] };
    for (const { t, levels } of this.points) {
      curve.t.push(t);
      for (const name of LEVELS) curve[name].push(levels[name]);
    }
    return curve;
  }

  private thin(): void {
    this.stepMs *= 2;
    // The last point of each step is kept.
    this.points = this.points.filter(
      ({ t }, index, all) =>
        index === all.length - 1 ||
        Math.floor(all[index + 1]!.t / this.stepMs) !== Math.floor(t / this.stepMs),
    );
  }
}
