// The plan of a fleet: plain data that the scenario loader, or a test, gives to the simulator.

import type { Location } from '../base/errors.js';
import type { Cause, Reply, Stage } from '../events/types.js';
import type { Window } from '../base/units.js';

/** Key of the fleet whose servers receive for every domain that is not named. */
export const DEFAULT_DOMAIN = 'default';

/**
 * Where a behavior acts: `dial` is the TCP handshake, before the greeting; `body` is while a message is
 * being received; `idle` is when no transaction is under way and no command has come for a while; the
 * others are the stages of the SMTP dialogue; `any` is all of them.
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

/** All given conditions must hold. */
export interface Conditions {
  /** Virtual time since the start of the run. */
  during?: Window;
  /** From this virtual time on, ms. */
  from?: number;
  /** Until this virtual time, ms. */
  until?: number;
  /** Range of attempts at this recipient, counted by this host from 1; both ends included. */
  attempts?: { from: number; to: number };
  /** A fixed, seeded fraction of the recipients. */
  share?: number;
  /** The connection is over this family of addresses. */
  family?: Family;
  /** Probability of a seeded draw per attempt; per connection where the recipient is not known. */
  chance?: number;
}

export interface BehaviorPlan {
  /** Name in the table of behaviors. */
  do: string;
  at: Point;
  when: Conditions;
  /** Parsed parameters of that behavior. */
  params: Record<string, unknown>;
  /** Where the file of the scenario has it; absent for one that no file contains. */
  place?: Omit<Location, 'file'>;
}

/** A provider's reply for one cause. */
export interface WordPlan {
  cause: Cause;
  /** Where the reply is sent; undefined where no source names the stage. */
  stage: Stage | undefined;
  /** With placeholders. */
  reply: Reply;
}

/** The parts of a provider's profile that its hosts need. */
export interface ProfilePlan {
  name: string;
  /** Fully qualified name of its MX host; absent when each customer has its own. */
  mx?: string;
  /** Lines of the greeting, with placeholders. */
  banner?: string[];
  /** Capabilities in the reply to EHLO. */
  ehlo?: string[];
  /** In order of preference. */
  words: WordPlan[];
}

/** How DNS answers for a recipient domain. */
export const DNS_ANSWERS = ['mx', 'a-only', 'nxdomain', 'servfail', 'null-mx', 'timeout'] as const;
export type DnsAnswer = (typeof DNS_ANSWERS)[number];

export interface DnsPlan {
  answer: DnsAnswer;
  /** Virtual time of this answer; at any other time it is `mx`. */
  during?: Window;
  /** End of this answer in virtual time, ms; after it, `mx`. */
  until?: number;
}

/** IPv4 and IPv6. */
export const FAMILIES = ['v4', 'v6'] as const;
export type Family = (typeof FAMILIES)[number];

/** The address of a host in each family that it has. */
export type Addresses = Partial<Record<Family, string>>;

/** One MX host of a domain or a site. */
export interface HostPlan {
  /**
   * One label, to which the domain is added, or a fully qualified name; lower case. That of a host of a site
   * is fully qualified, or begins with `{domain}.`: each domain has a name of its own for that host.
   */
  name: string;
  /** MX preference: the lowest is tried first (RFC 5321, 5.1). */
  preference: number;
  /** False: the name has neither an A nor an AAAA record. */
  hasAddress: boolean;
  /** Whether this host takes recipients of any domain; absent: as its domain or its site says. */
  relay?: boolean;
  /** Families of its addresses: A and AAAA records. Absent: `v4` alone. */
  families?: readonly Family[];
  /** Behaviors of this host, asked after those of the mailbox and before those of the domain. */
  behaviors: BehaviorPlan[];
}

/** Hosts that several domains share. What they count, they count for all of these domains together. */
export interface SitePlan {
  hosts: HostPlan[];
  /** Whether its hosts offer STARTTLS. With a behavior at `starttls` they do in any case. */
  tls?: boolean;
  /** Provider whose replies its hosts send. */
  profile?: ProfilePlan;
  /** Whether its hosts take recipients of any domain; otherwise those of the site's domains alone. */
  relay?: boolean;
  /** Behaviors of every host of the site, for every domain. */
  behaviors: BehaviorPlan[];
}

export interface DomainPlan {
  /** Absent: `mx`, always. */
  dns?: DnsPlan;
  /**
   * Absent: one MX host, `mx` with preference 10; under `a-only` the domain itself. Of a domain with
   * `site`: those hosts of the site that are its MX, without behaviors; absent: all of them.
   */
  hosts?: HostPlan[];
  /** Site whose hosts receive for this domain. Then `tls`, `profile` and `relay` are the site's. */
  site?: string;
  /** Whether its hosts offer STARTTLS. With a behavior at `starttls` they do in any case. */
  tls?: boolean;
  /** Provider whose replies its hosts send. */
  profile?: ProfilePlan;
  /** Whether its hosts take recipients of any domain; otherwise those of this domain alone. */
  relay?: boolean;
  /** A mailbox that is not listed has the behaviors named after the `+` of its address, see `shorthand.ts`. */
  shorthand?: boolean;
  /** Behaviors of every host of the domain; of a domain with `site`, for recipients of this domain alone. */
  behaviors: BehaviorPlan[];
  /** Keyed by local part, lower case; a key may hold `*`. The first key that matches is used. */
  mailboxes: { pattern: string; behaviors: BehaviorPlan[] }[];
}

/** Stands for the domain, with dashes for dots, in the name of a host of a site. */
export const DOMAIN_MARK = '{domain}';

/** The name that a domain has for a host of its site: `example-org.mail.example` for `{domain}.mail.example`. */
export function aliasOf(name: string, domain: string): string {
  return name.replace(DOMAIN_MARK, () => domain.replaceAll('.', '-'));
}

/** The name of a host of a site for itself: without the part that differs between domains. */
export function canonicalName(name: string): string {
  return name.replace(`${DOMAIN_MARK}.`, '');
}

/** The fully qualified name of a host. */
export function hostNameOf({ name }: Pick<HostPlan, 'name'>, domain: string): string {
  return name.includes('.') || name === domain ? name : `${name}.${domain}`;
}
