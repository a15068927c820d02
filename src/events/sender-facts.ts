// What the sender logs: contacts and their status, mailings, deliveries and their attempts, bounce
// messages that it received, and its own crashes and restarts.

import type { Cause } from './causes.js';
import type {
  BouncedState,
  ContactStatus,
  MailingKind,
  Outcome,
  Reply,
  Stage,
  TerminalState,
} from './words.js';

interface ContactAdded {
  type: 'contact.added';
  address: string;
  status: ContactStatus;
  softBounceStreak: number;
}
interface ContactStatusChanged {
  type: 'contact.status';
  address: string;
  from: ContactStatus;
  to: ContactStatus;
  /** `hard-bounce`, `soft-bounces`, or what a person did: `opt-out`, `reactivate`, `subscribe`. */
  why: 'hard-bounce' | 'soft-bounces' | 'opt-out' | 'reactivate' | 'subscribe';
  /** Who: `sender`, or the actor of the scenario event. */
  by: string;
  reason?: string;
  mailing?: string;
}
interface ContactStreakChanged {
  type: 'contact.streak';
  address: string;
  from: number;
  to: number;
  mailing?: string;
}
/** A request about a contact that the rules forbid, such as re-activating an opt-out. */
interface ContactRefused {
  type: 'contact.refused';
  address: string;
  request: 'reactivate' | 'add' | 'subscribe' | 'opt-out';
  why: string;
}

interface MailingBuilding {
  type: 'mailing.building';
  mailing: string;
  kind: MailingKind;
  /** The automated mailing that this one is an occurrence of. */
  series?: string;
}
/** An automated mailing is in force: from now on it begins mailings by itself. Told again by a new sender. */
interface SeriesOrdered {
  type: 'series.ordered';
  series: string;
  on?: 'contact-added';
  everyMs?: number;
  /** How many mailings it will be. */
  count?: number;
}
interface MailingStarted {
  type: 'mailing.started';
  mailing: string;
  recipients: number;
}
interface MailingCompleted {
  type: 'mailing.completed';
  mailing: string;
}
/** The sender passes over a host that refused a connection or throttled. No attempt of anybody. */
interface HostSuspended {
  type: 'host.suspended';
  domain: string;
  host: string;
  /** Virtual ms. */
  until: number;
  why: 'refused' | 'throttled';
}
/** A host refused a connection while others stood: no more than these are opened for now. */
interface DestinationLimited {
  type: 'destination.limited';
  domain: string;
  host: string;
  connections: number;
}
interface DeliveryQueued {
  type: 'delivery.queued';
  mailing: string;
  address: string;
}
/** A host that did not come to a dialogue: why, as a reply code or an error. */
export interface TriedHost {
  host: string;
  stage: Stage;
  code?: number;
  error?: string;
}
/** One attempt, logged when it ends. Attempts of one delivery never overlap. */
interface AttemptMade {
  type: 'attempt';
  mailing: string;
  address: string;
  /** 1 for the first attempt of the delivery. */
  n: number;
  startedAt: number;
  domain: string;
  /** Host that gave the result; absent when DNS gave none. */
  host?: string;
  /** Hosts tried before it in this attempt, in order; absent when there was none. */
  tried?: TriedHost[];
  /**
   * The sender's end of the connection, as in `connection.opened`: it leads from an attempt to what was
   * said. Absent when no connection came about.
   */
  client?: string;
  stage: Stage;
  outcome: Outcome;
  cause: Cause;
  reply?: Reply;
  /** What went wrong when there is no usable reply: `ECONNREFUSED`, `ETIMEDOUT`, ... */
  error?: string;
  /** The result of one connection that all deliveries due at this host took together (rule 13). */
  shared?: true;
  /** When the next attempt is due; absent when this was the last. */
  nextAt?: number;
}
/** An attempt that a crash of the sender cut short before the final dot; it counts for nothing. */
interface AttemptInterrupted {
  type: 'attempt.interrupted';
  mailing: string;
  address: string;
  startedAt: number;
  domain: string;
  host: string;
}
interface DeliveryEnded {
  type: 'delivery.ended';
  mailing: string;
  address: string;
  state: TerminalState;
  /** Cause of the attempt that ended it; absent for delivered and withdrawn. */
  cause?: Cause;
  /** The rule that ended it, for people: `budget spent`, `window over`, `5xx`, ... */
  why: string;
}
/** A bounce message has changed how a delivery ended that was `delivered` (rule 11). */
interface DeliveryReturned {
  type: 'delivery.returned';
  mailing: string;
  address: string;
  state: BouncedState;
  cause: Cause;
  why: string;
}
/** A message came to the sender's return path. */
interface BounceReceived {
  type: 'bounce.received';
  /** Return path that it was sent to. */
  to: string;
  /** Whom that return path says it is about, as far as it can be read. */
  mailing?: string;
  address?: string;
  /** Status code (RFC 3463) and action (RFC 3464) that it gives for the contact. */
  status?: string;
  action?: string;
  /** `duplicate`: another one has changed this delivery before. */
  result: 'applied' | 'duplicate' | 'ignored';
  why: string;
}
/** The sender was killed: what its store does not have is lost, and its connections are cut. */
interface SenderCrashed {
  type: 'sender.crashed';
}
/** A sender started on a store and found something in it. */
interface SenderRestarted {
  type: 'sender.restarted';
  /** Deliveries in progress. */
  inProgress: number;
  /** Of these, those whose attempt was cut short before the final dot. */
  interrupted: number;
  /** Of these, those whose attempt was cut short after the final dot: the server may have the message. */
  unknown: number;
}

/** What the sender logs. */
export type SenderFact =
  | ContactAdded
  | ContactStatusChanged
  | ContactStreakChanged
  | ContactRefused
  | MailingBuilding
  | SeriesOrdered
  | MailingStarted
  | MailingCompleted
  | HostSuspended
  | DestinationLimited
  | DeliveryQueued
  | AttemptMade
  | AttemptInterrupted
  | DeliveryEnded
  | DeliveryReturned
  | BounceReceived
  | SenderCrashed
  | SenderRestarted;
