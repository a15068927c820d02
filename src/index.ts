// What the package offers to programs.

export { BouncelabError, EXIT } from './errors.js';
export type { ErrorCode, ExitCode, Location } from './errors.js';
export { parseEvents } from './events/ndjson.js';
export type { Reply, RunEvent, Stage } from './events/types.js';
export { loadScenario } from './scenarios/load.js';
export { runScenario } from './scenarios/run.js';
export type { ScenarioPlan } from './scenarios/plan.js';
export type { RunResult, ScenarioResult } from './scenarios/result.js';
