// A store in a file: SQLite with a write-ahead log, one transaction for each state change. One
// sender at a time: the file stays locked while it is open, and the lock dies with its process.

import path from 'node:path';
import type Database from 'libsql';
import { BouncelabError } from '../../../base/errors.js';
import { contactKey } from '../../model/contact.js';
import { Rows } from './rows.js';
import { ADD_STATUS_CHANGE, APPLICATION_ID, SCHEMA, SCHEMA_VERSION, UPSERT } from './schema.js';
import { checkFile, checkHeader, refuseStranger, storeError } from './errors.js';
import type { Commit, Saved, StatusRecord, Store } from '../store.js';

export interface SqliteOptions {
  /**
   * `power`: what is kept outlives a power failure, at the price of waiting for the disk with each
   * change. `process`: it outlives the process, however that ends. Default: `power`.
   */
  outlives?: 'power' | 'process';
  /** Bytes that the file may grow to; beyond them it is full. Default: as the disk allows. */
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
    // One that was closed and could not let go, for lack of room, is let go now or says why not.
    open.get(place)?.closeAgain();
    if (open.has(place)) throw Object.assign(new Error('open here'), { code: 'SQLITE_BUSY' });
    checkFile(file);
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
 * Store files that are open in this process. Looking at one, as everybody may, would take away the
 * lock: the operating system lets go of it when the process closes any handle of the file.
 */
const open = new Map<string, SqliteStore>();

/** Loaded when it is first needed: it is a native library, and most runs have no use for it. */
async function loadSqlite(): Promise<typeof Database> {
  try {
    return (await import('libsql')).default;
  } catch (error) {
    throw new BouncelabError('E_STORE', 'SQLite cannot be loaded: the package `libsql` is not installed', {
      hint: 'Install without --omit=optional, on Linux, macOS or Windows; or keep the state in another store.',
      cause: error,
    });
  }
}

/** Takes the lock, and makes or checks the tables. */
function prepare(db: Database.Database, file: string, { outlives = 'power', bytesMax }: SqliteOptions): void {
  // Before anything is read: the log then needs no shared memory, and the lock is never let go.
  db.pragma('locking_mode = EXCLUSIVE');
  const isNew = number(db, 'SELECT count(*) FROM sqlite_schema') === 0;
  const version = number(db, 'PRAGMA user_version');
  const isOurs = number(db, 'PRAGMA application_id') === APPLICATION_ID;
  // What was written last may still be in the log, where the look at the header did not see it.
  if (!isNew) refuseStranger(file, { version, isOurs }, SCHEMA_VERSION);
  if (!isNew) checkWhole(db);
  db.pragma('journal_mode = WAL');
  db.pragma(`synchronous = ${outlives === 'power' ? 'FULL' : 'NORMAL'}`);
  if (bytesMax !== undefined) {
    db.pragma(`max_page_count = ${Math.max(1, Math.floor(bytesMax / number(db, 'PRAGMA page_size')))}`);
  }
  if (!isNew) return;
  db.exec('BEGIN IMMEDIATE');
  db.exec(SCHEMA);
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  db.exec('COMMIT');
  // Into the file itself, whose header says from now on whose it is.
  db.pragma('wal_checkpoint(TRUNCATE)');
}

/** A damaged page would else be found only when it is needed. */
function checkWhole(db: Database.Database): void {
  const [[found]] = db.prepare('PRAGMA quick_check(1)').raw().all() as [[string]];
  if (found !== 'ok') throw Object.assign(new Error(found), { code: 'SQLITE_CORRUPT' });
}

function number(db: Database.Database, query: string): number {
  // To its end: a statement with rows left holds on to the file.
  const [[value]] = db.prepare(query).raw().all() as [[number]];
  return value;
}

/**
 * Lets the file go. The library keeps the connection for as long as a statement of it is in memory,
 * so that the log is taken in and the lock given back by hand.
 */
function release(db: Database.Database): void {
  db.pragma('journal_mode = DELETE');
  db.pragma('locking_mode = NORMAL');
  number(db, 'SELECT count(*) FROM sqlite_schema');
  db.close();
}

function translated<T>(file: string, what: () => T): T {
  try {
    return what();
  } catch (error) {
    throw storeError(file, error);
  }
}

class SqliteStore implements Store {
  private readonly rows: Rows;
  private isClosing = false;
  private readonly statements: Record<'begin' | 'commit' | 'statusChange' | keyof typeof UPSERT, Statement>;

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
    const key = contact === undefined ? undefined : contactKey(contact);
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
        // A disk that is full has rolled it back already.
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

  private write({ contacts, past, statuses, mailings, deliveries }: Commit): void {
    const to = this.statements;
    for (const record of contacts) {
      const { address, status, softBounceStreak, start, fields } = record;
      to.contact.run(
        contactKey(address),
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
