// The result of a run: the shape of `run.json`, keys in the order of that file.
// Times are virtual milliseconds since the start of the run, unless the name says `wall`.

import type { Cause, MailingKind, MailingState, Placement, Stage } from '../events/types.js';

/**
 * `passed`: every expectation held. `failed`: one did not. `inconclusive`: a deadlock or the
 * watchdog ended it. `error`: the harness itself failed. `invalid`: the file could not be read.
 * `skipped`: it was not played, since it cannot be played with the sender of the command line.
 */
export type ScenarioStatus = 'passed' | 'failed' | 'inconclusive' | 'error' | 'invalid' | 'skipped';

export interface RunResult {
  /** Version of bouncelab. */
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
  /** Scenarios that are invalid, inconclusive or ended with an internal error. */
  errors: number;
  /** Scenarios that were not played. */
  skipped: number;
  /** The run was interrupted: `scenarios` contains those that had ended. */
  interrupted: boolean;
  /** Scenarios that were running when it was interrupted; none of them is in `scenarios`. */
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
  /** Why it was skipped; absent otherwise. */
  reason?: string;
  seed: string;
  policy: string;
  wire: string;
  wallMs: number;
  virtualMs: number;
  /** SHA-256 over the event stream, hex. Empty when the scenario did not run. */
  fingerprint: string;
  failures: Failure[];
  /** Expectations that were not judged, since only the sender knows what they are about; absent when there are none. */
  notJudged?: NotJudged[];
  /** Attempts of all mailings, as the sender made them. */
  attempts: number;
  mailings: Record<string, MailingResult>;
  statuses: { active: number; error: number; optOut: number };
  /** Contacts that became `error`, over all mailings, and the replies behind those whose cause is not theirs. */
  lost: LostResult & {
    /** The scenario expects a number of them: then reporters do not warn. */
    expected: boolean;
    /** The largest groups. */
    groups: LostGroup[];
  };
  servers: Record<string, ServerResult>;
  /** What the scenario says and what had no effect in the run; none for a scenario that did not come to its end. */
  warnings: Warning[];
  /** For a scenario that ran and did not pass: deliveries in progress over virtual time, over all mailings. */
  inProgress?: LevelOverTime;
}

/** An expectation that was not judged. */
export interface NotJudged {
  file: string;
  line: number;
  column: number;
  /** What it is about. */
  subject: string;
  /** A clause. */
  reason: string;
}

/** The level from each time on; in a long run the highest and the last level of each step. */
export interface LevelOverTime {
  t: number[];
  deliveries: number[];
}

export interface Failure {
  file: string;
  line: number;
  column: number;
  /** Code of the error that ended the scenario, such as E_OUTPUT for a full disk. */
  code?: string;
  /** Length of the place on that line, in characters; absent when only its start is known. */
  length?: number;
  /** Name of the invariant that is broken, or `determinism`; absent when an expectation is not met. */
  invariant?: string;
  /** One sentence: the subject of the expectation. */
  message: string;
  expected: string;
  actual: string;
  /** Further lines: the deliveries of a deadlock, the contacts that differ, ... */
  details?: string[];
  hint?: string;
}

/** Something that does not make a scenario fail, with its place in the file. */
export interface Warning {
  file: string;
  line: number;
  column: number;
  /** Length of the place on that line, in characters. */
  length?: number;
  message: string;
  hint?: string;
}

/** Contacts that became `error` through a bounce. A contact that is lost again after it was re-activated counts again. */
export interface LostResult {
  total: number;
  /** Of these, those whose cause lies with the sender, its content or a server (`events/causes.ts`). */
  notTheirs: number;
  /** All of them by the cause of the bounce that made the contact `error`. */
  causes: Record<string, number>;
}

/** Contacts of one domain that were lost in the same way, through a cause that is not theirs. */
export interface LostGroup {
  mailing: string;
  domain: string;
  cause: Cause;
  why: 'hard-bounce' | 'soft-bounces';
  contacts: number;
  /** Stage and beginning of the reply that decided it. Absent without a reply. */
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
  /** Of the soft-bounced ones, those that were given up without any attempt. */
  unattempted: number;
  withdrawn: number;
  /** Where the receiving side put the messages that it accepted; the sender does not know it. */
  placement: Record<Placement, number>;
  possibleDuplicates: number;
  /** Of the bounced ones, those that were delivered until a bounce message arrived (rule 11). */
  lateBounces: number;
  /** When it became in-progress; null while building. */
  startedAt: number | null;
  completedAt: number | null;
  /** Bounced deliveries by the cause that ended them. */
  causes: Record<string, number>;
  lost: LostResult;
}

export interface ServerFigures {
  connections: number;
  peakConnections: number;
  /** Connections that were refused or not answered. */
  refused: number;
  accepted: number;
  /** Sessions that used TLS. */
  tls: number;
  /** Replies by reply code. */
  replies: Record<string, number>;
}

/** Figures of a domain, or of a site whose hosts several domains share: the sums over the hosts. */
export interface ServerResult extends ServerFigures {
  /** By host, where more than one was dialed. */
  hosts?: Record<string, ServerFigures>;
  /** The part of each domain, where several share the hosts. */
  domains?: Record<string, DomainShare>;
}

/** What one domain had of hosts that it shares with others. */
export interface DomainShare {
  /** Messages that were accepted for its recipients. */
  accepted: number;
  /** Attempts of its deliveries that were not accepted: deferred, rejected, or without a usable reply. */
  failed: number;
  /** Further connections for its deliveries that failed while others were open: no attempts (rule 13). */
  limited: number;
}
