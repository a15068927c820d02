// A scenario after loading: every default is filled in, every duration is in milliseconds, every name is
// resolved. It is plain data, so that it can be sent to a worker thread. The loader creates it and the
// runner plays it.

import type { Location } from '../base/errors.js';
import type { ContactStatus, MailingKind } from '../events/types.js';
import type { RetryPolicy } from '../policy/retry-policy.js';
import type { BehaviorPlan, DomainPlan, SitePlan } from '../simulator/plan.js';

export const WIRES = ['memory', 'tcp'] as const;
export type WireKind = (typeof WIRES)[number];

export const STORES = ['memory', 'sqlite'] as const;
export type StoreKind = (typeof STORES)[number];

export interface ScenarioPlan {
  /** Path relative to the working directory, with forward slashes. */
  file: string;
  name: string;
  description: string;
  tags: string[];
  /** Seed of every random draw of this run. */
  seed: string;
  policy: RetryPolicy;
  /** External sender; without it the sender of bouncelab is played. */
  sender?: SenderPlan;
  /** Transport between sender and servers. */
  wire: WireKind;
  /** Store of the state of the sender of bouncelab. */
  store: StoreKind;
  network: { latencyMs: number };
  /** Keyed by recipient domain, lower case; `default` receives for all other domains. */
  fleet: Record<string, DomainPlan>;
  /** Hosts that several of these domains share, by the name that `site` of a domain gives. */
  sites?: Record<string, SitePlan>;
  contacts: ContactPlan[];
  /** Keys of addresses that no server may see; they need not be contacts. Absent when there are none. */
  suppressed?: string[];
  mailings: MailingPlan[];
  /** In order of time; events of the same time in the order of the file. */
  events: EventPlan[];
  expectations: ExpectationPlan[];
}

/** An external sender: a module that replaces the sender of bouncelab. */
export interface SenderPlan {
  /** Absolute path of the module. */
  file: string;
  /** As written, for messages. */
  name: string;
  /** Location of the name: a key of the scenario, or its first line when the command line gives it. */
  location: Location;
}

export interface ContactPlan {
  /** As written; compared without regard to case. */
  address: string;
  status: ContactStatus;
  softBounceStreak: number;
  /** Values of merge fields by name, in lower case. */
  fields?: Record<string, string>;
}

export interface MailingPlan {
  name: string;
  kind: MailingKind;
  /** When it starts building, virtual ms. */
  at: number;
  /** How long it is `building`. */
  buildingMs: number;
  /** Contacts that it is for; all contacts when absent. */
  to?: { domain?: string; addresses?: string[] };
  message: MessagePlan;
  /** What starts the occurrences of an automated mailing; absent for a standard mailing. */
  trigger?: { on: 'contact-added' } | { everyMs: number; count: number };
}

interface MessagePlan {
  subject: string;
  text: string;
  /** Size to which the text is padded; 0 adds nothing. */
  sizeBytes: number;
}

export type EventPlan = { at: number } & (
  | { action: 'opt-out'; address: string }
  /** `address` may contain `*`; a pattern matches only contacts in `error`. */
  | { action: 'reactivate'; address: string; reason: string; by: string }
  | { action: 'subscribe'; address: string }
  | { action: 'add'; address: string }
  /** Kills the sender; another one starts on the same store `restartMs` later. */
  | { action: 'crash'; restartMs: number }
  /** A bounce message that no server of the fleet produced: forged, or for a message that was never sent. */
  | { action: 'bounce'; to: string; about: string; status: string }
  /** Replaces the behaviors of a domain or a host, or of one mailbox when the subject is an address. */
  | { action: 'set'; subject: string; behaviors: BehaviorPlan[] }
);

/** One block of `expect`: checked once everything that is due at `at` has happened. */
export interface ExpectationPlan {
  at: number | 'end';
  checks: Check[];
}

/** Bounds of a number. Both are inclusive unless `exclusive`. */
export interface NumberMatcher {
  /** As written, for messages: `2..4`, `>= 990`, `1000`. */
  text: string;
  min?: number;
  max?: number;
  exclusive?: boolean;
}

/** One thing that must be true, with its location in the file. */
export type Check = { location: Location } & (
  | { kind: 'mailing-number'; mailing: string; field: MailingNumber; expected: NumberMatcher }
  /** Time from `in-progress` to `completed`, compared to the second. */
  | { kind: 'completed'; mailing: string; expected: NumberMatcher }
  | { kind: 'mailing-state'; mailing: string; expected: string }
  | { kind: 'placement'; mailing: string; placement: string; expected: NumberMatcher }
  | { kind: 'cause'; mailing: string; cause: string; expected: NumberMatcher }
  /** Contacts that became `error` through one mailing, or through all when `mailing` is absent. */
  | { kind: 'lost'; mailing?: string; figure: LostFigure; expected: NumberMatcher }
  /** Attempts that the sender made for one address: their number, or their offsets from the first, in ms. */
  | { kind: 'attempts'; mailing: string; address: string; expected: NumberMatcher | { offsets: number[] } }
  /** The same for attempts that reached a server (it received RCPT for this address). */
  | { kind: 'seen'; mailing: string; address: string; expected: NumberMatcher | { offsets: number[] } }
  /** `address` may contain `*`: it must match at least one contact, and the check applies to each. */
  | { kind: 'contact'; address: string; status?: ContactStatus; softBounceStreak?: NumberMatcher }
  | { kind: 'statuses'; status: ContactStatus; expected: NumberMatcher }
  | { kind: 'server'; domain: string; field: ServerNumber; expected: NumberMatcher }
);

export type MailingNumber =
  | 'recipients'
  | 'delivered'
  | 'inProgress'
  | 'bounced.soft'
  | 'bounced.hard'
  | 'unattempted'
  | 'withdrawn'
  | 'possibleDuplicates'
  | 'lateBounces';

/** `notTheirs`: contacts whose bounce was not caused by their own mailbox. `cause`: those of one cause. */
type LostFigure = 'total' | 'notTheirs' | { cause: string };

export const SERVER_NUMBERS = ['connections', 'peakConnections', 'refused', 'accepted', 'tls'] as const;
export type ServerNumber = (typeof SERVER_NUMBERS)[number];
