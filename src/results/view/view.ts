// The view of one scenario: computed from its events by `fold.ts`, embedded as JSON in the page, read by
// its script. Repeated values are kept once in tables and referred to by index: a thousand contacts that
// failed together at one host share one journey.

import type {
  Cause,
  ContactStatus,
  DeliveryState,
  MailingKind,
  MailingState,
  Outcome,
  Placement,
  Stage,
} from '../../events/types.js';

import type { RunResult } from '../result.js';

/** The data of a run for its page, beside `run.json`. */
export interface PageRun {
  runId: string;
  /** Scenarios that should have run. */
  total: number;
  run: RunResult;
  /** The command that repeats each scenario, in the order of `run.scenarios`. */
  repeat: string[];
}

/** Placeholder for the address of the contact in a line of a dialogue. */
export const ADDRESS_MARK = '\u0001';
/** Placeholder for the return path of the delivery in a line of a dialogue. */
export const RETURN_PATH_MARK = '\u0002';

/** The parts of a policy that explain its decisions. Durations in ms; null: without limit. */
export interface PolicyFacts {
  name: string;
  retry: {
    intervalsMs: number[];
    jitter: number;
    attempts:
      | { counting: 'per-class'; replied: number | null; unreachable: number | null }
      | { counting: 'total'; total: number | null };
    windowMs: number;
    overrunMs: number;
    windowFrom: 'mailing-start' | 'first-attempt';
  };
  bounce: { hard: 'any-5xx' | 'recipient-only'; softBouncesToError: number };
}

export interface ScenarioView {
  format: 1;
  scenario: string;
  /** How the run ended; `cut off` when its events end before it did. */
  ended: string;
  /** Virtual ms of the last event. */
  endedAt: number;
  events: number;
  policy?: PolicyFacts;
  mailings: MailingView[];
  /** Domains with the most attempts; `domainsLeftOut` more are not shown. */
  domains: DomainView[];
  domainsLeftOut: number;
  hosts: HostView[];
  hostsLeftOut: number;
  /** Changes of contact status, oldest first; `changesTotal` counts those left out too. */
  changes: StatusChange[];
  changesTotal: number;
  /** Scenario events and restarts, for marks in plots. */
  marks: Mark[];
  /** Number of all contacts; `contacts` has those with a story. */
  contactsTotal: number;
  contacts: ContactStory[];
  strings: string[];
  dialogues: DialogueLine[][];
  attempts: AttemptRow[];
  /** Lists of indices into `attempts`. */
  journeys: number[][];
}

export interface MailingView {
  name: string;
  kind: MailingKind;
  state: MailingState;
  startedAt: number | null;
  completedAt: number | null;
  recipients: number;
  delivered: number;
  inProgress: number;
  bounced: { soft: number; hard: number };
  unattempted: number;
  withdrawn: number;
  lateBounces: number;
  possibleDuplicates: number;
  placement: Record<Placement, number>;
  attempts: number;
  curve: MailingCurve;
  causes: CauseView[];
}

/** The states of a mailing's deliveries over virtual time; one entry of each list per time. */
export interface MailingCurve {
  t: number[];
  inProgress: number[];
  delivered: number[];
  soft: number[];
  hard: number[];
  withdrawn: number[];
}

/** Attempts that did not deliver, by cause, and the replies behind them. */
export interface CauseView {
  cause: Cause;
  attempts: number;
  /** Deliveries that ended as bounced with this cause. */
  soft: number;
  hard: number;
  replies: ReplyView[];
  /** Attempts with replies other than those listed. */
  others: number;
}

export interface ReplyView {
  stage: Stage;
  outcome: Outcome;
  /** The reply, or the error without one. */
  said: string;
  domain: string;
  count: number;
  /** The address of one contact that got it. */
  example: string;
}

/** Counts over virtual time in steps of equal length. */
export interface Histogram {
  stepMs: number;
  /** By series: counts from the start of the run on. */
  series: Record<string, number[]>;
}

export interface DomainView {
  domain: string;
  attempts: number;
  outcomes: Record<Outcome, number>;
  overTime: Histogram;
}

export interface HostView {
  host: string;
  domain: string;
  opened: number;
  refused: number;
  noAnswer: number;
  accepted: number;
  /** Most connections open at once. */
  peak: number;
  overTime: Histogram;
}

export interface StatusChange {
  t: number;
  address: string;
  from: ContactStatus;
  to: ContactStatus;
  why: string;
  by: string;
  reason?: string;
  mailing?: string;
  cause?: Cause;
}

export interface Mark {
  t: number;
  text: string;
}

export interface ContactStory {
  /** Key of the contact. */
  address: string;
  /** The address as the user wrote it, where more than case tells it from the key. */
  written?: string;
  status: ContactStatus;
  streak: number;
  deliveries: DeliveryStory[];
  /** Other events of the contact, oldest first: `[t, text]`. */
  notes: [t: number, text: string][];
}

export interface DeliveryStory {
  mailing: string;
  queuedAt: number;
  state: DeliveryState;
  endedAt?: number;
  why?: string;
  cause?: Cause;
  /** Return path of its messages, as the servers read it. */
  returnPath?: string;
  /** Index into `journeys`. */
  journey: number;
  /** Attempts that the view has no room for; `explain` shows them. */
  attemptsLeftOut?: number;
}

/** `[virtual ms, '>' command or '<' reply or '-' remark, index into strings]` */
export type DialogueLine = [at: number, kind: '>' | '<' | '-', text: number];

/** One attempt; indices into the tables, -1 for absent. */
export type AttemptRow = [
  n: number,
  startedAt: number,
  endedAt: number,
  host: number,
  stage: Stage,
  outcome: Outcome,
  cause: Cause,
  said: number,
  shared: 0 | 1,
  nextAt: number,
  dialogue: number,
  /** Number of the session and of the transaction on it; -1 without a connection. */
  session: number,
  transaction: number,
];
