// One worker thread of the pool: its life from start to end, and the clock that is held beside
// it. Everything that can happen to a thread comes out of `play` as data.

import { Worker, type ResourceLimits } from 'node:worker_threads';
import { setRealTimeout } from '../../../clock/system.js';
import { invariant } from '../../../base/errors.js';
import type { ScenarioResult } from '../../../results/result.js';
import type { Order, Progress, WorkerMessage } from './messages.js';

/** How an order ended in this worker. */
export type SeatEnd =
  | { kind: 'result'; result: ScenarioResult }
  | { kind: 'failed'; message: string; hint?: string; stack: string }
  | { kind: 'crashed'; message: string; stack: string; outOfMemory: boolean }
  | { kind: 'timeout' }
  | { kind: 'stopped' };

export interface SeatOptions {
  /** Real time after which an order is given up, ms. */
  limitMs: number;
  resourceLimits?: ResourceLimits | undefined;
  log?: ((text: string) => void) | undefined;
}

/** Loading its modules must not count as time of a scenario; a thread that cannot load ends here. */
const START_LIMIT_MS = 30_000;

export class WorkerSeat {
  readonly #worker: Worker;
  readonly #options: SeatOptions;
  #ready = false;
  #broken = false;
  #end: ((end: SeatEnd) => void) | undefined;
  #onProgress: (progress: Progress) => void = () => {};
  #cancelTimer = (): void => {};

  constructor(url: URL, options: SeatOptions) {
    this.#options = options;
    const { resourceLimits, log } = options;
    // Its output is taken from it: what a program reads on our standard output stays clean.
    this.#worker = new Worker(url, {
      stdout: true,
      stderr: true,
      ...(resourceLimits ? { resourceLimits } : {}),
    });
    for (const stream of [this.#worker.stdout, this.#worker.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => log?.(text));
    }
    this.#worker.on('message', (message: WorkerMessage) => this.#hear(message));
    this.#worker.on('error', (thrown: unknown) => {
      const error: NodeJS.ErrnoException = thrown instanceof Error ? thrown : new Error(String(thrown));
      const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.#crash(outOfMemory ? 'it ran out of memory' : error.message, error.stack ?? '', outOfMemory);
    });
    this.#worker.on('exit', (code) => this.#crash(`it exited with code ${code}`, '', false));
  }

  /** True once the thread is gone or on its way: it must not be used again. */
  get broken(): boolean {
    return this.#broken;
  }

  carryOut(order: Order, onProgress: (progress: Progress) => void): Promise<SeatEnd> {
    invariant(this.#end === undefined, 'a worker was given a second order while it carried one out');
    this.#onProgress = onProgress;
    return new Promise((resolve) => {
      this.#end = (end) => {
        this.#end = undefined;
        this.#onProgress = () => {};
        this.#cancelTimer();
        resolve(end);
      };
      if (this.#ready) this.#startTimer();
      else {
        this.#cancelTimer = setRealTimeout(
          () => this.#crash('it did not start in time', '', false),
          START_LIMIT_MS,
        );
      }
      this.#worker.postMessage(order);
    });
  }

  /** Ends the thread; a scenario that it plays ends as `stopped`. */
  async stop(): Promise<void> {
    this.#broken = true;
    this.#end?.({ kind: 'stopped' });
    await this.#worker.terminate();
  }

  #hear(message: WorkerMessage): void {
    switch (message.kind) {
      case 'ready':
        this.#ready = true;
        if (this.#end) this.#startTimer();
        return;
      case 'progress':
        return this.#onProgress(message.progress);
      case 'result':
      case 'failed':
        return this.#end?.(message);
    }
  }

  #startTimer(): void {
    this.#cancelTimer();
    this.#cancelTimer = setRealTimeout(() => {
      this.#broken = true;
      this.#end?.({ kind: 'timeout' });
    }, this.#options.limitMs);
  }

  #crash(message: string, stack: string, outOfMemory: boolean): void {
    if (!this.#end && !this.#broken) this.#options.log?.(`a worker ended while it waited: ${message}`);
    this.#broken = true;
    this.#end?.({ kind: 'crashed', message, stack, outOfMemory });
  }
}
