// The `json` reporter: run.json on standard output, and nothing else.

import type { RunResult } from '../results/result.js';
import type { Reporter } from './reporter.js';

/** @param write receives the text */
export function jsonReporter(write: (text: string) => void): Reporter {
  return { onRunEnd: (run) => write(runJson(run)) };
}

/** The text of `run.json`. */
export function runJson(run: RunResult): string {
  return `${JSON.stringify(run, null, 2)}\n`;
}
