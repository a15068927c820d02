// The exit code of a run of several scenarios.

import { EXIT, type ExitCode } from '../base/errors.js';
import type { RunResult, ScenarioStatus } from './result.js';

/** The first status that a scenario has decides: the ones that make other results doubtful come first. */
const PRECEDENCE: readonly [ScenarioStatus, ExitCode][] = [
  ['error', EXIT.harness],
  ['invalid', EXIT.invalidScenario],
  ['inconclusive', EXIT.inconclusive],
  ['failed', EXIT.failed],
];

/**
 * 130 when interrupted, else 4, 3, 5 or 1 for the first of these that a scenario has, else 0; 5 also when all
 * scenarios were skipped.
 */
export function exitCodeOf(run: RunResult): ExitCode {
  if (run.interrupted) return EXIT.interrupted;
  const found = PRECEDENCE.find(([status]) => run.scenarios.some((scenario) => scenario.status === status));
  if (found) return found[1];
  return run.scenarios.some(({ status }) => status !== 'skipped') ? EXIT.passed : EXIT.inconclusive;
}
