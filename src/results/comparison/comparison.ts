// The result of `compare`: its shape in JSON and on its page. Lists by policy have the order of the
// command line; the others are compared with the first one.

import type { Failure, ScenarioStatus } from '../result.js';
import type { Figures } from './figures.js';
import type { ThresholdResult } from './threshold.js';

/** The state of a delivery or the status of a contact at the end; `absent` where there was none. */
export const ENDS = [
  'absent',
  'in progress',
  'delivered',
  'soft-bounced',
  'hard-bounced',
  'withdrawn',
  'active',
  'error',
  'opt-out',
] as const;
export type End = (typeof ENDS)[number];

/** A difference of a contact: its status, or its delivery in a mailing; one end per policy. */
export interface Change {
  /** Absent for the status. */
  mailing?: string;
  ends: End[];
}

/** Contacts of one domain that end differently in the same way. */
export interface EndGroup {
  domain: string;
  contacts: number;
  changes: Change[];
  /** The first of them. */
  named: string[];
}

export interface EndDifferences {
  /** Contacts that do not end the same under all policies. */
  contacts: number;
  /** The largest groups. */
  groups: EndGroup[];
  /** Contacts in groups that are left out. */
  notShown: number;
}

export interface Curve {
  inProgress: number[];
  delivered: number[];
  attempts: number[];
}

export interface Curves {
  /** Virtual ms since each mailing began. */
  t: number[];
  /** One for each policy. */
  policies: Curve[];
}

/** A run that cannot be compared, or that breaks an invariant. */
export interface Trouble {
  file: string;
  name: string;
  policy: string;
  status: Exclude<ScenarioStatus, 'passed' | 'skipped'>;
  failures: Failure[];
}

export interface SkippedScenario {
  file: string;
  name: string;
  reason: string;
}

export interface ComparedScenario {
  file: string;
  name: string;
  seed: string;
  /** One for each policy. */
  figures: Figures[];
  /** Hosts that several domains share and whose figures differ. */
  sites: ComparedSite[];
  ends: EndDifferences;
}

/** What the hosts of a site saw. */
export interface SiteFigures {
  connections: number;
  peakConnections: number;
  refused: number;
  /** Further connections that failed while others were open. */
  limited: number;
}

export interface ComparedSite {
  site: string;
  domains: string[];
  /** One for each policy. */
  figures: SiteFigures[];
}

export interface Comparison {
  /** Version of bouncelab that made it. */
  version: string;
  policies: string[];
  /** Sums over the scenarios that ended under all policies; of the hours the longest. */
  sum: Figures[];
  /** Contacts that do not end the same under all policies. */
  differing: number;
  scenarios: ComparedScenario[];
  /** Scenarios that were not played, each with the reason. */
  skipped: SkippedScenario[];
  /** Broken invariants; and runs that did not end, whose scenarios are in no figure. */
  troubles: Trouble[];
  /** Thresholds of `--fail-if` that were given. */
  thresholds: ThresholdResult[];
  curves: Curves;
  /** True when it was interrupted: then scenarios are missing. */
  interrupted: boolean;
}
