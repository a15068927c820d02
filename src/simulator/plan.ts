// What the simulator is told to be: plain data made by the scenario loader (or by a test).

import type { Cause, Reply, Stage } from '../events/types.js';
import type { Window } from '../base/units.js';

/** Key of the fleet whose servers receive for every domain that is not named. */
export const DEFAULT_DOMAIN = 'default';

/**
 * Where a behavior acts: `dial` is the TCP handshake, before any server speaks; `body` is while a
 * message is coming in; `idle` is when no transaction is under way and nothing was asked for a
 * while; the others are the stages of the dialogue; `any` is every one of them.
 */
export const POINTS = [
  'dial',
  'connect',
  'ehlo',
  'starttls',
  'mail',
  'rcpt',
  'data',
  'body',
  'message',
  'idle',
  'any',
] as const satisfies readonly (Stage | 'dial' | 'body' | 'idle' | 'any')[];
export type Point = (typeof POINTS)[number];

/** Every condition that is given must hold. */
export interface Conditions {
  /** Virtual time since the start of the run. */
  during?: Window;
  /** From this virtual time on, ms. */
  from?: number;
  /** Until this virtual time, ms. */
  until?: number;
  /** Which attempts at this recipient, counted by this server from 1; both ends included. */
  attempts?: { from: number; to: number };
  /** A fixed, seeded fraction of the recipients. */
  share?: number;
  /** A seeded draw per attempt (per connection where the recipient is not known). */
  chance?: number;
}

export interface BehaviorPlan {
  /** Name in the table of behaviors. */
  do: string;
  at: Point;
  when: Conditions;
  /** Parsed parameters of that behavior. */
  params: Record<string, unknown>;
}

/** What a provider says for one cause. */
export interface WordPlan {
  cause: Cause;
  /** Where it says so; undefined where no source tells. */
  stage: Stage | undefined;
  /** With placeholders. */
  reply: Reply;
}

/** The profile of a provider, as far as its servers need it. */
export interface ProfilePlan {
  name: string;
  /** Whole name of its MX host; absent where that is made for each customer. */
  mx?: string;
  /** Lines of the greeting, with placeholders. */
  banner?: string[];
  /** What EHLO offers. */
  ehlo?: string[];
  /** In order of preference. */
  words: WordPlan[];
}

/** What DNS says of a recipient domain. */
export const DNS_ANSWERS = ['mx', 'a-only', 'nxdomain', 'servfail', 'null-mx', 'timeout'] as const;
export type DnsAnswer = (typeof DNS_ANSWERS)[number];

export interface DnsPlan {
  answer: DnsAnswer;
  /** Virtual time in which it says so; at any other time it is `mx`. */
  during?: Window;
  /** Likewise, until this virtual time, ms. */
  until?: number;
}

/** One MX host of a domain. */
export interface HostPlan {
  /** One label, which stands before the domain, or a whole name; lower case. */
  name: string;
  /** The lowest is tried first (RFC 5321, 5.1). */
  preference: number;
  /** False: the name has no address. */
  hasAddress: boolean;
  /** What this host does, asked after the mailbox and before the behaviors of the domain. */
  behaviors: BehaviorPlan[];
}

export interface DomainPlan {
  /** Absent: `mx`, always. */
  dns?: DnsPlan;
  /** Absent: one MX host, `mx` with preference 10; under `a-only` the domain itself. */
  hosts?: HostPlan[];
  /** Its servers offer STARTTLS. Those of a domain with a behavior at `starttls` do so in any case. */
  tls?: boolean;
  /** How its servers speak. */
  profile?: ProfilePlan;
  /** A mailbox that is not named does what the `+` of its address says, see `shorthand.ts`. */
  shorthand?: boolean;
  /** What every host of the domain does. */
  behaviors: BehaviorPlan[];
  /** Keyed by local part, lower case; a key may hold `*`. The first key that matches is used. */
  mailboxes: { pattern: string; behaviors: BehaviorPlan[] }[];
}

/** The fully qualified name of a host. */
export function hostNameOf({ name }: Pick<HostPlan, 'name'>, domain: string): string {
  return name.includes('.') || name === domain ? name : `${name}.${domain}`;
}
