// What comes out of a run: the shape of `run.json`, in the order in which it is written there.
// Times are virtual milliseconds since the start of the run, unless the name says `wall`.

import type { Cause, MailingKind, MailingState, Placement, Stage } from '../events/types.js';

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
  /** Scenarios that ran when it was interrupted, cut off before they ended; none of them is in `scenarios`. */
  unfinished: Unfinished[];
  scenarios: ScenarioResult[];
}

export interface Unfinished {
  file: string;
  name: string;
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
  /** Attempts of all mailings, as the sender made them. */
  attempts: number;
  mailings: Record<string, MailingResult>;
  statuses: { active: number; error: number; optOut: number };
  /** Contacts that became `error`, over all mailings; and what was said to those not lost by a cause of their own. */
  lost: LostResult & {
    /** Whether the scenario says how many: then nobody has to be told of them. */
    expected: boolean;
    /** The largest ones. */
    groups: LostGroup[];
  };
  servers: Record<string, ServerResult>;
  /** Of one that was played and did not pass: deliveries in progress over virtual time, all mailings together. */
  inProgress?: LevelOverTime;
}

/** What holds from each moment on; of a long run the highest and the last level of each step. */
export interface LevelOverTime {
  t: number[];
  deliveries: number[];
}

export interface Failure {
  file: string;
  line: number;
  column: number;
  /** Characters of that line that are meant; absent when only its start is known. */
  length?: number;
  /** Name of the invariant that is broken, or `determinism`; absent when it is an expectation that is not met. */
  invariant?: string;
  /** One sentence: what was expected of what. */
  message: string;
  expected: string;
  actual: string;
  /** Further lines that explain it: what a deadlock waits for, who differs, ... */
  details?: string[];
  hint?: string;
}

/** Contacts that became `error` through a bounce. One that is lost again after it came back counts again. */
export interface LostResult {
  total: number;
  /** Of these, by a cause that lies with the sender, its address, its content or a limit. */
  notTheirs: number;
  /** All of them by the cause of the bounce that decided it. */
  causes: Record<string, number>;
}

/** Contacts of one domain that were lost in the same way to a cause that is not theirs. */
export interface LostGroup {
  mailing: string;
  domain: string;
  cause: Cause;
  why: 'hard-bounce' | 'soft-bounces';
  contacts: number;
  /** Of the reply that decided it: where it came, and its beginning. Absent where there was none. */
  stage?: Stage;
  said?: string;
}

export interface MailingResult {
  kind: MailingKind;
  /** The automated mailing that it is an occurrence of. */
  series?: string;
  state: MailingState;
  recipients: number;
  delivered: number;
  inProgress: number;
  bounced: { soft: number; hard: number };
  withdrawn: number;
  /** What the receiving side did with the messages it took; the sender cannot know it. */
  placement: Record<Placement, number>;
  possibleDuplicates: number;
  /** Of the bounced ones: delivered at first, until a bounce message came back (rule 11). */
  lateBounces: number;
  /** When it turned in-progress; null while building. */
  startedAt: number | null;
  completedAt: number | null;
  /** Bounced deliveries by the cause that ended them. */
  causes: Record<string, number>;
  lost: LostResult;
}

export interface ServerFigures {
  connections: number;
  peakConnections: number;
  /** Connections that were refused or never answered. */
  refused: number;
  accepted: number;
  /** Sessions that turned to TLS. */
  tls: number;
  /** Replies by reply code. */
  replies: Record<string, number>;
}

/** Figures of a domain: those of its hosts together. */
export interface ServerResult extends ServerFigures {
  /** By host, where more than one was dialed. */
  hosts?: Record<string, ServerFigures>;
}
