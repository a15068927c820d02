// Deliveries in order of the time at which they are due. All of them share one heap and one timer, since
// a timer for each would cost too much memory in a large mailing.

import TinyQueue from 'tinyqueue';
import type { Delivery } from './model/delivery.js';
import type { Clock, Timer } from './ports.js';

interface Entry {
  delivery: Delivery;
  at: number;
  /** Deliveries that are due at the same moment keep the order in which they were added. */
  order: number;
}

export class Queue {
  private readonly heap = new TinyQueue<Entry>([], (a, b) => a.at - b.at || a.order - b.order);
  private timer: Timer | undefined;
  private timerAt = Infinity;
  private order = 0;

  /** @param due receives all deliveries of one moment in one call */
  constructor(
    private readonly clock: Clock,
    private readonly due: (deliveries: Delivery[]) => void,
  ) {}

  /** Adds a delivery, due at its `dueAt`. */
  add(delivery: Delivery): void {
    this.heap.push({ delivery, at: delivery.dueAt, order: this.order++ });
    this.arm();
  }

  /** Stops for good: `due` is not called again. */
  stop(): void {
    this.timer?.cancel();
    // Earlier than every due time, so that `arm` never sets the timer again.
    this.timerAt = -Infinity;
  }

  private arm(): void {
    const next = this.heap.peek();
    if (!next || next.at >= this.timerAt) return;
    this.timer?.cancel();
    this.timerAt = next.at;
    this.timer = this.clock.after(Math.max(0, next.at - this.clock.now()), () => this.fire());
  }

  private fire(): void {
    this.timerAt = Infinity;
    this.timer = undefined;
    const now = this.clock.now();
    const due: Delivery[] = [];
    for (let next = this.heap.peek(); next && next.at <= now; next = this.heap.peek()) {
      this.heap.pop();
      // A delivery that was withdrawn in the meantime is skipped.
      if (next.delivery.inProgress) due.push(next.delivery);
    }
    this.arm();
    if (due.length > 0) this.due(due);
  }
}
