// The clock of a live fleet: the system's clock times a factor. It measures how late its timers run, since at a
// high speed a pause of this process is a long time for the fleet.

import type { Clock, Timer } from './clock.js';
import { setRealInterval, systemClock, wallDate } from './system.js';

/** Real time between two looks at the lag while nothing is due, ms. */
const PULSE_MS = 20;

export class ScaledClock implements Clock {
  /** The date at time zero. */
  readonly startedAt = wallDate();
  private readonly real = systemClock();
  private lag = 0;
  private stopPulse: (() => void) | undefined;

  /** @param speed milliseconds of this clock in one of real time; at least 1 */
  constructor(readonly speed = 1) {}

  now(): number {
    return this.real.now() * this.speed;
  }

  date(at = this.now()): Date {
    return new Date(this.startedAt.getTime() + at);
  }

  after(ms: number, fn: () => void): Timer {
    const due = this.real.now() + ms / this.speed;
    let timer: Timer;
    const wait = (): void => {
      // Timers of Node count whole milliseconds, and one may fire a fraction of one early.
      timer = this.real.after(Math.ceil(due - this.real.now()), () => {
        if (this.real.now() < due) return wait();
        this.ran(due);
        fn();
      });
    };
    wait();
    return { cancel: () => timer.cancel() };
  }

  /** Measures the lag from now on, until `stop`. */
  watchLag(): void {
    if (this.stopPulse) return;
    let due = this.real.now() + PULSE_MS;
    this.stopPulse = setRealInterval(() => {
      this.ran(due);
      due = this.real.now() + PULSE_MS;
    }, PULSE_MS);
  }

  stop(): void {
    this.stopPulse?.();
    this.stopPulse = undefined;
  }

  /** The most that a timer was late while the lag was measured, in ms of real time. */
  get lagMs(): number {
    return this.lag;
  }

  private ran(due: number): void {
    if (this.stopPulse) this.lag = Math.max(this.lag, this.real.now() - due);
  }
}
