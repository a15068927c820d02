// The virtual clock: replaces time in the thread where it is installed. Timers of libraries (nodemailer,
// smtp-server) run on fake-timers; timers of this project run on a cheaper queue beside it. Time moves
// only when no work is left at the present time: no native immediate is pending and no hold is taken. So
// it never waits in real time, and never moves too early.

import { promisify } from 'node:util';
import FakeTimers from '@sinonjs/fake-timers';
import TinyQueue from 'tinyqueue';
import { BouncelabError, invariant } from '../base/errors.js';
import { formatDuration } from '../base/units.js';
import type { Clock, Timer } from './clock.js';
import { takeOtherTimers } from './other-timers.js';
import { wallNow } from './system.js';

/** Midnight of the first virtual day: a fixed date, so that dates in messages repeat. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

/** Turns of the event loop at one virtual time after which a run counts as an endless loop. */
const TURNS_AT_ONE_INSTANT_MAX = 1_000_000;

/** Longest delay of a Node timer; a longer one would fire at once. */
const TIMER_DELAY_MS_MAX = 2 ** 31 - 1;

interface Task extends Timer {
  at: number;
  order: number;
  fn: () => void;
  state: 'waiting' | 'fired' | 'cancelled';
}

export interface ClockRunOptions {
  /** Virtual ms after which the run ends even when timers are left. */
  horizonMs: number;
  /** Real ms this run may take. */
  wallLimitMs?: number;
  /** Called before time moves on; true ends the run. */
  done?: () => boolean;
}

/** Work that the event loop does not show, such as bytes between two sockets of this process. */
export interface Outside {
  /** Called before time moves on, when no other work is left; false keeps time still. */
  settled(): boolean;
  /** What it waits for, for an error message. */
  waitsFor(): string[];
}

export type RunEnd = 'idle' | 'done' | 'horizon';

export class VirtualClock implements Clock {
  private readonly tasks = new TinyQueue<Task>([], (a, b) => a.at - b.at || a.order - b.order);
  private readonly native: { setImmediate: typeof setImmediate; clearImmediate: typeof clearImmediate };
  private readonly fake: FakeTimers.Clock;
  private readonly holds = new Map<symbol, string>();
  private readonly outside = new Set<Outside>();
  private readonly restore: () => void;
  private order = 0;
  /** Tasks that wait; the queue may also contain cancelled ones. */
  private waiting = 0;
  private immediates = 0;
  private carrier: { id: FakeTimers.TimerId; at: number } | undefined;

  private constructor() {
    this.native = { setImmediate: globalThis.setImmediate, clearImmediate: globalThis.clearImmediate };
    this.fake = FakeTimers.install({
      now: EPOCH_MS,
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance', 'hrtime'],
      loopLimit: Infinity,
    });
    this.restore = takeOtherTimers();
    this.countImmediates();
  }

  /**
   * Replaces timers, `Date` and `performance` in this thread. Immediates stay native and are counted.
   * One clock at a time; `uninstall` restores the originals.
   */
  static install(): VirtualClock {
    invariant(!installed, 'a virtual clock is already installed in this thread');
    installed = true;
    return new VirtualClock();
  }

  uninstall(): void {
    this.restore();
    this.fake.uninstall();
    globalThis.setImmediate = this.native.setImmediate;
    globalThis.clearImmediate = this.native.clearImmediate;
    installed = false;
  }

  now(): number {
    return this.fake.now - EPOCH_MS;
  }

  date(at = this.now()): Date {
    return new Date(EPOCH_MS + at);
  }

  after(ms: number, fn: () => void): Timer {
    return this.at(this.now() + ms, fn);
  }

  /**
   * Runs `fn` at a virtual time; tasks of the same time run in the order of the calls.
   *
   * @param time ms, rounded up; a time that has passed means now
   */
  at(time: number, fn: () => void): Timer {
    const task: Task = {
      at: Math.max(Math.ceil(time), this.now()),
      order: this.order++,
      fn,
      state: 'waiting',
      cancel: () => {
        if (task.state !== 'waiting') return;
        task.state = 'cancelled';
        this.waiting--;
      },
    };
    this.tasks.push(task);
    this.waiting++;
    return task;
  }

  /**
   * Keeps time still while work is in progress that the event loop does not show: file system, crypto.
   *
   * @param what its name, for the error when a run waits too long
   * @returns a function that releases the hold; a second call has no effect
   */
  hold(what: string): () => void {
    const key = Symbol(what);
    this.holds.set(key, what);
    return () => this.holds.delete(key);
  }

  /**
   * Lets time move on only while `outside` is settled. For work whose end no code can report to `hold`.
   *
   * @returns a function that ends it
   */
  watch(outside: Outside): () => void {
    this.outside.add(outside);
    return () => void this.outside.delete(outside);
  }

  /**
   * From now on also waits for immediates of Node's own code, which does not call the global `setImmediate`
   * that is counted; TLS over a stream uses them. Costs about a microsecond a turn.
   */
  watchHiddenImmediates(): void {
    this.watch({
      settled: () => !process.getActiveResourcesInfo().includes('Immediate'),
      waitsFor: () => [],
    });
  }

  /** Timers left, of this project and of the libraries. */
  pending(): number {
    return this.waiting + this.libraryTimers();
  }

  /**
   * Advances virtual time until no timer is left.
   *
   * @throws BouncelabError E_WATCHDOG when it loops at one virtual time or uses too much real time;
   *   any error that a callback throws
   */
  run(options: ClockRunOptions): Promise<RunEnd> {
    const started = wallNow();
    let turns = 0;
    let turnsHere = 0;
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        try {
          // Under a hold the loop waits for real work, which the limit of real time bounds.
          if (this.holds.size === 0 && ++turnsHere > TURNS_AT_ONE_INSTANT_MAX) throw this.spinning();
          // To read the real clock costs more than a turn, so not in every turn.
          if ((++turns & 0x3ff) === 0) this.checkWall(started, options.wallLimitMs);
          if (this.immediates === 0 && this.holds.size === 0 && this.isSettled()) {
            if (options.done?.()) return resolve('done');
            const before = this.now();
            const end = this.step(options);
            if (end) return resolve(end);
            if (this.now() !== before) turnsHere = 0;
          }
          this.native.setImmediate(turn);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      this.native.setImmediate(turn);
    });
  }

  private isSettled(): boolean {
    for (const outside of this.outside) if (!outside.settled()) return false;
    return true;
  }

  /** Runs all tasks that are due; when none is, moves time to the next one. */
  private step({ horizonMs }: ClockRunOptions): RunEnd | undefined {
    if (this.fireDue()) return undefined;
    if (this.pending() === 0) return 'idle';
    const next = this.tasks.peek()?.at ?? Infinity;
    if (next > horizonMs && this.libraryTimers() === 0) return 'horizon';
    // fake-timers does not give the time of its next timer: the carrier stops it at the horizon.
    this.carry(Math.min(next, horizonMs + 1));
    this.fake.next();
    if (this.now() > horizonMs) return 'horizon';
    this.fireDue();
    return undefined;
  }

  /**
   * Runs the tasks of this project that are due, without those that these add: the work that they
   * started must settle first, and an endless chain of them must not escape the watchdog.
   *
   * @returns whether there was one
   */
  private fireDue(): boolean {
    const now = this.now();
    const added = this.order;
    let fired = false;
    for (;;) {
      this.dropCancelled();
      const task = this.tasks.peek();
      if (!task || task.at > now || task.order >= added) return fired;
      this.tasks.pop();
      this.waiting--;
      task.state = 'fired';
      fired = true;
      task.fn();
    }
  }

  private dropCancelled(): void {
    while (this.tasks.peek()?.state === 'cancelled') this.tasks.pop();
  }

  private libraryTimers(): number {
    return this.fake.countTimers() - (this.carrier ? 1 : 0);
  }

  /** Keeps one timer of fake-timers at the time of our next task, so that `next` stops there. */
  private carry(time: number): void {
    const at = Math.min(time, this.now() + TIMER_DELAY_MS_MAX);
    if (this.carrier?.at === at) return;
    if (this.carrier) this.fake.clearTimeout(this.carrier.id);
    const id = this.fake.setTimeout(() => {
      this.carrier = undefined;
    }, at - this.now());
    this.carrier = { id, at };
  }

  private countImmediates(): void {
    const { setImmediate: nativeSet, clearImmediate: nativeClear } = this.native;
    const pending = new WeakSet<NodeJS.Immediate>();
    const set = (fn: (...args: unknown[]) => void, ...args: unknown[]): NodeJS.Immediate => {
      this.immediates++;
      const handle: NodeJS.Immediate = nativeSet(() => {
        this.immediates--;
        pending.delete(handle);
        fn(...args);
      });
      pending.add(handle);
      return handle;
    };
    globalThis.setImmediate = Object.assign(set, {
      [promisify.custom]: (value: unknown) => new Promise((resolve) => set(resolve, value)),
    }) as unknown as typeof setImmediate;
    globalThis.clearImmediate = (handle) => {
      if (handle && pending.delete(handle)) this.immediates--;
      nativeClear(handle);
    };
  }

  private checkWall(started: number, limitMs = Infinity): void {
    if (wallNow() - started <= limitMs) return;
    const at = formatDuration(this.now());
    throw new BouncelabError(
      'E_WATCHDOG',
      `the run used more than ${formatDuration(limitMs)} of real time, at ${at} of virtual time`,
      {
        hint: this.waitsFor() ?? 'Raise the limit of real time, or make the audience smaller.',
      },
    );
  }

  private spinning(): BouncelabError {
    const turns = TURNS_AT_ONE_INSTANT_MAX.toLocaleString('en-US');
    return new BouncelabError(
      'E_WATCHDOG',
      `virtual time did not move from ${formatDuration(this.now())} in ${turns} turns of the event loop`,
      {
        hint: this.waitsFor() ?? 'A callback schedules work without end.',
      },
    );
  }

  private waitsFor(): string | undefined {
    const held = [...this.holds.values(), ...[...this.outside].flatMap((outside) => outside.waitsFor())];
    return held.length > 0 ? `It waits for: ${held.join(', ')}.` : undefined;
  }
}

let installed = false;
