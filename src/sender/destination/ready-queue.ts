// The deliveries of one destination that are due and wait for a connection, the oldest first. Those
// whose retry window ends while they wait are ended at that moment, by one timer for all of them.

import Denque from 'denque';
import type { Delivery } from '../model/delivery.js';
import type { Clock, Timer } from '../ports.js';
import type { AttemptJournal } from './attempt-journal.js';

/** A delivery that is due, and since when. */
export interface Waiting {
  delivery: Delivery;
  since: number;
}

export class ReadyQueue {
  /**
   * When the connection that is being opened was begun; undefined when none is. What waits shares its
   * result if it fails, so that its attempt counts as begun.
   */
  connectingSince: number | undefined;
  private readonly waiting = new Denque<Waiting>();
  private expiry: { at: number; timer: Timer } | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly journal: AttemptJournal,
  ) {}

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  add(delivery: Delivery): void {
    this.waiting.push({ delivery, since: this.clock.now() });
    if (this.expiry && this.journal.edgeOf(delivery) < this.expiry.at) this.forgetExpiry();
  }

  /** Puts a delivery back that is due since `since`, as the next to be taken. */
  putBack(delivery: Delivery, since: number): void {
    this.waiting.unshift({ delivery, since });
  }

  /**
   * Takes the next delivery. Those that were withdrawn are dropped, those whose window is over expire.
   *
   * @param sharedSince when the failed connection was begun whose result the delivery shares; default: its
   *   attempt begins now
   */
  take(sharedSince = Infinity): Waiting | undefined {
    for (let entry = this.waiting.shift(); entry; entry = this.waiting.shift()) {
      if (this.isEmpty) this.forgetExpiry();
      if (entry.delivery.inProgress && !this.isTooLate(entry, sharedSince)) return entry;
    }
    return undefined;
  }

  /** Sets the timer for the first window that ends among the deliveries that wait. */
  watchExpiry(): void {
    if (this.expiry) return;
    let at = Infinity;
    for (const { delivery } of this.waiting.toArray()) at = Math.min(at, this.journal.edgeOf(delivery) + 1);
    if (at === Infinity) return;
    const timer = this.clock.after(Math.max(0, at - this.clock.now()), () => {
      this.expiry = undefined;
      this.expire();
    });
    this.expiry = { at, timer };
  }

  private expire(): void {
    const waiting = this.waiting.toArray();
    this.waiting.clear();
    for (const entry of waiting) {
      if (entry.delivery.inProgress && !this.isTooLate(entry, this.connectingSince)) this.waiting.push(entry);
    }
    // Attempts that count as begun are looked at again when the connection is open or has failed.
    if (this.connectingSince === undefined) this.watchExpiry();
  }

  /** Ends a delivery whose window was over before its attempt began. */
  private isTooLate({ delivery, since }: Waiting, sharedSince = Infinity): boolean {
    const begun = Math.min(Math.max(sharedSince, since), this.clock.now());
    if (begun <= this.journal.edgeOf(delivery)) return false;
    this.journal.expired(delivery);
    return true;
  }

  private forgetExpiry(): void {
    this.expiry?.timer.cancel();
    this.expiry = undefined;
  }
}
