// A clock that a test moves by hand, for what is below a whole run.

import type { Clock, Timer } from '../../src/sender/ports.js';

export class ManualClock implements Clock {
  /** Timers that wait, each with the time that it was set for. */
  readonly waiting: { at: number; fn: () => void }[] = [];
  private time = 0;

  now(): number {
    return this.time;
  }

  date(at = this.time): Date {
    return new Date(at);
  }

  after(ms: number, fn: () => void): Timer {
    const task = { at: this.time + ms, fn };
    this.waiting.push(task);
    return { cancel: () => this.forget(task) };
  }

  /** Goes on to a time, and fires what is due until then. */
  to(time: number): void {
    for (;;) {
      const [next] = this.waiting.filter(({ at }) => at <= time).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.forget(next);
      this.time = next.at;
      next.fn();
    }
    this.time = time;
  }

  private forget(task: { at: number; fn: () => void }): void {
    const index = this.waiting.indexOf(task);
    if (index >= 0) this.waiting.splice(index, 1);
  }
}
