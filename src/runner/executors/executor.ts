// The port between the suite and what plays its scenarios. A job is plain data, and what it produces is
// returned as data or written to outputs as text, so that an executor may play it in another thread, in
// another process or on another machine.

import type { ScenarioResult } from '../../results/result.js';
import type { ScenarioPlan } from '../../scenarios/plan.js';

/** How far a run is. */
export interface RunProgress {
  virtualMs: number;
  attempts: number;
}

/** One scenario to play. */
export interface Job {
  plan: ScenarioPlan;
}

/** Receives one output of a job as text, in order and in blocks of whole lines. */
export interface TextOutput {
  write(text: string): void;
  /** Called once, after the last block. @param isComplete false when the scenario did not come to its end */
  close(isComplete: boolean): void;
}

/**
 * An output that is a file on this machine. An executor that shares the disk may write the file at `path`
 * itself, and then calls neither method.
 */
export interface LocalOutput extends TextOutput {
  readonly path: string;
}

/** The outputs of a job. */
export interface JobOutputs {
  /** The events as NDJSON. */
  events: TextOutput | LocalOutput;
  /** What the page shows of the run (`ScenarioView`), as JSON; not made when absent. */
  view?: TextOutput | LocalOutput;
  /** The contacts at the end as CSV, written after a scenario that came to its end; not made when absent. */
  contacts?: TextOutput | LocalOutput;
}

export interface Executor {
  /** How many scenarios it plays at once. `play` must not be called more often than that at a time. */
  readonly workers: number;
  /** Never rejects. @returns undefined when it was stopped before the scenario ended */
  play(
    job: Job,
    outputs: JobOutputs,
    onProgress?: (progress: RunProgress) => void,
  ): Promise<ScenarioResult | undefined>;
  /** Ends all running jobs at once and releases everything. */
  stop(): Promise<void>;
}

export interface ExecutorOptions {
  workers: number;
  /** Real time that one scenario may use, ms. */
  wallLimitMs: number;
  /** Play each scenario twice, and fail it when the two event streams differ. */
  checkDeterminism?: boolean;
  /** Receives what workers print and the stack traces of their failures, for debugging. */
  log?: (text: string) => void;
}

/** Whether the executor may write this output itself. */
export function isLocal(output: TextOutput | LocalOutput): output is LocalOutput {
  return 'path' in output;
}
