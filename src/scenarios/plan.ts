// A scenario after loading: every default filled in, every duration in milliseconds, every name
// resolved. Plain data, so that it can be handed to a worker thread. The loader makes it, the
// runner plays it.

import type { Location } from '../base/errors.js';
import type { ContactStatus, MailingKind } from '../events/types.js';
import type { RetryPolicy } from '../policy/retry-policy.js';
import type { BehaviorPlan, DomainPlan } from '../simulator/plan.js';

export const WIRES = ['memory', 'tcp'] as const;
export type Wire = (typeof WIRES)[number];

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
  /** The module that sends in the place of ours, if one does. */
  sender?: SenderPlan;
  /** What carries the bytes between sender and servers. */
  wire: Wire;
  /** What keeps the state of our sender. */
  store: StoreKind;
  network: { latencyMs: number };
  /** Keyed by recipient domain, lower case; `default` catches the rest. */
  fleet: Record<string, DomainPlan>;
  contacts: ContactPlan[];
  mailings: MailingPlan[];
  /** In order of time; those of one instant in the order of the file. */
  events: EventPlan[];
  expectations: ExpectationPlan[];
}

export interface SenderPlan {
  /** Absolute path of the module. */
  file: string;
  /** As written, for messages. */
  name: string;
  /** Where that stands: a key of the scenario, or its first line when the command line says it. */
  location: Location;
}

export interface ContactPlan {
  /** As written; compared case-insensitively. */
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
  /** How long it is `building`, ms. */
  buildingMs: number;
  /** Which contacts are chosen; absent: all of them. */
  to?: { domain?: string; addresses?: string[] };
  message: MessagePlan;
  /** What begins the occurrences of an automated mailing; absent for one that is sent once. */
  trigger?: { on: 'contact-added' } | { everyMs: number; count: number };
}

export interface MessagePlan {
  subject: string;
  text: string;
  /** Bytes the text is padded to; 0 leaves it as it is. */
  sizeBytes: number;
}

export type EventPlan = { at: number } & (
  | { action: 'opt-out'; address: string }
  /** `address` may hold `*`: then it is about those that are in error. */
  | { action: 'reactivate'; address: string; reason: string; by: string }
  | { action: 'subscribe'; address: string }
  | { action: 'add'; address: string }
  /** Kills the sender; another starts on its store `restartMs` later. */
  | { action: 'crash'; restartMs: number }
  /** A bounce message out of nowhere: forged, or about something that was never sent. */
  | { action: 'bounce'; to: string; about: string; status: string }
  /** Replaces the behaviors of a whole domain, or of one mailbox when the subject is an address. */
  | { action: 'set'; subject: string; behaviors: BehaviorPlan[] }
);

/** One block of `expect`: what must hold once everything due at `at` has happened. */
export interface ExpectationPlan {
  at: number | 'end';
  checks: Check[];
}

/** A number, or the bounds it must keep. Both bounds are inclusive unless `exclusive`. */
export interface NumberMatcher {
  /** As written, for messages: `2..4`, `>= 990`, `1000`. */
  text: string;
  min?: number;
  max?: number;
  exclusive?: boolean;
}

/** One thing that must be true, with the place in the file that says so. */
export type Check = { location: Location } & (
  | { kind: 'mailing-number'; mailing: string; field: MailingNumber; expected: NumberMatcher }
  /** Durations compare to the second: `completed`, counted from the mailing's start. */
  | { kind: 'completed'; mailing: string; expected: NumberMatcher }
  | { kind: 'mailing-state'; mailing: string; expected: string }
  | { kind: 'placement'; mailing: string; placement: string; expected: NumberMatcher }
  | { kind: 'cause'; mailing: string; cause: string; expected: NumberMatcher }
  /** Contacts that became `error`: `total`, `notTheirs`, or of one cause; without a mailing those of all. */
  | { kind: 'lost'; mailing?: string; figure: LostFigure; expected: NumberMatcher }
  /** Attempts the sender made for one address: how many, or their offsets from the first, in ms. */
  | { kind: 'attempts'; mailing: string; address: string; expected: NumberMatcher | { offsets: number[] } }
  /** Attempts that reached a server as the fleet saw them (a RCPT for this address). */
  | { kind: 'seen'; mailing: string; address: string; expected: NumberMatcher | { offsets: number[] } }
  /** `address` may hold `*`: then it must match at least one contact and hold for each. */
  | { kind: 'contact'; address: string; status?: ContactStatus; softBounceStreak?: NumberMatcher }
  | { kind: 'statuses'; status: ContactStatus; expected: NumberMatcher }
  | { kind: 'server'; domain: string; field: ServerNumber; expected: NumberMatcher }
);

export const MAILING_NUMBERS = [
  'recipients',
  'delivered',
  'inProgress',
  'bounced.soft',
  'bounced.hard',
  'withdrawn',
  'possibleDuplicates',
  'lateBounces',
] as const;
export type MailingNumber = (typeof MAILING_NUMBERS)[number];

/** `cause` stands for contacts lost to that cause. */
export type LostFigure = 'total' | 'notTheirs' | { cause: string };

export const SERVER_NUMBERS = ['connections', 'peakConnections', 'refused', 'accepted', 'tls'] as const;
export type ServerNumber = (typeof SERVER_NUMBERS)[number];
