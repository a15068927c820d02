// What the package offers to programs.

export { createSender } from './sender/create-sender.js';
export type { BulkSender, ContactSummary, MailingOrder } from './sender/bulk-sender.js';
export type { CreateSenderOptions } from './sender/create-sender.js';
export { BouncelabError, EXIT } from './base/errors.js';
export type { ErrorCode, ExitCode, Location } from './base/errors.js';
export { parseEvents } from './events/ndjson.js';
export type { Reply, RunEvent, Stage } from './events/types.js';
export { systemClock } from './clock/system.js';
export { seededRandom } from './base/random.js';
export { loadScenario } from './scenarios/load.js';
export { runScenario } from './runner/run.js';
export type { ScenarioPlan } from './scenarios/plan.js';
export type { RunResult, ScenarioResult } from './results/result.js';
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
