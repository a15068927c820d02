// What comes out of a run: the shape of `run.json`, in the order in which it is written there.
// Times are virtual milliseconds since the start of the run, unless the name says `wall`.

import type { MailingKind, MailingState } from '../events/types.js';

/**
 * `passed`: every expectation held. `failed`: one did not. `inconclusive`: a deadlock or the
 * watchdog ended it. `error`: the harness itself failed. `invalid`: the file could not be read.
 */
export type ScenarioStatus = 'passed' | 'failed' | 'inconclusive' | 'error' | 'invalid';

export interface RunResult {
  /** Version of bouncelab that made it. */
  version: string;
  /** Seed given on the command line; null when each scenario used its own. */
  seed: string | null;
  /** ISO 8601, real time. */
  startedAt: string;
  wallMs: number;
  /** Sum over the scenarios. */
  virtualMs: number;
  passed: number;
  failed: number;
  /** Scenarios that are invalid, inconclusive or hit an error of the harness. */
  errors: number;
  /** True when the run was interrupted: the scenarios listed are those that ended. */
  interrupted: boolean;
  scenarios: ScenarioResult[];
}

export interface ScenarioResult {
  file: string;
  name: string;
  status: ScenarioStatus;
  seed: string;
  policy: string;
  wire: string;
  wallMs: number;
  virtualMs: number;
  /** SHA-256 over the event stream, hex. Empty when nothing ran. */
  fingerprint: string;
  failures: Failure[];
  mailings: Record<string, MailingResult>;
  statuses: { active: number; error: number; optOut: number };
  servers: Record<string, ServerResult>;
}

export interface Failure {
  file: string;
  line: number;
  column: number;
  /** Characters of that line that are meant; absent when only its start is known. */
  length?: number;
  /** One sentence: what was expected of what. */
  message: string;
  expected: string;
  actual: string;
  /** Further lines that explain it: what a deadlock waits for, who differs, ... */
  details?: string[];
  hint?: string;
}

export interface MailingResult {
  kind: MailingKind;
  state: MailingState;
  recipients: number;
  delivered: number;
  inProgress: number;
  bounced: { soft: number; hard: number };
  withdrawn: number;
  possibleDuplicates: number;
  /** Of the bounced ones: delivered at first, until a bounce message came back (rule 11). */
  lateBounces: number;
  /** When it turned in-progress; null while building. */
  startedAt: number | null;
  completedAt: number | null;
  /** Bounced deliveries by the cause that ended them. */
  causes: Record<string, number>;
}

export interface ServerResult {
  connections: number;
  peakConnections: number;
  /** Connections that were refused or never answered. */
  refused: number;
  accepted: number;
  /** Replies by reply code. */
  replies: Record<string, number>;
}
