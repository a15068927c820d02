// What the package offers to programs.

export { createSender } from './sender/create-sender.js';
export type { BulkSender, ContactSummary, MailingOrder } from './sender/bulk-sender.js';
export type { CreateSenderOptions } from './sender/create-sender.js';
export { BouncelabError, EXIT } from './base/errors.js';
export type { ErrorCode, ExitCode, Location } from './base/errors.js';
export { parseEvents } from './events/ndjson.js';
export type { ContactStatus, DeliveryState, Reply, RunEvent, Stage } from './events/types.js';
export { systemClock } from './clock/system.js';
export { seededRandom } from './base/random.js';
export { openScenario as loadScenario } from './testing/scenario.js';
export type { Scenario, ScenarioOptions } from './testing/scenario.js';
export { playScenario } from './testing/play-scenario.js';
export type { PlayOptions } from './testing/play-scenario.js';
export type { ContactState, OfMailing, ScenarioRun } from './testing/scenario-run.js';
export { startFleet } from './testing/fleet.js';
export type { FleetMessage, FleetOptions, RunningFleet, WaitOptions } from './testing/fleet.js';
export type { LiveHost, LivePlace } from './live/fleet.js';
export { InvalidInputError } from './testing/input.js';
export type { Input, InputOptions, InputProblem } from './testing/input.js';
export type { ScenarioPlan } from './scenarios/plan.js';
export type { Failure, MailingResult, RunResult, ScenarioResult, ScenarioStatus } from './results/result.js';
export type {
  CreateSender,
  ExternalContact,
  ExternalMailing,
  ExternalSender,
  ReportedAttempt,
  SenderModule,
  SenderPorts,
  SenderReports,
} from './runner/senders/external/contract.js';
export type { DkimKey } from './sender/message/dkim.js';
export type { MailingFigures } from './sender/figures.js';
export type { Clock, Dialer, Inlet, MxRecord, Random, Resolver, Timer } from './sender/ports.js';
export type { RetryPolicy } from './policy/retry-policy.js';
export type { Selection } from './sender/model/selection.js';
export { memoryStore } from './sender/store/memory.js';
export { openSqliteStore } from './sender/store/sqlite/sqlite.js';
export type { SqliteOptions } from './sender/store/sqlite/sqlite.js';
export type { Commit, Saved, StatusRecord, Store } from './sender/store/store.js';
export { loopbackOnly, systemDialer } from './sender/system/dialer.js';
export { systemInlet } from './sender/system/inlet.js';
export type { SystemInletOptions } from './sender/system/inlet.js';
export { systemResolver } from './sender/system/resolver.js';
