// Plays one experiment: loads it as if it were a file, runs it under all invariants, and returns the first
// failure.

import type { ScenarioPlan } from '../../scenarios/plan.js';
import { loadScenarioText } from '../../scenarios/load.js';
import type { Failure } from '../../results/result.js';
import { runScenario } from '../../runner/run.js';
import { documentText, type ScenarioDocument } from './document.js';

/** Real time that one experiment may use, ms. */
const WALL_LIMIT_MS = 20_000;

/** How an experiment failed. */
export interface TrialFinding {
  /** A short name that is the same for one bug: the name of an invariant, `deadlock`, ... */
  kind: string;
  failure: Failure;
}

export interface TrialResult {
  finding?: TrialFinding;
  /** Attempts and virtual time, for the figures of an exploration. */
  attempts: number;
  virtualMs: number;
}

/**
 * Loads an experiment as if its text were a file.
 *
 * @param folder to which paths of policies are relative
 * @returns undefined when it is not a valid scenario
 */
export function planOf(document: ScenarioDocument, folder: string): ScenarioPlan | undefined {
  const loaded = loadScenarioText('experiment.yaml', documentText(document), { cwd: folder });
  return loaded.plan;
}

/** Plays an experiment. A failure of Bouncelab itself is a finding too. */
export async function playTrial(plan: ScenarioPlan): Promise<TrialResult> {
  let attempts = 0;
  try {
    const result = await runScenario(plan, {
      wallLimitMs: WALL_LIMIT_MS,
      onEvent: ({ type }) => {
        if (type === 'attempt') attempts++;
      },
    });
    const [failure] = result.failures;
    const counted = { attempts, virtualMs: result.virtualMs };
    return failure ? { ...counted, finding: { kind: kindOf(failure), failure } } : counted;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const failure = { file: plan.file, line: 1, column: 1, message, expected: '', actual: '' };
    return { attempts, virtualMs: 0, finding: { kind: 'harness', failure } };
  }
}

/** The part of a failure that stays the same while its scenario shrinks. */
function kindOf({ invariant, message }: Failure): string {
  return invariant ?? /^[a-z]+/i.exec(message)?.[0] ?? message;
}
