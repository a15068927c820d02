// Messages between the main thread and a worker, a thread or a process. Plain data: they are cloned on the way.

import { BouncelabError } from '../../base/errors.js';

/** A job threw, or one of its reports could not be taken. */
export interface JobFailure {
  kind: 'failed';
  message: string;
  /** Code of a BouncelabError. */
  code?: string;
  hint?: string;
  stack: string;
}

/** From a worker: `ready` once its module is loaded; then for each job its reports and one end. */
export type WorkerMessage<Report, Result> =
  { kind: 'ready' } | { kind: 'report'; report: Report } | { kind: 'done'; result: Result } | JobFailure;

/**
 * What the module of a worker exports as `carryOut`. The worker is given one job at a time.
 *
 * @param report sends something to the main thread while the job goes on
 */
export type CarryOut<Job, Report, Result> = (job: Job, report: (report: Report) => void) => Promise<Result>;

export function failureOf(error: unknown): JobFailure {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  if (!(error instanceof BouncelabError)) return { kind: 'failed', message, stack };
  const { code, hint } = error;
  return { kind: 'failed', message, stack, code, ...(hint === undefined ? {} : { hint }) };
}

/** The failure for a BouncelabError that came from another thread: there it is a plain error with its fields. */
export function codedFailure(error: Error & { code?: string; hint?: unknown }): JobFailure {
  const { message, stack = '', code, hint } = error;
  return {
    kind: 'failed',
    message,
    stack,
    ...(code === undefined ? {} : { code }),
    ...(typeof hint === 'string' ? { hint } : {}),
  };
}
