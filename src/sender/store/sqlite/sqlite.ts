// A store in a file: SQLite with a write-ahead log, one transaction for each state change. Only one sender
// can use it at a time: the file is locked while it is open, and the lock ends with the process.

import path from 'node:path';
import type Database from 'libsql';
import { addressKey } from '../../../base/addresses.js';
import { renewKeys, staleKeys } from './keys.js';
import { loadSqlite } from './library.js';
import { Rows } from './rows.js';
import {
  ADD_JOINED,
  ADD_STATUS_CHANGE,
  APPLICATION_ID,
  MIGRATIONS,
  SCHEMA,
  SCHEMA_VERSION,
  UPSERT,
} from './schema.js';
import { checkAccess, checkHeader, checkOwner, storeError } from './errors.js';
import type { Commit, Saved, StatusRecord, Store } from '../store.js';

export interface SqliteOptions {
  /**
   * `power`: stored changes survive a power failure; each change waits for the disk. `process`: they
   * survive a crash of the process, but may be lost in a power failure. Default: `power`.
   */
  outlives?: 'power' | 'process';
  /** Largest size of the file, bytes; beyond it a change fails with E_STORE_FULL. Default: no limit. */
  bytesMax?: number;
}

type Statement = Database.Statement;

/**
 * Opens a store file, or makes a new one.
 *
 * @throws BouncelabError E_STORE_CORRUPT, E_STORE_LOCKED, E_STORE_READ_ONLY, E_STORE_VERSION,
 *   E_STORE_FULL, or E_STORE for anything else
 */
export async function openSqliteStore(file: string, options: SqliteOptions = {}): Promise<Store> {
  const Sqlite = await loadSqlite();
  const place = path.resolve(file);
  return translated(file, () => {
    // A store whose close failed, for example on a full disk, is closed now or fails again with the reason.
    open.get(place)?.closeAgain();
    if (open.has(place)) throw Object.assign(new Error('open here'), { code: 'SQLITE_BUSY' });
    checkAccess(file);
    checkHeader(file, SCHEMA_VERSION, APPLICATION_ID);
    const db = new Sqlite(file);
    try {
      prepare(db, file, options);
      const store = new SqliteStore(db, file, () => open.delete(place));
      open.set(place, store);
      return store;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/**
 * Store files that are open in this process. They must not be opened a second time, even to read the
 * header: POSIX releases a process's locks on a file when the process closes any descriptor of it.
 */
const open = new Map<string, SqliteStore>();

/** Takes the lock, and makes or checks the tables. */
function prepare(db: Database.Database, file: string, { outlives = 'power', bytesMax }: SqliteOptions): void {
  // Before the first read: WAL then needs no shared memory, and the lock is never released (SQLite, wal.html#noshm).
  db.pragma('locking_mode = EXCLUSIVE');
  const isNew = number(db, 'SELECT count(*) FROM sqlite_schema') === 0;
  const version = number(db, 'PRAGMA user_version');
  const isStore = number(db, 'PRAGMA application_id') === APPLICATION_ID;
  // Again after checkHeader, which does not read changes that are still in the log.
  if (!isNew) checkOwner(file, { version, isStore }, SCHEMA_VERSION);
  if (!isNew) checkWhole(db);
  const stale = isNew ? [] : staleKeys(db, file);
  db.pragma('journal_mode = WAL');
  db.pragma(`synchronous = ${outlives === 'power' ? 'FULL' : 'NORMAL'}`);
  if (bytesMax !== undefined) {
    db.pragma(`max_page_count = ${Math.max(1, Math.floor(bytesMax / number(db, 'PRAGMA page_size')))}`);
  }
  renewKeys(db, stale);
  if (!isNew) return migrate(db, version);
  db.exec('BEGIN IMMEDIATE');
  db.exec(SCHEMA);
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  db.exec('COMMIT');
  // Moves the log into the file, so that checkHeader finds the application id in its header.
  db.pragma('wal_checkpoint(TRUNCATE)');
}

/** Brings a store of an older version to the present one, in one transaction. */
function migrate(db: Database.Database, version: number): void {
  if (version === SCHEMA_VERSION) return;
  db.exec('BEGIN IMMEDIATE');
  for (let from = version; from < SCHEMA_VERSION; from++) db.exec(MIGRATIONS[from]!);
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  db.exec('COMMIT');
}

/** Finds a damaged page now; SQLite would report it only when it reads that page. */
function checkWhole(db: Database.Database): void {
  const [[found]] = db.prepare('PRAGMA quick_check(1)').raw().all() as [[string]];
  if (found !== 'ok') throw Object.assign(new Error(found), { code: 'SQLITE_CORRUPT' });
}

function number(db: Database.Database, query: string): number {
  // `all` reads every row: a statement with unread rows keeps the file locked.
  const [[value]] = db.prepare(query).raw().all() as [[number]];
  return value;
}

/**
 * Closes the file. The library keeps the connection open while a statement of it is in memory, so the
 * log is merged and the lock released explicitly.
 */
function release(db: Database.Database): void {
  db.pragma('journal_mode = DELETE');
  db.pragma('locking_mode = NORMAL');
  number(db, 'SELECT count(*) FROM sqlite_schema');
  db.close();
}

/** Runs `action`; what it throws becomes an error that names the file. */
function translated<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw storeError(file, error);
  }
}

class SqliteStore implements Store {
  private readonly rows: Rows;
  private isClosing = false;
  private readonly statements: Record<
    'begin' | 'commit' | 'statusChange' | 'joined' | keyof typeof UPSERT,
    Statement
  >;

  constructor(
    private readonly db: Database.Database,
    private readonly file: string,
    private readonly closed: () => void,
  ) {
    this.rows = new Rows(db);
    this.statements = {
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
      contact: db.prepare(UPSERT.contact),
      past: db.prepare(UPSERT.past),
      statusChange: db.prepare(ADD_STATUS_CHANGE),
      mailing: db.prepare(UPSERT.mailing),
      joined: db.prepare(ADD_JOINED),
      delivery: db.prepare(UPSERT.delivery),
    };
  }

  seed(fresh: () => string): string {
    return translated(this.file, () => {
      const add = this.db.prepare(
        "INSERT INTO setting (name, value) VALUES ('seed', ?) ON CONFLICT DO NOTHING",
      );
      add.run(fresh());
      const [[seed]] = this.db.prepare("SELECT value FROM setting WHERE name = 'seed'").raw().all() as [
        [string],
      ];
      return seed;
    });
  }

  load(): Saved {
    return translated(this.file, () => this.rows.all());
  }

  statuses(contact?: string): StatusRecord[] {
    const key = contact === undefined ? undefined : addressKey(contact);
    return translated(this.file, () => this.rows.statuses(key));
  }

  commit(change: Commit): void {
    translated(this.file, () => {
      const { begin, commit } = this.statements;
      begin.run();
      try {
        this.write(change);
        commit.run();
      } catch (error) {
        // SQLite itself rolls back when the disk is full.
        if (this.db.inTransaction) this.db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  close(): void {
    if (!this.db.open) return;
    this.isClosing = true;
    translated(this.file, () => release(this.db));
    this.closed();
  }

  closeAgain(): void {
    if (this.isClosing) this.close();
  }

  private write({ contacts, past, statuses, mailings, joined, deliveries }: Commit): void {
    const to = this.statements;
    for (const record of contacts) {
      const { address, status, softBounceStreak, start, fields } = record;
      to.contact.run(
        addressKey(address),
        address,
        status,
        softBounceStreak,
        start?.status ?? null,
        start?.softBounceStreak ?? null,
        fields ? JSON.stringify(fields) : null,
      );
    }
    for (const record of past) to.past.run(record.contact, record.index, JSON.stringify(record.past));
    for (const { contact, at, from, to: now, why, by, reason, mailing } of statuses)
      to.statusChange.run(contact, at, from, now, why, by, reason ?? null, mailing ?? null);
    for (const { name, order, state, buildingUntil, startedAt, recipients } of mailings)
      to.mailing.run(name, JSON.stringify(order), state, buildingUntil, startedAt, recipients);
    for (const record of joined) to.joined.run(record.mailing, record.contact);
    for (const record of deliveries) {
      const { running } = record;
      to.delivery.run(
        record.mailing,
        record.contact,
        record.state,
        record.attempts,
        record.replied,
        record.unreachable,
        record.unknown,
        record.missed,
        record.firstAttemptAt ?? null,
        record.lastCause ?? null,
        record.dueAt,
        record.leaving ?? null,
        running?.startedAt ?? null,
        running?.host ?? null,
        running ? Number(running.finalDot) : null,
      );
    }
  }
}
