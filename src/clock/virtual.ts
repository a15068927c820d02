// The virtual clock: owns time in the thread where it is installed. Library timers (nodemailer,
// smtp-server) run on fake-timers; the project's own run on a queue beside it that costs less.
// Time moves only when nothing is left to do at the present instant: no native immediate
// pending, no hold taken. Hence no guessing, and no real waiting.

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

/** Turns of the native loop at one instant after which a run is said to spin. */
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
  /** Virtual ms after which the run ends although timers are left. */
  horizonMs: number;
  /** Real ms this run may take. */
  wallLimitMs?: number;
  /** Asked at every instant, before time moves on; true ends the run. */
  done?: () => boolean;
}

/** Work that the loop cannot see, such as bytes on their way between two sockets of this process. */
export interface Outside {
  /** Asked before time moves on, when nothing else is left to do; false keeps time still. */
  settled(): boolean;
  /** What it waits for, for people. */
  waitsFor(): string[];
}

export type RunEnd = 'idle' | 'done' | 'horizon';

export class VirtualClock implements Clock {
  private readonly tasks = new TinyQueue<Task>([], (a, b) => a.at - b.at || a.order - b.order);
  private readonly native: { setImmediate: typeof setImmediate; clearImmediate: typeof clearImmediate };
  private readonly fake: FakeTimers.Clock;
  private readonly holds = new Map<symbol, string>();
  private readonly outside = new Set<Outside>();
  private readonly giveBack: () => void;
  private order = 0;
  /** Tasks that wait; the queue may hold cancelled ones besides. */
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
    this.giveBack = takeOtherTimers();
    this.countImmediates();
  }

  /**
   * Takes over time in this thread: timers, `Date`, `performance`. Immediates stay native and are
   * counted. One at a time; `uninstall` gives everything back.
   */
  static install(): VirtualClock {
    invariant(!installed, 'a virtual clock is already installed in this thread');
    installed = true;
    return new VirtualClock();
  }

  uninstall(): void {
    this.giveBack();
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
   * Runs `fn` at a virtual time; those of one instant run in the order in which they were asked for.
   *
   * @param time ms; a fraction counts as the next whole one, a time that has passed as now
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
   * Keeps time still while work is under way that the loop cannot see: file system, crypto.
   *
   * @param what named when the run waits for it too long
   * @returns release; calling it twice is harmless
   */
  hold(what: string): () => void {
    const key = Symbol(what);
    this.holds.set(key, what);
    return () => this.holds.delete(key);
  }

  /**
   * Lets time move on only while `outside` is settled. For work whose end nobody could tell `hold`.
   *
   * @returns ends it
   */
  watch(outside: Outside): () => void {
    this.outside.add(outside);
    return () => void this.outside.delete(outside);
  }

  /**
   * From now on waits for the immediates of Node's own code too, which are none of the global
   * `setImmediate` that is counted: TLS over a stream asks for such. Costs about a microsecond a turn.
   */
  watchHiddenImmediates(): void {
    this.watch({
      settled: () => !process.getActiveResourcesInfo().includes('Immediate'),
      waitsFor: () => [],
    });
  }

  /** Timers left, ours and those of the libraries. */
  pending(): number {
    return this.waiting + this.libraryTimers();
  }

  /**
   * Plays virtual time until nothing is left to happen.
   *
   * @throws BouncelabError E_WATCHDOG when it spins at one instant or uses too much real time;
   *   whatever a timer's callback throws
   */
  run(options: ClockRunOptions): Promise<RunEnd> {
    const started = wallNow();
    let turns = 0;
    let turnsHere = 0;
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        try {
          // Under a hold it is real work that takes its time: the wall limit is for that.
          if (this.holds.size === 0 && ++turnsHere > TURNS_AT_ONE_INSTANT_MAX) throw this.spinning();
          // Looking at the real clock costs more than a turn does, hence not at each.
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

  /** Fires everything due now; when nothing is, moves on to the next instant. */
  private step({ horizonMs }: ClockRunOptions): RunEnd | undefined {
    if (this.fireDue()) return undefined;
    if (this.pending() === 0) return 'idle';
    const next = this.tasks.peek()?.at ?? Infinity;
    if (next > horizonMs && this.libraryTimers() === 0) return 'horizon';
    // When a library's next timer is due cannot be asked: the carrier stops it at the horizon.
    this.carry(Math.min(next, horizonMs + 1));
    this.fake.next();
    if (this.now() > horizonMs) return 'horizon';
    this.fireDue();
    return undefined;
  }

  /**
   * Runs our own tasks that are due at this instant, but for those that they ask for in turn: what
   * was set going has to settle first, and a loop of them must not escape the watchdog.
   *
   * @returns whether there was one
   */
  private fireDue(): boolean {
    const now = this.now();
    const asked = this.order;
    let fired = false;
    for (;;) {
      this.dropCancelled();
      const task = this.tasks.peek();
      if (!task || task.at > now || task.order >= asked) return fired;
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

  /** Keeps one library timer at the time of our next task, so that `next` stops there too. */
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
        hint: this.waitsFor() ?? 'Give it more time, or a smaller audience.',
      },
    );
  }

  private spinning(): BouncelabError {
    const turns = TURNS_AT_ONE_INSTANT_MAX.toLocaleString('en-US');
    return new BouncelabError(
      'E_WATCHDOG',
      `virtual time stood still at ${formatDuration(this.now())} for ${turns} turns of the event loop`,
      {
        hint: this.waitsFor() ?? 'Something schedules work without end.',
      },
    );
  }

  private waitsFor(): string | undefined {
    const held = [...this.holds.values(), ...[...this.outside].flatMap((outside) => outside.waitsFor())];
    return held.length > 0 ? `It waits for: ${held.join(', ')}.` : undefined;
  }
}

let installed = false;
