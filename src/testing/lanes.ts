// The threads in which the runs of this process play. Each run has its own virtual clock, so that a thread plays
// one at a time; there are as many at once as the machine has cores, and others wait for their turn. A thread is
// used again by the next run, and ends when there is none for a moment.

import { setRealTimeout } from '../clock/system.js';
import { defaultWorkers, WorkerPool } from '../runner/executors/pool.js';
import type { ExecutorOptions, JobOutputs } from '../runner/executors/executor.js';
import type { ScenarioResult } from '../results/result.js';
import type { ScenarioPlan } from '../scenarios/plan.js';

/** What a lane is made for. */
type LaneSettings = Pick<ExecutorOptions, 'wallLimitMs' | 'checkDeterminism'>;

interface Lane {
  key: string;
  executor: WorkerPool;
  /** Receives what the worker prints, during a run. */
  log: (text: string) => void;
}

/** How long a thread waits for another run, ms. It keeps the process running for as long. */
const IDLE_MS = 500;

const idle: Lane[] = [];
let cancelEnd = (): void => {};
const waiting: (() => void)[] = [];
let free = defaultWorkers();

/** A run that a lane plays. */
export interface LaneJob {
  plan: ScenarioPlan;
  outputs: JobOutputs;
  settings: LaneSettings;
  signal: AbortSignal | undefined;
  log: ((text: string) => void) | undefined;
}

/**
 * Plays a scenario when it is its turn.
 *
 * @returns undefined when the signal ended it before its end
 */
export async function playInLane(job: LaneJob): Promise<ScenarioResult | undefined> {
  const { signal } = job;
  if (!(await turn(signal))) return undefined;
  cancelEnd();
  const lane = take(job.settings);
  lane.log = job.log ?? ignore;
  const abort = (): void => void lane.executor.stop();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await lane.executor.play({ plan: job.plan }, job.outputs);
  } finally {
    signal?.removeEventListener('abort', abort);
    lane.log = ignore;
    if (!signal?.aborted) idle.push(lane);
    release();
    cancelEnd();
    cancelEnd = setRealTimeout(endIdle, IDLE_MS);
  }
}

function endIdle(): void {
  for (const lane of idle.splice(0)) void lane.executor.stop();
}

const ignore = (): void => {};

/** Resolves when a lane is free, or to false at once when the signal says so. */
function turn(signal: AbortSignal | undefined): Promise<boolean> {
  if (signal?.aborted) return Promise.resolve(false);
  if (free > 0) {
    free--;
    return Promise.resolve(true);
  }
  return new Promise((resolve) => {
    const go = (): void => {
      signal?.removeEventListener('abort', leave);
      resolve(true);
    };
    const leave = (): void => {
      waiting.splice(waiting.indexOf(go), 1);
      resolve(false);
    };
    waiting.push(go);
    signal?.addEventListener('abort', leave, { once: true });
  });
}

function release(): void {
  const next = waiting.shift();
  if (next) next();
  else free++;
}

function take(settings: LaneSettings): Lane {
  const key = JSON.stringify(settings);
  const index = idle.findIndex((lane) => lane.key === key);
  const [found] = index < 0 ? [] : idle.splice(index, 1);
  if (found) return found;
  // No more lanes than runs at once: one of other settings gives way.
  void idle.shift()?.executor.stop();
  const lane: Lane = {
    key,
    log: ignore,
    executor: new WorkerPool({ ...settings, workers: 1, log: (text) => lane.log(text) }),
  };
  return lane;
}
