// Until when something must happen on a connection. A dialogue sets a new deadline with each command,
// and one timer serves them all: it is only moved when the new one is earlier.

import type { Clock, Timer } from '../ports.js';

export class Deadline {
  private at = Infinity;
  private timer: Timer | undefined;
  private timerAt = Infinity;

  /** @param over told when one has passed */
  constructor(
    private readonly clock: Clock,
    private readonly over: () => void,
  ) {}

  /** Something must happen within `ms` from now; replaces what was set before. */
  within(ms: number): void {
    const now = this.clock.now();
    this.at = now + ms;
    if (this.timerAt <= this.at) return;
    this.timer?.cancel();
    this.arm(now);
  }

  /** Nothing is waited for. @returns whether something was */
  lift(): boolean {
    const wasSet = this.at !== Infinity;
    this.at = Infinity;
    return wasSet;
  }

  /** Nothing is waited for any more. */
  stop(): void {
    this.timer?.cancel();
    // Earlier than any time: nothing arms it again.
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
