// The Store port: what a sender must not forget. One call of `commit` is one state change and one
// transaction: all of it is kept, or nothing. A sender that starts on a store with something in
// it goes on where the last one stopped. Times here are dates, ms since 1970: clocks start anew
// with each process.

import type { Cause, ContactStatus, DeliveryState, MailingState } from '../../events/types.js';
import type { RunningAttempt } from '../model/delivery.js';
import type { Past, Standing } from '../model/history.js';
import type { NewMailing } from '../model/mailing.js';

export interface ContactRecord extends Standing {
  /** As written; compared in lower case. */
  address: string;
  /** What it was before anything happened to it; absent while nothing has. */
  start: Standing | undefined;
  /** Values of merge fields; absent while there are none. */
  fields?: Readonly<Record<string, string>> | undefined;
}

/** One entry of a contact's history; a bounce message may change an old one. Its times are dates. */
export interface PastRecord {
  /** The contact's key. */
  contact: string;
  /** Its place in the history, from 0. */
  index: number;
  past: Past;
}

/** One change of a status: who, when and why. Only ever added. */
export interface StatusRecord {
  /** The contact's key. */
  contact: string;
  at: number;
  from: ContactStatus;
  to: ContactStatus;
  why: string;
  by: string;
  reason: string | undefined;
  mailing: string | undefined;
}

export interface MailingRecord {
  name: string;
  order: NewMailing;
  state: MailingState;
  /** When building ends. */
  buildingUntil: number;
  /** When it turned in-progress; 0 while building. */
  startedAt: number;
  recipients: number;
}

export interface DeliveryRecord {
  mailing: string;
  /** The contact's key. */
  contact: string;
  state: DeliveryState;
  /** Attempts that have ended, and those of them that count against each budget. */
  attempts: number;
  replied: number;
  unreachable: number;
  /** Attempts whose end is unknown: each may be a copy that the server kept. */
  unknown: number;
  firstAttemptAt: number | undefined;
  /** Points of its grid that passed while no sender was there. */
  missed: number;
  lastCause: Cause | undefined;
  dueAt: number;
  leaving: Exclude<ContactStatus, 'active'> | undefined;
  running: RunningAttempt | undefined;
}

/** One state change: records as they are from now on. Lists may be empty. */
export interface Commit {
  contacts: readonly ContactRecord[];
  past: readonly PastRecord[];
  statuses: readonly StatusRecord[];
  mailings: readonly MailingRecord[];
  deliveries: readonly DeliveryRecord[];
}

/** Everything in a store, each list in the order in which its records were first made. */
export interface Saved {
  contacts: Iterable<ContactRecord>;
  past: Iterable<PastRecord>;
  mailings: Iterable<MailingRecord>;
  deliveries: Iterable<DeliveryRecord>;
}

/**
 * Keeps the state of one sender. All calls return when they are done, so that what follows a
 * commit (a byte on the wire, an event) cannot come before it.
 */
export interface Store {
  /**
   * The seed of what this store's senders draw.
   *
   * @param fresh makes one for a store that has none yet
   */
  seed(fresh: () => string): string;
  /** Read once, when a sender starts. @throws BouncelabError E_STORE when it cannot be read */
  load(): Saved;
  /** Keeps one state change. @throws BouncelabError E_STORE when it is not kept */
  commit(change: Commit): void;
  /** The journal of statuses, oldest first; of one contact, or of all. */
  statuses(contact?: string): Iterable<StatusRecord>;
  close(): void;
}
