// The vocabulary of a run. Every fact is one event; expectations, reports and replay read events
// and nothing else. Times are virtual milliseconds since the start of the run.

/** Stages of an SMTP dialogue at which a server can answer. `message` is after the final dot. */
export const STAGES = ['connect', 'ehlo', 'starttls', 'mail', 'rcpt', 'data', 'message'] as const;
export type Stage = (typeof STAGES)[number];

/** One SMTP reply (RFC 5321, 4.2). */
export interface Reply {
  /** Three-digit reply code. */
  code: number;
  /** Enhanced status code (RFC 3463), such as `4.2.2`. */
  enhanced?: string;
  /** Text of each line, without reply code and enhanced code. */
  lines: string[];
}

export type ContactStatus = 'active' | 'error' | 'opt-out';
export type MailingKind = 'standard' | 'automated';
export type MailingState = 'building' | 'in-progress' | 'completed';
export type DeliveryState = 'queued' | 'delivered' | 'soft-bounced' | 'hard-bounced' | 'withdrawn';
export type TerminalState = Exclude<DeliveryState, 'queued'>;
export type BouncedState = Extract<DeliveryState, 'soft-bounced' | 'hard-bounced'>;

export const OUTCOMES = ['accepted', 'deferred', 'rejected', 'unreachable', 'unknown'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const CAUSES = [
  'user-unknown',
  'mailbox-full',
  'mailbox-disabled',
  'throttled',
  'greylisted',
  'server-busy',
  'spam-block',
  'content-block',
  'ip-blocklisted',
  'auth-failure',
  'policy',
  'message-too-big',
  'relay-denied',
  'dns-failure',
  'network',
  'protocol-error',
  'other',
] as const;
export type Cause = (typeof CAUSES)[number];

/** What the receiving side did with an accepted message. Only the simulator knows it. */
export type Placement = 'inbox' | 'junk' | 'discarded' | 'returned';

interface RunStarted {
  type: 'run.started';
  /** Version of the event format. */
  format: 1;
  scenario: string;
  seed: string;
  policy: string;
  wire: string;
}
interface RunEnded {
  type: 'run.ended';
  /** `deadlock`: deliveries in progress and nothing left that could end them. */
  reason: 'idle' | 'deadlock' | 'horizon';
}
/** The clock passed over a second or more in which nothing happened. */
interface ClockJumped {
  type: 'clock.jumped';
  from: number;
}

/** A name was looked up. */
interface DnsAnswered {
  type: 'dns.answered';
  query: 'MX' | 'A';
  name: string;
  /** Recipient domain that the name belongs to. */
  domain: string;
  /** What was found: `10 mx1.example.org`, or `0 .` for a null MX (RFC 7505); addresses. */
  records?: string[];
  /** Why nothing was, as node:dns says it: `ENOTFOUND`, `ENODATA`, `ESERVFAIL`, `ETIMEOUT`. */
  error?: string;
}
interface ConnectionOpened {
  type: 'connection.opened';
  session: number;
  domain: string;
  host: string;
  /** Client address and port as the server sees them. */
  client: string;
}
/** A connection that no server accepted: refused (RST) or never answered. */
interface ConnectionRefused {
  type: 'connection.refused';
  domain: string;
  host: string;
  how: 'refused' | 'no-answer';
}
interface ConnectionClosed {
  type: 'connection.closed';
  session: number;
}
/** A command line as the server read it. */
interface SmtpCommand {
  type: 'smtp.command';
  session: number;
  line: string;
}
/** A reply as the server wrote it. */
interface SmtpReply extends Reply {
  type: 'smtp.reply';
  session: number;
  stage: Stage | 'other';
}
/** Bytes that a server wrote in the place of a reply, which are none. One character is one byte. */
interface SmtpGarbled {
  type: 'smtp.garbled';
  session: number;
  stage: Stage | 'other';
  text: string;
}
/** A session has turned to TLS after STARTTLS. */
interface TlsStarted {
  type: 'tls.started';
  session: number;
  /** `TLSv1.3`, ... */
  protocol: string;
  /** What the server showed. */
  certificate: 'valid' | 'expired';
}
/** A session was to turn to TLS, and the handshake came to nothing. */
interface TlsFailed {
  type: 'tls.failed';
  session: number;
}
/** A server took responsibility for a message, whether or not its reply reached the client. */
interface MessageAccepted {
  type: 'message.accepted';
  session: number;
  domain: string;
  host: string;
  mailFrom: string;
  rcpt: string;
  /** Bytes of the message as received, dots unstuffed. */
  size: number;
  placement: Placement;
}

/**
 * A server sent a message back about one that it had taken, or tried to: a bounce message
 * (RFC 3464), or an automatic reply.
 */
interface MessageReturned {
  type: 'message.returned';
  domain: string;
  host: string;
  /** Recipient of the message that it is about. */
  rcpt: string;
  /** Return path that it goes to; empty when there is none, and then nothing is sent. */
  to: string;
  kind: 'bounce' | 'auto-reply';
  /** Of a bounce message: its status code (RFC 3463) and action (RFC 3464). */
  status?: string;
  action?: string;
  /** `deferred` is tried again, `failed` is not. */
  outcome: 'sent' | 'deferred' | 'failed';
  /** Reply code at the return path's host, or what went wrong without one. */
  said: string;
}

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
/** A scenario event was applied: what somebody did at that moment. */
interface ScenarioEvent {
  type: 'scenario.event';
  action: string;
  subject: string;
}

/** What is told to the log; `seq` and `t` are added by it. */
export type Fact =
  | RunStarted
  | RunEnded
  | ClockJumped
  | DnsAnswered
  | ConnectionOpened
  | ConnectionRefused
  | ConnectionClosed
  | SmtpCommand
  | SmtpReply
  | SmtpGarbled
  | TlsStarted
  | TlsFailed
  | MessageAccepted
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
  | MessageReturned
  | SenderCrashed
  | SenderRestarted
  | ScenarioEvent;

/** One event of a run. `seq` counts from 0 without gaps; `t` is virtual ms since the start. */
export type RunEvent = Fact & { seq: number; t: number };

export type FactType = Fact['type'];

/** Somewhere to tell facts to. The sender and the simulator know nothing else of the log. */
export type Emit = (fact: Fact) => void;
