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
  /** When the first window of those that wait is over, or earlier: its delivery may have been taken. */
  private expiresAt = Infinity;
  private timer: { at: number; timer: Timer } | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly journal: AttemptJournal,
  ) {}

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  add(delivery: Delivery): void {
    this.waiting.push({ delivery, since: this.clock.now() });
    this.mayExpire(delivery);
  }

  /** Puts a delivery back that is due since `since`, as the next to be taken. */
  putBack(delivery: Delivery, since: number): void {
    this.waiting.unshift({ delivery, since });
    this.mayExpire(delivery);
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

  /** Sets the timer for `expiresAt`. Looks at no delivery, since this is called for each that comes. */
  watchExpiry(): void {
    const at = this.expiresAt;
    if (at === Infinity || (this.timer && this.timer.at <= at)) return;
    this.timer?.timer.cancel();
    const timer = this.clock.after(Math.max(0, at - this.clock.now()), () => {
      this.timer = undefined;
      this.expire();
    });
    this.timer = { at, timer };
  }

  private expire(): void {
    const waiting = this.waiting.toArray();
    this.waiting.clear();
    this.expiresAt = Infinity;
    for (const entry of waiting) {
      if (!entry.delivery.inProgress || this.isTooLate(entry, this.connectingSince)) continue;
      this.waiting.push(entry);
      this.mayExpire(entry.delivery);
    }
    // Attempts that count as begun are looked at again when the connection is open or has failed.
    if (this.connectingSince === undefined) this.watchExpiry();
  }

  private mayExpire(delivery: Delivery): void {
    this.expiresAt = Math.min(this.expiresAt, this.journal.edgeOf(delivery) + 1);
  }

  /** Ends a delivery whose window was over before its attempt began. */
  private isTooLate({ delivery, since }: Waiting, sharedSince = Infinity): boolean {
    const begun = Math.min(Math.max(sharedSince, since), this.clock.now());
    if (begun <= this.journal.edgeOf(delivery)) return false;
    this.journal.expired(delivery);
    return true;
  }

  private forgetExpiry(): void {
    this.timer?.timer.cancel();
    this.timer = undefined;
    this.expiresAt = Infinity;
  }
}
