// Results of scenarios that no player finished: the file was invalid, its worker crashed, or it
// took too long. They have the shape of any other result, with nothing counted.

import { nobodyLost } from './lost.js';
import type { ScenarioPlan } from './plan.js';
import type { Problem } from './problems.js';
import type { Failure, ScenarioResult, ScenarioStatus } from './result.js';

/** The result of a file that is not a valid scenario; its name is its path. */
export function invalidResult(file: string, problems: readonly Problem[]): ScenarioResult {
  const failures = problems.map(({ message, hint, location }) => ({
    file: location.file,
    line: location.line,
    column: location.column,
    ...(location.length === undefined ? {} : { length: location.length }),
    message,
    expected: '',
    actual: '',
    ...(hint === undefined ? {} : { hint }),
  }));
  return { ...nothing(file, file, 'invalid'), failures };
}

/** What ended a scenario from outside. */
export interface Ending {
  status: 'inconclusive' | 'error';
  message: string;
  details?: string[];
  hint?: string;
  /** Real time it took, ms. */
  wallMs: number;
  /** Virtual time it had reached when last heard of, ms. */
  virtualMs: number;
}

/** The result of a scenario that was ended from outside. */
export function endedResult(plan: ScenarioPlan, ending: Ending): ScenarioResult {
  const { status, message, details, hint, wallMs, virtualMs } = ending;
  const failure: Failure = {
    file: plan.file,
    line: 1,
    column: 1,
    message,
    expected: '',
    actual: '',
    ...(details === undefined ? {} : { details }),
    ...(hint === undefined ? {} : { hint }),
  };
  return {
    ...nothing(plan.file, plan.name, status),
    seed: plan.seed,
    policy: plan.policy.name,
    wire: plan.wire,
    wallMs,
    virtualMs,
    failures: [failure],
  };
}

function nothing(file: string, name: string, status: ScenarioStatus): ScenarioResult {
  return {
    file,
    name,
    status,
    seed: '',
    policy: '',
    wire: '',
    wallMs: 0,
    virtualMs: 0,
    fingerprint: '',
    failures: [],
    attempts: 0,
    mailings: {},
    statuses: { active: 0, error: 0, optOut: 0 },
    lost: { ...nobodyLost(), expected: false, groups: [] },
    servers: {},
  };
}
