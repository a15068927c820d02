// A worker carries out jobs of one module, one at a time, under a limit of real time: a job that spins cannot
// watch its own time. Everything that can happen to the worker is returned as data. What threads and processes
// have in common is here.

import type { ResourceLimits } from 'node:worker_threads';
import { invariant } from '../../base/errors.js';
import { setRealTimeout } from '../../clock/system.js';
import { failureOf, type JobFailure, type WorkerMessage } from './messages.js';

/** How a job ended. */
export type JobEnd<Result> =
  | { kind: 'done'; result: Result }
  | JobFailure
  /** The worker ended. `message` is a clause whose subject is the worker or the error, such as "it exited with code 3". */
  | { kind: 'crashed'; message: string; stack: string; outOfMemory: boolean }
  | { kind: 'timeout' }
  | { kind: 'stopped' };

export interface WorkerOptions {
  /** Exports `carryOut`, see `CarryOut`. */
  module: URL;
  resourceLimits?: ResourceLimits | undefined;
  log?: ((text: string) => void) | undefined;
}

export interface JobOptions<Report> {
  /** Real time after which the job is given up, ms; the start of the worker does not count. */
  limitMs: number;
  /** Receives the reports of the job. If it throws, the job ends as `failed`. */
  onReport?: (report: Report) => void;
}

/** For loading the module; a worker that cannot load ends after this real time, ms. */
const START_LIMIT_MS = 30_000;

export abstract class JobWorker<Job, Report, Result> {
  private ready = false;
  private isBroken = false;
  private running: ({ end: (end: JobEnd<Result>) => void } & JobOptions<Report>) | undefined;
  private cancelTimer = (): void => {};

  constructor(protected readonly options: WorkerOptions) {}

  /** True once the worker has ended or is about to: it must not be given another job. */
  get broken(): boolean {
    return this.isBroken;
  }

  /** Never rejects. */
  carryOut(job: Job, options: JobOptions<Report>): Promise<JobEnd<Result>> {
    invariant(!this.running, 'a worker was given a second job while it carried one out');
    return new Promise((resolve) => {
      this.running = { ...options, end: resolve };
      if (this.ready) this.startTimer(options.limitMs);
      else this.cancelTimer = setRealTimeout(() => this.crash('it did not start in time'), START_LIMIT_MS);
      this.post(job);
    });
  }

  /** Ends the worker; a job that it carries out ends as `stopped`. */
  async stop(): Promise<void> {
    this.breakOff({ kind: 'stopped' });
    await this.terminate();
  }

  protected abstract post(job: Job): void;
  protected abstract terminate(): Promise<void>;

  protected onMessage(message: WorkerMessage<Report, Result>): void {
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

  protected crash(message: string, stack = '', outOfMemory = false): void {
    if (!this.running && !this.isBroken) this.options.log?.(`a worker ended while it waited: ${message}`);
    this.breakOff({ kind: 'crashed', message, stack, outOfMemory });
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

  /** Ends the job, and lets the worker carry out no other. */
  protected breakOff(end: JobEnd<Result>): void {
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
