// Deliveries in order of the time when they are due: one heap and one timer for all of them.

import TinyQueue from 'tinyqueue';
import type { Delivery } from './model/delivery.js';
import type { Clock, Timer } from './ports.js';

interface Entry {
  delivery: Delivery;
  at: number;
  /** Deliveries due at the same moment keep the order in which they were put here. */
  order: number;
}

export class Queue {
  private readonly heap = new TinyQueue<Entry>([], (a, b) => a.at - b.at || a.order - b.order);
  private timer: Timer | undefined;
  private timerAt = Infinity;
  private order = 0;

  /** @param due gets all deliveries of one moment together */
  constructor(
    private readonly clock: Clock,
    private readonly due: (deliveries: Delivery[]) => void,
  ) {}

  /** Puts a delivery in at its `dueAt`. */
  add(delivery: Delivery): void {
    this.heap.push({ delivery, at: delivery.dueAt, order: this.order++ });
    this.arm();
  }

  /** Nothing is handed on any more. */
  stop(): void {
    this.timer?.cancel();
    // Earlier than any time: nothing arms it again.
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
      // Withdrawn in the meantime: its entry is only left over.
      if (next.delivery.inProgress) due.push(next.delivery);
    }
    this.arm();
    if (due.length > 0) this.due(due);
  }
}
