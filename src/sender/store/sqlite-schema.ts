// The tables of a store file. Rows keep the order in which they were first made, since that is the
// order in which the next sender takes them up. Dates are ms since 1970.

/** Version of the tables, kept as `user_version`. */
export const SCHEMA_VERSION = 1;

/** Marks a file as a store of ours: `BLST`, kept as `application_id`. */
export const APPLICATION_ID = 0x424c5354;

export const SCHEMA = `
CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);
CREATE TABLE contact (
  key TEXT PRIMARY KEY,           -- the address in lower case
  address TEXT NOT NULL,
  status TEXT NOT NULL,
  streak INTEGER NOT NULL,
  start_status TEXT,              -- what it was before anything happened to it
  start_streak INTEGER,
  fields TEXT                     -- JSON
);
CREATE TABLE past (               -- what happened to a contact, in order
  contact TEXT NOT NULL,
  position INTEGER NOT NULL,
  entry TEXT NOT NULL,            -- JSON
  PRIMARY KEY (contact, position)
);
CREATE TABLE status_change (      -- the journal: who, when, why
  id INTEGER PRIMARY KEY,
  contact TEXT NOT NULL,
  at REAL NOT NULL,
  from_status TEXT NOT NULL,
  to_status TEXT NOT NULL,
  why TEXT NOT NULL,
  by TEXT NOT NULL,
  reason TEXT,
  mailing TEXT
);
CREATE INDEX status_change_contact ON status_change (contact);
CREATE TABLE mailing (
  name TEXT PRIMARY KEY,
  orders TEXT NOT NULL,           -- JSON
  state TEXT NOT NULL,
  building_until REAL NOT NULL,
  started_at REAL NOT NULL,
  recipients INTEGER NOT NULL
);
CREATE TABLE delivery (
  mailing TEXT NOT NULL,
  contact TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  replied INTEGER NOT NULL,
  unreachable INTEGER NOT NULL,
  unknown INTEGER NOT NULL,
  missed INTEGER NOT NULL,
  first_attempt_at REAL,
  last_cause TEXT,
  due_at REAL NOT NULL,
  leaving TEXT,
  running_since REAL,             -- the attempt that has begun and not ended
  running_host TEXT,
  final_dot INTEGER,              -- its final dot was about to leave
  PRIMARY KEY (mailing, contact)
);
`;

/** One statement a table: a row that is there is replaced in its place. */
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

function upsert(table: string, keys: string[], values: string[]): string {
  const columns = [...keys, ...values];
  const marks = columns.map(() => '?').join(', ');
  const sets = values.map((name) => `${name} = excluded.${name}`).join(', ');
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks}) ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${sets}`;
}
