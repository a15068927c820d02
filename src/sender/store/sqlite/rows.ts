// Reads the rows of a store file as records. The checks of the tables (schema.ts) make every row valid.

import type Database from 'libsql';
import type { Cause, ContactStatus, DeliveryState, MailingState } from '../../../events/types.js';
import type { HistoryEntry } from '../../model/history.js';
import type { NewMailing } from '../../model/mailing.js';
import type {
  ContactRecord,
  DeliveryRecord,
  JoinedRecord,
  MailingRecord,
  PastRecord,
  Saved,
  StatusRecord,
} from '../store.js';

interface ContactRow {
  address: string;
  status: ContactStatus;
  streak: number;
  start_status: ContactStatus | null;
  start_streak: number | null;
  fields: string | null;
}

interface PastRow {
  contact: string;
  position: number;
  entry: string;
}

interface StatusChangeRow {
  contact: string;
  at: number;
  from_status: ContactStatus;
  to_status: ContactStatus;
  why: string;
  by: string;
  reason: string | null;
  mailing: string | null;
}

interface MailingRow {
  name: string;
  orders: string;
  state: MailingState;
  building_until: number;
  started_at: number;
  recipients: number;
}

interface DeliveryRow {
  mailing: string;
  contact: string;
  state: DeliveryState;
  attempts: number;
  replied: number;
  unreachable: number;
  unknown: number;
  missed: number;
  first_attempt_at: number | null;
  last_cause: Cause | null;
  due_at: number;
  leaving: Exclude<ContactStatus, 'active'> | null;
  running_since: number | null;
  running_host: string | null;
  final_dot: number | null;
}

export class Rows {
  constructor(private readonly db: Database.Database) {}

  all(): Saved {
    return {
      contacts: this.of<ContactRow>('contact').map(contact),
      past: this.of<PastRow>('past').map(past),
      mailings: this.of<MailingRow>('mailing').map(mailing),
      joined: this.of<JoinedRecord>('joined'),
      deliveries: this.of<DeliveryRow>('delivery').map(delivery),
    };
  }

  /** @param key of a contact; absent: the statuses of all contacts */
  statuses(key?: string): StatusRecord[] {
    const rows =
      key === undefined
        ? this.of('status_change')
        : this.db.prepare('SELECT * FROM status_change WHERE contact = ? ORDER BY id').all(key);
    return (rows as StatusChangeRow[]).map(statusChange);
  }

  private of<Row>(table: string): Row[] {
    return this.db.prepare(`SELECT * FROM ${table} ORDER BY rowid`).all() as Row[];
  }
}

function contact(row: ContactRow): ContactRecord {
  const { address, status, streak, start_status, start_streak, fields } = row;
  const start =
    start_status === null ? undefined : { status: start_status, softBounceStreak: start_streak ?? 0 };
  const known = fields === null ? {} : { fields: JSON.parse(fields) as Record<string, string> };
  return { address, status, softBounceStreak: streak, start, ...known };
}

function past({ contact: key, position, entry }: PastRow): PastRecord {
  return { contact: key, index: position, past: JSON.parse(entry) as HistoryEntry };
}

function mailing({ name, orders, state, building_until, started_at, recipients }: MailingRow): MailingRecord {
  const order = JSON.parse(orders) as NewMailing;
  return { name, order, state, buildingUntil: building_until, startedAt: started_at, recipients };
}

function delivery(row: DeliveryRow): DeliveryRecord {
  const { first_attempt_at, last_cause, due_at, leaving, running_since, running_host, final_dot } = row;
  const { mailing: name, contact: key, state, attempts, replied, unreachable, unknown, missed } = row;
  const running =
    running_since === null
      ? undefined
      : { startedAt: running_since, host: running_host ?? '', finalDot: final_dot === 1 };
  return {
    mailing: name,
    contact: key,
    state,
    attempts,
    replied,
    unreachable,
    unknown,
    missed,
    firstAttemptAt: first_attempt_at ?? undefined,
    lastCause: last_cause ?? undefined,
    dueAt: due_at,
    leaving: leaving ?? undefined,
    running,
  };
}

function statusChange(row: StatusChangeRow): StatusRecord {
  const { contact: key, at, from_status, to_status, why, by, reason, mailing: name } = row;
  return {
    contact: key,
    at,
    from: from_status,
    to: to_status,
    why,
    by,
    reason: reason ?? undefined,
    mailing: name ?? undefined,
  };
}
