// The tables of a store file. Rows keep the order in which they were first inserted, because the next
// sender restores them in that order. Dates are ms since 1970.

import type { ContactStatus, DeliveryState, MailingState } from '../../../events/types.js';

/** Version of the tables, stored as `user_version`. */
export const SCHEMA_VERSION = 2;

/** Marks a file as a Bouncelab store: `BLST`, stored as `application_id`. */
export const APPLICATION_ID = 0x424c5354;

const CONTACT_STATUS = oneOf<ContactStatus>('active', 'error', 'opt-out');
const LEFT_STATUS = oneOf<Exclude<ContactStatus, 'active'>>('error', 'opt-out');
const MAILING_STATE = oneOf<MailingState>('building', 'in-progress', 'completed');
const DELIVERY_STATE = oneOf<DeliveryState>(
  'queued',
  'delivered',
  'soft-bounced',
  'hard-bounced',
  'withdrawn',
);

const JOINED = `
CREATE TABLE joined (             -- contacts that joined a mailing while it was building
  mailing TEXT NOT NULL,
  contact TEXT NOT NULL
) STRICT;
`;

/** What brings the tables of an older version to the next one, by the older version. */
export const MIGRATIONS: Readonly<Record<number, string>> = { 1: JOINED };

// The CHECK constraints refuse invalid values also when a user changes a row by hand.
export const SCHEMA = `
CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
CREATE TABLE contact (
  key TEXT PRIMARY KEY,           -- of the address
  address TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status ${CONTACT_STATUS}),
  streak INTEGER NOT NULL CHECK (streak >= 0),
  start_status TEXT CHECK (start_status ${CONTACT_STATUS}), -- standing before the first entry in past
  start_streak INTEGER CHECK (start_streak >= 0),
  fields TEXT CHECK (json_valid(fields))
) STRICT;
CREATE TABLE past (               -- history of each contact, in order
  contact TEXT NOT NULL,
  position INTEGER NOT NULL CHECK (position >= 0),
  entry TEXT NOT NULL CHECK (json_valid(entry)),
  PRIMARY KEY (contact, position)
) STRICT;
CREATE TABLE status_change (      -- the journal: who, when, why
  id INTEGER PRIMARY KEY,
  contact TEXT NOT NULL,
  at REAL NOT NULL,
  from_status TEXT NOT NULL CHECK (from_status ${CONTACT_STATUS}),
  to_status TEXT NOT NULL CHECK (to_status ${CONTACT_STATUS}),
  why TEXT NOT NULL,
  by TEXT NOT NULL,
  reason TEXT,
  mailing TEXT
) STRICT;
CREATE INDEX status_change_contact ON status_change (contact);
CREATE TABLE mailing (
  name TEXT PRIMARY KEY,
  orders TEXT NOT NULL CHECK (json_valid(orders)),
  state TEXT NOT NULL CHECK (state ${MAILING_STATE}),
  building_until REAL NOT NULL,
  started_at REAL NOT NULL,
  recipients INTEGER NOT NULL CHECK (recipients >= 0)
) STRICT;
CREATE TABLE delivery (
  mailing TEXT NOT NULL,
  contact TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state ${DELIVERY_STATE}),
  attempts INTEGER NOT NULL CHECK (attempts >= 0),
  replied INTEGER NOT NULL CHECK (replied >= 0),
  unreachable INTEGER NOT NULL CHECK (unreachable >= 0),
  unknown INTEGER NOT NULL CHECK (unknown >= 0),
  missed INTEGER NOT NULL CHECK (missed >= 0),
  first_attempt_at REAL,
  last_cause TEXT,
  due_at REAL NOT NULL,
  leaving TEXT CHECK (leaving ${LEFT_STATUS}),
  running_since REAL,             -- the running attempt
  running_host TEXT,
  final_dot INTEGER CHECK (final_dot IN (0, 1)), -- whether its final dot may have been sent
  PRIMARY KEY (mailing, contact)
) STRICT;
${JOINED}`;

/** One statement for each table. An existing row is updated, which keeps its rowid. */
export const UPSERT = {
  contact: upsert(
    'contact',
    ['key'],
    ['address', 'status', 'streak', 'start_status', 'start_streak', 'fields'],
  ),
  past: upsert('past', ['contact', 'position'], ['entry']),
  mailing: upsert('mailing', ['name'], ['orders', 'state', 'building_until', 'started_at', 'recipients']),
  delivery: upsert(
    'delivery',
    ['mailing', 'contact'],
    [
      'state',
      'attempts',
      'replied',
      'unreachable',
      'unknown',
      'missed',
      'first_attempt_at',
      'last_cause',
      'due_at',
      'leaving',
      'running_since',
      'running_host',
      'final_dot',
    ],
  ),
};

export const ADD_STATUS_CHANGE =
  'INSERT INTO status_change (contact, at, from_status, to_status, why, by, reason, mailing) VALUES (?, ?, ?, ?, ?, ?, ?, ?)';

export const ADD_JOINED = 'INSERT INTO joined (mailing, contact) VALUES (?, ?)';

function upsert(table: string, keys: string[], values: string[]): string {
  const columns = [...keys, ...values];
  const marks = columns.map(() => '?').join(', ');
  const sets = values.map((name) => `${name} = excluded.${name}`).join(', ');
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks}) ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${sets}`;
}

function oneOf<Name extends string>(...names: readonly Name[]): string {
  return `IN (${names.map((name) => `'${name}'`).join(', ')})`;
}
