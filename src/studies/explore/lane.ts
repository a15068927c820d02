// The worker thread of one lane of an exploration. An experiment that spins or ends its thread is a finding
// like any other, and the next one gets a new thread.

import { builtModule } from '../../base/package-root.js';
import { WorkerThread } from '../../runner/executors/threads/thread.js';
import type { JobEnd } from '../../runner/executors/worker.js';
import type { ExploreAnswer, ExploreJob } from './messages.js';

/** Real time that a job may use, ms. */
const LIMITS_MS = { try: 60_000, shrink: 300_000 };

export class ExploreLane {
  private thread: WorkerThread<ExploreJob, never, ExploreAnswer> | undefined;

  /**
   * Never rejects.
   *
   * @param signal ends the job early, together with its thread
   * @returns `broken` when the job threw, or its thread ended, ran out of time or was interrupted
   */
  async carryOut(job: ExploreJob, signal?: AbortSignal): Promise<ExploreAnswer> {
    const thread = (this.thread ??= new WorkerThread({
      module: builtModule('studies/explore/explore-job.js'),
    }));
    const interrupt = (): void => void this.stop();
    signal?.addEventListener('abort', interrupt);
    const end = await thread.carryOut(job, { limitMs: LIMITS_MS[job.kind] });
    signal?.removeEventListener('abort', interrupt);
    if (thread.broken) await this.stop();
    return answerOf(end);
  }

  async stop(): Promise<void> {
    const { thread } = this;
    this.thread = undefined;
    await thread?.stop();
  }
}

function answerOf(end: JobEnd<ExploreAnswer>): ExploreAnswer {
  switch (end.kind) {
    case 'done':
      return end.result;
    case 'failed':
      return { kind: 'broken', message: end.message };
    case 'crashed':
      return { kind: 'broken', message: `its worker thread ended: ${end.message}` };
    case 'timeout':
      return { kind: 'broken', message: 'it did not end within its limit of real time' };
    case 'stopped':
      return { kind: 'broken', message: 'it was interrupted' };
  }
}
