// The Store port: the state that must outlive a sender. One call of `commit` is one state change and one
// transaction. A sender that starts on a store resumes where the last one stopped. Times here are
// dates, ms since 1970, because the sender's clock starts at a new origin in each process.

import type { Cause, ContactStatus, DeliveryState, MailingState } from '../../events/types.js';
import type { RunningAttempt } from '../model/delivery.js';
import type { HistoryEntry, Standing } from '../model/history.js';
import type { NewMailing } from '../model/mailing.js';

export interface ContactRecord extends Standing {
  /** As the user wrote it; compared in lower case. */
  address: string;
  /** Its standing before the first entry of its history; absent while there is none. */
  start: Standing | undefined;
  /** Values of merge fields by name, in lower case; absent when there are none. */
  fields?: Readonly<Record<string, string>> | undefined;
}

/** One entry of a contact's history. A bounce message may change an old entry. */
export interface PastRecord {
  /** The contact's key. */
  contact: string;
  /** Position in the history, from 0. */
  index: number;
  past: HistoryEntry;
}

/** One entry of the journal of statuses. Entries are added, never changed. */
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
  /** When it became `in-progress`; 0 while building. */
  startedAt: number;
  recipients: number;
}

/**
 * A contact that joined a mailing while it was building, beside those that the order names. Such records are added,
 * never changed: the order would have to be stored again for each.
 */
export interface JoinedRecord {
  mailing: string;
  /** The contact's key. */
  contact: string;
}

export interface DeliveryRecord {
  mailing: string;
  /** The contact's key. */
  contact: string;
  state: DeliveryState;
  /** Attempts that have ended. `replied` and `unreachable` of them count against the budgets of those names. */
  attempts: number;
  replied: number;
  unreachable: number;
  /** Attempts with an unknown outcome: the server may have accepted a copy in each. */
  unknown: number;
  firstAttemptAt: number | undefined;
  /** Points of its grid that passed while no sender ran. */
  missed: number;
  lastCause: Cause | undefined;
  dueAt: number;
  leaving: Exclude<ContactStatus, 'active'> | undefined;
  running: RunningAttempt | undefined;
}

/** One state change: the new contents of the records that it touches. Lists may be empty. */
export interface Commit {
  contacts: readonly ContactRecord[];
  past: readonly PastRecord[];
  statuses: readonly StatusRecord[];
  mailings: readonly MailingRecord[];
  joined: readonly JoinedRecord[];
  deliveries: readonly DeliveryRecord[];
}

/** The contents of a store, each list in the order in which its records were first stored. */
export interface Saved {
  contacts: Iterable<ContactRecord>;
  past: Iterable<PastRecord>;
  mailings: Iterable<MailingRecord>;
  joined: Iterable<JoinedRecord>;
  deliveries: Iterable<DeliveryRecord>;
}

/**
 * Stores the state of one sender. All calls are synchronous, so that nothing that depends on a commit
 * (a byte on the wire, an event) can happen before it.
 */
export interface Store {
  /**
   * The seed of all random draws of the senders on this store.
   *
   * @param fresh makes a seed for a store that has none
   */
  seed(fresh: () => string): string;
  /** Called once, when a sender starts. @throws BouncelabError E_STORE when the store cannot be read */
  load(): Saved;
  /** Stores one state change. @throws BouncelabError E_STORE when that fails */
  commit(change: Commit): void;
  /** The journal of statuses, oldest entry first, of one contact or of all. */
  statuses(contact?: string): Iterable<StatusRecord>;
  close(): void;
}
