// A worker thread that carries out jobs of one module, one at a time, under a limit of real time: a job
// that spins cannot watch its own time. Everything that can happen to the thread is returned as data.

import { Worker, type ResourceLimits } from 'node:worker_threads';
import { invariant } from '../../../base/errors.js';
import { builtModule } from '../../../base/package-root.js';
import { setRealTimeout } from '../../../clock/system.js';
import { failureOf, type JobFailure, type WorkerMessage } from './messages.js';

/** How a job ended. */
export type JobEnd<Result> =
  | { kind: 'done'; result: Result }
  | JobFailure
  /** The thread ended. `message` is a clause whose subject is the thread or the error, such as "it exited with code 3". */
  | { kind: 'crashed'; message: string; stack: string; outOfMemory: boolean }
  | { kind: 'timeout' }
  | { kind: 'stopped' };

interface ThreadOptions {
  /** Exports `carryOut`, see `CarryOut`. */
  module: URL;
  resourceLimits?: ResourceLimits | undefined;
  log?: ((text: string) => void) | undefined;
}

interface JobOptions<Report> {
  /** Real time after which the job is given up, ms; the start of the thread does not count. */
  limitMs: number;
  /** Receives the reports of the job. If it throws, the job ends as `failed`. */
  onReport?: (report: Report) => void;
}

/** For loading the module; a thread that cannot load ends after this real time, ms. */
const START_LIMIT_MS = 30_000;

export class WorkerThread<Job, Report, Result> {
  private readonly worker: Worker;
  private ready = false;
  private isBroken = false;
  private running: ({ end: (end: JobEnd<Result>) => void } & JobOptions<Report>) | undefined;
  private cancelTimer = (): void => {};

  constructor(private readonly options: ThreadOptions) {
    const { module, resourceLimits, log } = options;
    // Its output is captured, so that our standard output stays clean for programs that read it.
    this.worker = new Worker(builtModule('runner/executors/threads/entry.js'), {
      workerData: { module: module.href },
      stdout: true,
      stderr: true,
      ...(resourceLimits ? { resourceLimits } : {}),
    });
    for (const stream of [this.worker.stdout, this.worker.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => log?.(text));
    }
    this.worker.on('message', (message: WorkerMessage<Report, Result>) => this.onMessage(message));
    this.worker.on('error', (thrown: unknown) => {
      const error: NodeJS.ErrnoException = thrown instanceof Error ? thrown : new Error(String(thrown));
      const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.crash(outOfMemory ? 'it ran out of memory' : error.message, error.stack ?? '', outOfMemory);
    });
    this.worker.on('exit', (code) => this.crash(`it exited with code ${code}`));
  }

  /** True once the thread has ended or is about to: it must not be given another job. */
  get broken(): boolean {
    return this.isBroken;
  }

  /** Never rejects. */
  carryOut(job: Job, options: JobOptions<Report>): Promise<JobEnd<Result>> {
    invariant(!this.running, 'a worker thread was given a second job while it carried one out');
    return new Promise((resolve) => {
      this.running = { ...options, end: resolve };
      if (this.ready) this.startTimer(options.limitMs);
      else this.cancelTimer = setRealTimeout(() => this.crash('it did not start in time'), START_LIMIT_MS);
      this.worker.postMessage(job);
    });
  }

  /** Ends the thread; a job that it carries out ends as `stopped`. */
  async stop(): Promise<void> {
    this.breakOff({ kind: 'stopped' });
    await this.worker.terminate();
  }

  private onMessage(message: WorkerMessage<Report, Result>): void {
    switch (message.kind) {
      case 'ready':
        this.ready = true;
        if (this.running) this.startTimer(this.running.limitMs);
        return;
      case 'report':
        return this.onReport(message.report);
      case 'done':
      case 'failed':
        return this.end(message);
    }
  }

  private onReport(report: Report): void {
    try {
      this.running?.onReport?.(report);
    } catch (error) {
      this.breakOff(failureOf(error));
    }
  }

  private startTimer(limitMs: number): void {
    this.cancelTimer();
    this.cancelTimer = setRealTimeout(() => this.breakOff({ kind: 'timeout' }), limitMs);
  }

  private crash(message: string, stack = '', outOfMemory = false): void {
    if (!this.running && !this.isBroken) this.options.log?.(`a worker ended while it waited: ${message}`);
    this.breakOff({ kind: 'crashed', message, stack, outOfMemory });
  }

  /** Ends the job, and lets the thread carry out no other. */
  private breakOff(end: JobEnd<Result>): void {
    this.isBroken = true;
    this.end(end);
  }

  private end(end: JobEnd<Result>): void {
    const { running } = this;
    this.running = undefined;
    this.cancelTimer();
    running?.end(end);
  }
}
