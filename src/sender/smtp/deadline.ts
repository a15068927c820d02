// The deadline of a connection. A dialogue sets a new deadline with each command; one timer serves all of
// them and is replaced only when the new deadline is earlier.

import type { Clock, Timer } from '../ports.js';

export class Deadline {
  private at = Infinity;
  private timer: Timer | undefined;
  private timerAt = Infinity;

  /** @param over called when a deadline has passed */
  constructor(
    private readonly clock: Clock,
    private readonly over: () => void,
  ) {}

  /** Sets the deadline to `ms` from now, in place of the one before. */
  within(ms: number): void {
    const now = this.clock.now();
    this.at = now + ms;
    if (this.timerAt <= this.at) return;
    this.timer?.cancel();
    this.arm(now);
  }

  /** Removes the deadline. @returns whether there was one */
  lift(): boolean {
    const wasSet = this.at !== Infinity;
    this.at = Infinity;
    return wasSet;
  }

  /** Removes the deadline for good. */
  stop(): void {
    this.timer?.cancel();
    // Earlier than any deadline, so that `within` never arms the timer again.
    this.timerAt = -Infinity;
  }

  private arm(now: number): void {
    this.timerAt = this.at;
    this.timer = this.clock.after(this.at - now, () => {
      this.timerAt = Infinity;
      const at = this.clock.now();
      if (at >= this.at) return this.over();
      if (this.at !== Infinity) this.arm(at);
    });
  }
}
