// The interface that every reporter implements: one method per kind of progress of a run. A reporter only
// writes; it never influences the run.

import type { ScenarioResult, RunResult } from '../results/result.js';

/** The run that is about to begin. */
export interface RunStart {
  /** Number of scenario files that will be reported, invalid ones included. */
  total: number;
  workers: number;
  seed: string | null;
  /** Folder of this run's report, as a person would type it from the working directory. */
  reportDir: string;
}

export interface ScenarioStart {
  file: string;
  name: string;
}

/** Progress of a scenario that runs for some time. */
export interface ScenarioProgress {
  file: string;
  name: string;
  wallMs: number;
  virtualMs: number;
  attempts: number;
}

/** A finished scenario, with the sources for code frames. */
export interface ScenarioEnd {
  result: ScenarioResult;
  /** Text of each file in which a failure has its place: the scenario, its policy. */
  sources: ReadonlyMap<string, string>;
  /** The command that repeats this scenario. */
  repeat: string;
}

export interface Reporter {
  onRunStart?(run: RunStart): void;
  onScenarioStart?(scenario: ScenarioStart): void;
  onProgress?(progress: ScenarioProgress): void;
  onScenarioEnd?(end: ScenarioEnd): void;
  /** May be asynchronous: files are complete once it resolves. */
  onRunEnd?(run: RunResult): void | Promise<void>;
}
