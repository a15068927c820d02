// The deliveries of one destination that are due and wait for a connection, the oldest first. Those that wait
// longer than their window and `overrun` allow are ended at that moment, by one timer for all of them. A long
// backlog is kept in a second order, by those moments, so that none of them costs a look at all the others.

import Denque from 'denque';
import TinyQueue from 'tinyqueue';
import type { Delivery } from '../model/delivery.js';
import type { Clock, Timer } from '../ports.js';
import type { AttemptJournal } from './attempt-journal.js';

/** A delivery that is due, and since when. */
export interface Waiting {
  delivery: Delivery;
  since: number;
}

interface Entry extends Waiting {
  /** Its place in the queue: those that were put back are below 0. */
  place: number;
  /** The last moment at which its attempt may begin. */
  latestStart: number;
  isTaken: boolean;
}

type Expiries = TinyQueue<Entry>;

function expiries(entries: Entry[] = []): Expiries {
  return new TinyQueue(entries, (a, b) => a.latestStart - b.latestStart || a.place - b.place);
}

/** Entries that were taken are kept in the order of expiry up to this number beside those that wait. */
const TAKEN_KEPT_MAX = 64;

export class ReadyQueue {
  private readonly waiting = new Denque<Entry>();
  private added = 0;
  private putBackCount = 0;
  /** Those that wait and may expire, and some that were taken since. */
  private expiries = expiries();
  /** Their time is over, but their attempts count as begun with the connection that is being opened. */
  private held: Entry[] = [];
  private sharedSince: number | undefined;
  private timer: { at: number; timer: Timer } | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly journal: AttemptJournal,
  ) {}

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  /**
   * When the connection that is being opened was begun; undefined when none is. What waits shares its
   * result if it fails, so that its attempt counts as begun.
   */
  set connectingSince(since: number | undefined) {
    this.sharedSince = since;
    if (since !== undefined) return;
    for (const entry of this.held) this.expiries.push(entry);
    this.held = [];
  }

  add(delivery: Delivery): void {
    const entry = this.entry(delivery, this.clock.now(), this.added++);
    this.waiting.push(entry);
    this.mayExpire(entry);
  }

  /** Puts a delivery back that is due since `since`, as the next to be taken. */
  putBack(delivery: Delivery, since: number): void {
    const entry = this.entry(delivery, since, -++this.putBackCount);
    this.waiting.unshift(entry);
    this.mayExpire(entry);
  }

  /** Adds a delivery that has waited elsewhere, with the time since when it is due. */
  receive({ delivery, since }: Waiting): void {
    const entry = this.entry(delivery, since, this.added++);
    this.waiting.push(entry);
    this.mayExpire(entry);
  }

  /**
   * Takes all deliveries to one domain, in their order; the others stay. It looks at every entry, which only a
   * change in DNS calls for.
   *
   * @param sharedSince as in `take`
   */
  takeAll(domain: string, sharedSince: number): Waiting[] {
    const all = this.waiting.toArray();
    const taken = all.filter(({ delivery }) => delivery.contact.domain === domain);
    if (taken.length === 0) return [];
    this.waiting.clear();
    for (const entry of all) if (entry.delivery.contact.domain !== domain) this.waiting.push(entry);
    for (const entry of taken) entry.isTaken = true;
    this.forgetTaken();
    return taken.filter((entry) => entry.delivery.inProgress && !this.isTooLate(entry, sharedSince));
  }

  /**
   * Takes the next delivery. Those that were withdrawn are dropped, those whose time is over expire.
   *
   * @param sharedSince when the failed connection was begun whose result the delivery shares; default: its
   *   attempt begins now
   */
  take(sharedSince = Infinity): Waiting | undefined {
    for (let entry = this.waiting.shift(); entry; entry = this.waiting.shift()) {
      entry.isTaken = true;
      this.forgetTaken();
      if (entry.delivery.inProgress && !this.isTooLate(entry, sharedSince)) return entry;
    }
    return undefined;
  }

  /** Sets the timer for the first that expires. Looks at no other, since this is called for each that comes. */
  watchExpiry(): void {
    const first = this.expiries.peek();
    const at = first && first.latestStart + 1;
    if (at === undefined || (this.timer && this.timer.at <= at)) return;
    this.timer?.timer.cancel();
    const timer = this.clock.after(Math.max(0, at - this.clock.now()), () => {
      this.timer = undefined;
      this.expire();
    });
    this.timer = { at, timer };
  }

  private expire(): void {
    const now = this.clock.now();
    for (let next = this.expiries.peek(); next && next.latestStart < now; next = this.expiries.peek()) {
      this.expiries.pop();
      if (next.isTaken || !next.delivery.inProgress) continue;
      if (!this.isTooLate(next, this.sharedSince)) this.held.push(next);
    }
    this.watchExpiry();
  }

  private entry(delivery: Delivery, since: number, place: number): Entry {
    return { delivery, since, place, latestStart: this.journal.latestStartOf(delivery), isTaken: false };
  }

  private mayExpire(entry: Entry): void {
    if (entry.latestStart === Infinity) return;
    this.expiries.push(entry);
    this.forgetTaken();
  }

  /** Ends a delivery whose time was over before its attempt began. */
  private isTooLate({ delivery, since, latestStart }: Entry, sharedSince = Infinity): boolean {
    const begun = Math.min(Math.max(sharedSince, since), this.clock.now());
    if (begun <= latestStart) return false;
    this.journal.expired(delivery);
    return true;
  }

  /**
   * Drops what was taken from the order of expiry, where it would keep deliveries that have ended in memory. The
   * order is made anew only when half of it was taken, so that the cost for each entry stays the same.
   */
  private forgetTaken(): void {
    if (this.isEmpty) {
      this.timer?.timer.cancel();
      this.timer = undefined;
      this.expiries = expiries();
      this.held = [];
    } else if (this.expiries.length > 2 * this.waiting.length + TAKEN_KEPT_MAX) {
      this.expiries = expiries(this.expiries.data.filter(({ isTaken }) => !isTaken));
    }
  }
}
