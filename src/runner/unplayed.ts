// Results of scenarios that were not played to their end: the file was invalid, the scenario was skipped, the
// worker crashed, or the limit of real time was reached. They have the shape of any other result; all counts are zero.

import { faultFailure, type SenderFault } from '../judge/fault.js';
import { noneLost } from '../results/tally/lost.js';
import type { ScenarioPlan, SenderPlan } from '../scenarios/plan.js';
import type { Problem } from '../documents/problems.js';
import type { Failure, ScenarioResult, ScenarioStatus } from '../results/result.js';

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

/** The result of a scenario that is not played. */
export function skippedResult(plan: ScenarioPlan, reason: string): ScenarioResult {
  const { seed, policy, wire } = plan;
  const { file, name, status, ...rest } = nothing(plan.file, plan.name, 'skipped');
  return { file, name, status, reason, ...rest, seed, policy: policy.name, wire };
}

/** What a scenario had used when it was ended from outside. */
export interface Used {
  /** Real time it took, ms. */
  wallMs: number;
  /** Virtual time of its last report of progress, ms. */
  virtualMs: number;
}

/** Why a scenario was ended from outside. */
interface Ending extends Used {
  status: 'inconclusive' | 'error';
  /** Of a BouncelabError. */
  code?: string | undefined;
  message: string;
  details?: string[];
  hint?: string;
}

/** The result of a scenario that was ended from outside. */
export function endedResult(plan: ScenarioPlan, ending: Ending): ScenarioResult {
  const { code, message, details, hint } = ending;
  const failure: Failure = {
    file: plan.file,
    line: 1,
    column: 1,
    ...(code === undefined ? {} : { code }),
    message,
    expected: '',
    actual: '',
    ...(details === undefined ? {} : { details }),
    ...(hint === undefined ? {} : { hint }),
  };
  return cutOff(plan, ending.status, failure, ending);
}

/** The result of a scenario whose external sender ended its process. */
export function faultedResult(
  plan: ScenarioPlan,
  sender: SenderPlan,
  fault: SenderFault,
  used: Used,
): ScenarioResult {
  return cutOff(plan, 'failed', faultFailure(fault, sender), used);
}

function cutOff(
  plan: ScenarioPlan,
  status: ScenarioStatus,
  failure: Failure,
  { wallMs, virtualMs }: Used,
): ScenarioResult {
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
    lost: { ...noneLost(), expected: false, groups: [] },
    servers: {},
    warnings: [],
  };
}
