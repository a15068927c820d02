// How many deliveries were in progress over virtual time, in a bounded number of points: when a run goes on,
// two steps become one, of which the highest level and the last one stay true.

import type { LevelOverTime } from '../result.js';

/** More than a line of a terminal has columns. */
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

  /** @param t never less than that of the call before */
  add(t: number, by: 1 | -1): void {
    this.level += by;
    this.put({ from: t, until: t, highest: this.level, last: this.level });
    while (this.steps.length > STEPS_MAX) this.widen();
  }

  /** Up to `now`: what is in progress then has been since the last change. */
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
    // A level that lasted no time was never there: sixty deliveries that begin at once are one change.
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
