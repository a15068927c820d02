// The number of deliveries in progress over virtual time, in a bounded number of points: in a long run
// two steps are merged into one, which keeps the highest and the last level.

import type { LevelOverTime } from '../result.js';

/** More than the columns of a terminal. */
const STEPS_MAX = 120;

interface Step {
  from: number;
  until: number;
  highest: number;
  last: number;
}

export class InProgress {
  private stepMs = 1;
  private steps: Step[] = [];
  private level = 0;

  /** @param t not before that of the last call */
  add(t: number, by: 1 | -1): void {
    this.level += by;
    this.put({ from: t, until: t, highest: this.level, last: this.level });
    while (this.steps.length > STEPS_MAX) this.widen();
  }

  /** The curve up to `now`. */
  upTo(now: number): LevelOverTime {
    const curve: LevelOverTime = { t: [], deliveries: [] };
    const point = (t: number, deliveries: number): void => {
      curve.t.push(t);
      curve.deliveries.push(deliveries);
    };
    for (const { from, until, highest, last } of this.steps) {
      if (highest !== last) point(from, highest);
      point(until, last);
    }
    if (this.level > 0 && now > curve.t.at(-1)!) point(now, this.level);
    return curve;
  }

  private put(step: Step): void {
    const before = this.steps.at(-1);
    if (!before || Math.floor(before.from / this.stepMs) !== Math.floor(step.from / this.stepMs)) {
      this.steps.push(step);
      return;
    }
    // A level that lasted no time is left out: sixty deliveries that begin at once are one change.
    const highest = before.from === step.until ? step.highest : Math.max(before.highest, step.highest);
    Object.assign(before, { until: step.until, highest, last: step.last });
  }

  private widen(): void {
    this.stepMs *= 2;
    const all = this.steps;
    this.steps = [];
    for (const step of all) this.put(step);
  }
}
