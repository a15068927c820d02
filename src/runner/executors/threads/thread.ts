// A worker that is a thread of this process.

import { Worker } from 'node:worker_threads';
import { builtModule } from '../../../base/package-root.js';
import { codedFailure, type WorkerMessage } from '../messages.js';
import { JobWorker, type WorkerOptions } from '../worker.js';

/**
 * Twice what Node gives a thread. A run makes many objects that live for some of its steps: with less room they are
 * moved to the old generation, which costs more.
 */
const YOUNG_MB = 96;

export class WorkerThread<Job, Report, Result> extends JobWorker<Job, Report, Result> {
  private readonly worker: Worker;

  constructor(options: WorkerOptions) {
    super(options);
    const { module, resourceLimits, log } = options;
    // Its output is captured, so that our standard output stays clean for programs that read it.
    this.worker = new Worker(builtModule('runner/executors/threads/entry.js'), {
      workerData: { module: module.href },
      stdout: true,
      stderr: true,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB, ...resourceLimits },
    });
    for (const stream of [this.worker.stdout, this.worker.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => log?.(text));
    }
    this.worker.on('message', (message: WorkerMessage<Report, Result>) => this.onMessage(message));
    this.worker.on('error', (thrown: unknown) => {
      const error: NodeJS.ErrnoException = thrown instanceof Error ? thrown : new Error(String(thrown));
      // A file that could not be written, in a timer or a stream: no bug, and it has a code and a hint.
      if (error.code?.startsWith('E_') === true) return this.breakOff(codedFailure(error));
      const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.crash(outOfMemory ? 'it ran out of memory' : error.message, error.stack ?? '', outOfMemory);
    });
    this.worker.on('exit', (code) => this.crash(`it exited with code ${code}`));
  }

  protected override post(job: Job): void {
    this.worker.postMessage(job);
  }

  protected override async terminate(): Promise<void> {
    await this.worker.terminate();
  }
}
