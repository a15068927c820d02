// The executor of this machine: a pool of worker threads, and of a worker process for each scenario that an
// external sender plays in. Anything that happens to a worker becomes the result of the one scenario that it
// played.

import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { ResourceLimits } from 'node:worker_threads';
import { builtModule } from '../../base/package-root.js';
import { removeAtExit, temporaryFolder } from '../../base/temporary-folder.js';
import { formatDuration } from '../../base/units.js';
import { wallNow } from '../../clock/system.js';
import type { ScenarioPlan, SenderPlan } from '../../scenarios/plan.js';
import type { ScenarioResult } from '../../results/result.js';
import { endedResult, faultedResult, type Used } from '../unplayed.js';
import {
  isLocal,
  type Executor,
  type ExecutorOptions,
  type Job,
  type JobOutputs,
  type RunProgress,
} from './executor.js';
import { failureOf } from './messages.js';
import type { OutputName, RunJob, RunReport } from './run-job.js';
import { WorkerProcess } from './processes/process.js';
import { WorkerThread } from './threads/thread.js';
import type { JobEnd, JobWorker, WorkerOptions } from './worker.js';

export interface WorkerPoolOptions extends ExecutorOptions {
  /** Real time that a scenario gets beyond its limit to end by itself and explain why, ms. */
  graceMs?: number;
  /** The module that workers load; default: the one that plays scenarios. */
  module?: URL;
  resourceLimits?: ResourceLimits;
}

type RunThread = WorkerThread<RunJob, RunReport, ScenarioResult>;
type RunWorker = JobWorker<RunJob, RunReport, ScenarioResult>;
type RunEnd = JobEnd<ScenarioResult>;
type OnReport = (report: RunReport) => void;

const OUR_FAULT = 'this is a bug in Bouncelab, not in the scenario; --debug shows more';
const LONGER = 'if it only needs longer, allow it with --timeout, such as --timeout 10m';
const MORE_MEMORY =
  'give Node more memory, such as NODE_OPTIONS=--max-old-space-size=8192, or use fewer --workers';

/** One worker a core. */
export function defaultWorkers(): number {
  return availableParallelism();
}

/** Workers that play one scenario at a time each, started when they are needed. */
export class WorkerPool implements Executor {
  readonly workers: number;
  private readonly idle: RunThread[] = [];
  private readonly started = new Set<RunWorker>();
  private stopped = false;

  constructor(private readonly options: WorkerPoolOptions) {
    this.workers = options.workers;
    // A thread makes folders too, and is terminated when it does not end.
    removeAtExit();
  }

  async play(
    { plan }: Job,
    outputs: JobOutputs,
    onProgress: (progress: RunProgress) => void = () => {},
  ): Promise<ScenarioResult | undefined> {
    const startedAt = wallNow();
    let virtualMs = 0;
    const { files, streams } = divide(outputs);
    const onReport = (report: RunReport): void => {
      if (report.kind === 'text') return outputs[report.output]?.write(report.text);
      virtualMs = report.progress.virtualMs;
      onProgress(report.progress);
    };
    let scratch: string | undefined;
    let end: RunEnd;
    try {
      if (this.options.checkDeterminism && files.events === undefined) {
        // For the events of a first run that are not kept in a file of this machine.
        scratch = temporaryFolder('repeat');
        files.events = join(scratch, 'events.ndjson');
      }
      end = closed(await this.playOnceOrTwice(plan, files, streams, onReport), outputs, streams);
    } catch (error) {
      end = failureOf(error);
    } finally {
      if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
    }
    return this.result(plan, end, { wallMs: wallNow() - startedAt, virtualMs });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all([...this.started].map((worker) => this.dismiss(worker)));
  }

  private async playOnceOrTwice(
    plan: ScenarioPlan,
    files: Partial<Record<OutputName, string>>,
    streams: readonly OutputName[],
    onReport: OnReport,
  ): Promise<RunEnd> {
    const { wallLimitMs, checkDeterminism } = this.options;
    const first = await this.carryOut({ kind: 'play', plan, wallLimitMs, files, streams }, onReport);
    if (!checkDeterminism || !isOver(first)) return first;
    return this.carryOut({
      kind: 'repeat',
      plan,
      first: first.result,
      eventsFile: files.events!,
      wallLimitMs,
    });
  }

  private async carryOut(job: RunJob, onReport: OnReport = () => {}): Promise<RunEnd> {
    if (this.stopped) return { kind: 'stopped' };
    const { wallLimitMs, graceMs = 1000 } = this.options;
    return job.plan.sender
      ? this.inProcess(job, wallLimitMs + graceMs, onReport)
      : this.inThread(job, wallLimitMs + graceMs, onReport);
  }

  private async inThread(job: RunJob, limitMs: number, onReport: OnReport): Promise<RunEnd> {
    const thread = this.take();
    const end = await thread.carryOut(job, { limitMs, onReport });
    // A thread is used again only after a scenario that passed or failed: any other end may leave something behind.
    if (isOver(end) && !thread.broken) this.idle.push(thread);
    else await this.dismiss(thread);
    return end;
  }

  /** A process is never used again: the modules of an external sender may leave something behind. */
  private async inProcess(job: RunJob, limitMs: number, onReport: OnReport): Promise<RunEnd> {
    const worker: RunWorker = new WorkerProcess(this.workerOptions());
    this.started.add(worker);
    const end = await worker.carryOut(job, { limitMs, onReport });
    await this.dismiss(worker);
    return end;
  }

  private take(): RunThread {
    for (let thread = this.idle.pop(); thread; thread = this.idle.pop()) {
      if (!thread.broken) return thread;
      this.started.delete(thread);
    }
    const thread: RunThread = new WorkerThread(this.workerOptions());
    this.started.add(thread);
    return thread;
  }

  private workerOptions(): WorkerOptions {
    const { module = builtModule('runner/executors/run-job.js'), resourceLimits, log } = this.options;
    return { module, resourceLimits, log };
  }

  private async dismiss(worker: RunWorker): Promise<void> {
    this.started.delete(worker);
    await worker.stop();
  }

  private result(plan: ScenarioPlan, end: RunEnd, used: Used): ScenarioResult | undefined {
    const { sender } = plan;
    switch (end.kind) {
      case 'done':
        return end.result;
      case 'stopped':
        return undefined;
      case 'failed': {
        this.options.log?.(end.stack);
        // A disk that is full, for example, has a code; anything else is a bug of ours.
        const isExpected = end.code !== undefined && end.code !== 'E_HARNESS';
        const message = isExpected ? end.message : `internal error: ${end.message}`;
        const hint = end.hint ?? (sender ? faultOf(sender) : OUR_FAULT);
        return endedResult(plan, { status: 'error', code: end.code, message, hint, ...used });
      }
      case 'crashed': {
        this.options.log?.(end.stack);
        const memory = end.outOfMemory ? { hint: MORE_MEMORY } : {};
        const ended = `ended: ${end.message}`;
        if (sender)
          return faultedResult(
            plan,
            sender,
            { message: `its process ${ended}`, details: [], ...memory },
            used,
          );
        return endedResult(plan, {
          status: 'error',
          message: `the worker that played it ${ended}`,
          hint: OUR_FAULT,
          ...memory,
          ...used,
        });
      }
      case 'timeout': {
        const limit = `it used more than ${formatDuration(this.options.wallLimitMs)} of real time and was stopped`;
        const at = `its virtual time was at ${formatDuration(used.virtualMs)} at its last report`;
        // A run that is only slow ends by itself at the limit, as inconclusive.
        if (sender) {
          const message = `it kept its process busy: ${limit}`;
          return faultedResult(plan, sender, { message, details: [at], hint: LONGER }, used);
        }
        return endedResult(plan, {
          status: 'inconclusive',
          message: `${limit}; ${at}`,
          hint: LONGER,
          ...used,
        });
      }
    }
  }
}

/** Divides the outputs into files that the worker writes itself, and those that it sends. */
function divide(outputs: JobOutputs): { files: Partial<Record<OutputName, string>>; streams: OutputName[] } {
  const files: Partial<Record<OutputName, string>> = {};
  const streams: OutputName[] = [];
  for (const name of ['events', 'view', 'contacts'] as const) {
    const output = outputs[name];
    if (!output) continue;
    if (isLocal(output)) files[name] = output.path;
    else streams.push(name);
  }
  return { files, streams };
}

/** Closes the outputs that were sent. @returns how the job ended, failed if one cannot be closed */
function closed(end: RunEnd, outputs: JobOutputs, streams: readonly OutputName[]): RunEnd {
  try {
    for (const name of streams) outputs[name]?.close(isOver(end));
    return end;
  } catch (error) {
    return isOver(end) ? failureOf(error) : end;
  }
}

/** Whether the scenario came to its end, passed or failed. */
function isOver(end: RunEnd): end is RunEnd & { kind: 'done' } {
  return end.kind === 'done' && (end.result.status === 'passed' || end.result.status === 'failed');
}

/** For a failure of ours in a process in which an external sender plays too. */
function faultOf({ name }: SenderPlan): string {
  return (
    `the sender ${name} plays in the same process and may have changed what belongs to JavaScript or Node; ` +
    'if it has not, this is a bug in Bouncelab; --debug shows more'
  );
}
