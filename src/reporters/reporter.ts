// The one interface that every reporter implements. A reporter is told what happens and writes;
// it never steers the run.

import type { ScenarioResult, RunResult } from '../results/result.js';

/** What is about to run. */
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

/** A sign of life of a scenario that takes longer than a moment of real time. */
export interface ScenarioProgress {
  file: string;
  name: string;
  wallMs: number;
  virtualMs: number;
  attempts: number;
}

/** A finished scenario, with what code frames need. */
export interface ScenarioEnd {
  result: ScenarioResult;
  /** Texts of the files that its failures point into, by file: the scenario, its policy. */
  sources: ReadonlyMap<string, string>;
  /** The command that repeats this one run. */
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
