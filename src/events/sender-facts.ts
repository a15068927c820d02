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
  /** Key of the contact, which all events use. */
  address: string;
  /** The address as the user wrote it, where more than case tells it from the key. */
  written?: string;
  status: ContactStatus;
  softBounceStreak: number;
}
interface ContactStatusChanged {
  type: 'contact.status';
  address: string;
  from: ContactStatus;
  to: ContactStatus;
  /** `hard-bounce`, `soft-bounces`, or the action of a person: `opt-out`, `reactivate`, `subscribe`. */
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
/** An automated mailing was ordered: from now on it starts mailings itself. Logged again after a restart. */
interface SeriesOrdered {
  type: 'series.ordered';
  series: string;
  on?: 'contact-added';
  everyMs?: number;
  /** How many mailings it starts. */
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
/** The sender skips a host that refused a connection or throttled. Not an attempt of any delivery. */
interface HostSuspended {
  type: 'host.suspended';
  domain: string;
  host: string;
  /** Virtual ms. */
  until: number;
  why: 'refused' | 'throttled';
}
/** A connection failed while others were open: the sender opens no more than these for now. */
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
/** A host that was tried without success: the reply code or the error. */
export interface TriedHost {
  host: string;
  stage: Stage;
  code?: number;
  error?: string;
}
/** An attempt, logged when it ends. Attempts of one delivery never overlap. */
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
   * The sender's address and port, as in `connection.opened`: identifies the session of the attempt.
   * Absent without a connection.
   */
  client?: string;
  stage: Stage;
  outcome: Outcome;
  cause: Cause;
  reply?: Reply;
  /** The error when there is no usable reply: `ECONNREFUSED`, `ETIMEDOUT`, ... */
  error?: string;
  /** The failure of one connection, shared by all deliveries that were due at this host (rule 13). */
  shared?: true;
  /** When the next attempt is due; absent when this was the last. */
  nextAt?: number;
}
/** An attempt that a crash of the sender interrupted before the final dot; it is not counted. */
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
  /** The rule that ended it: `budget spent`, `window over`, `5xx`, ... */
  why: string;
  /** Given up without any attempt: it leaves the streak of the contact alone (rule 8). */
  unattempted?: true;
}
/** A bounce message turned a delivered message into a bounced one (rule 11). */
interface DeliveryReturned {
  type: 'delivery.returned';
  mailing: string;
  address: string;
  state: BouncedState;
  cause: Cause;
  why: string;
}
/** The sender received a message at its return path. */
interface BounceReceived {
  type: 'bounce.received';
  /** Return path that it was sent to. */
  to: string;
  /** The mailing and the contact that the return path names, when it can be read. */
  mailing?: string;
  address?: string;
  /** Its status code (RFC 3463) and action (RFC 3464) for the contact. */
  status?: string;
  action?: string;
  /** `duplicate`: an earlier one has changed this delivery. */
  result: 'applied' | 'duplicate' | 'ignored';
  why: string;
}
/** The sender was killed: it keeps only the contents of its store, and its connections are cut. */
interface SenderCrashed {
  type: 'sender.crashed';
}
/** A sender started with a store that was not empty. */
interface SenderRestarted {
  type: 'sender.restarted';
  /** Deliveries in progress. */
  inProgress: number;
  /** Of these, those whose attempt was interrupted before the final dot. */
  interrupted: number;
  /** Of these, those whose attempt was interrupted after the final dot: the server may have the message. */
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
