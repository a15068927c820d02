// One worker thread of an exploration, and the clock that is held beside it: an experiment that
// spins or kills its thread is a finding like any other.

import { Worker } from 'node:worker_threads';
import { builtModule } from '../../base/package-root.js';
import { setRealTimeout } from '../../clock/system.js';
import type { ExploreAnswer, ExploreOrder } from './messages.js';

/** Real time without an answer after which a worker is given up, ms. */
const TRY_LIMIT_MS = 60_000;
const SHRINK_LIMIT_MS = 300_000;

export class ExploreSeat {
  private worker: Worker | undefined;
  private end: ((answer: ExploreAnswer) => void) | undefined;

  /**
   * Never rejects.
   *
   * @param signal gives up the order, and its thread
   * @returns `broken` when the thread died or fell silent, or was given up; the next order gets a new one
   */
  ask(order: ExploreOrder, signal?: AbortSignal): Promise<ExploreAnswer> {
    const worker = (this.worker ??= this.start());
    const limitMs = order.kind === 'try' ? TRY_LIMIT_MS : SHRINK_LIMIT_MS;
    return new Promise((resolve) => {
      const cancel = setRealTimeout(() => this.broken('it did not come to an end in real time'), limitMs);
      const giveUp = (): void => this.broken('it was interrupted');
      signal?.addEventListener('abort', giveUp);
      this.end = (answer) => {
        cancel();
        signal?.removeEventListener('abort', giveUp);
        this.end = undefined;
        resolve(answer);
      };
      worker.postMessage(order);
    });
  }

  async stop(): Promise<void> {
    const { worker } = this;
    this.worker = undefined;
    await worker?.terminate();
  }

  private start(): Worker {
    const worker = new Worker(builtModule('studies/explore/worker.js'), { stdout: true, stderr: true });
    const died = (how: string): void => {
      if (worker === this.worker) this.broken(how);
    };
    worker.on('message', (answer: ExploreAnswer) => this.end?.(answer));
    worker.on('error', (error: Error) => died(`its thread died: ${error.message}`));
    worker.on('exit', (code) => died(`its thread ended with code ${code}`));
    return worker;
  }

  private broken(message: string): void {
    void this.stop();
    this.end?.({ kind: 'broken', message });
  }
}
