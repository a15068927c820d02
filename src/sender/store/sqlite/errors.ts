// What can be wrong with a store file: each failure has a code, a message that names the file, and a
// hint what to do.

import { accessSync, closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { BouncelabError, type ErrorCode } from '../../../base/errors.js';
import { DAMAGED_HINT } from '../damaged.js';

/** Messages and hints by SQLite's result codes. */
const FAILURES: { codes: RegExp; code: ErrorCode; what: string; hint: string }[] = [
  {
    codes: /^SQLITE_(CORRUPT|NOTADB)/,
    code: 'E_STORE_CORRUPT',
    what: 'is damaged or is not a store',
    hint: DAMAGED_HINT,
  },
  {
    codes: /^SQLITE_(BUSY|LOCKED|PROTOCOL)/,
    code: 'E_STORE_LOCKED',
    what: 'is in use by another sender',
    hint: 'Stop the other sender first. Two senders on one store would send every message twice.',
  },
  {
    codes: /^SQLITE_(READONLY|PERM|AUTH)/,
    code: 'E_STORE_READ_ONLY',
    what: 'cannot be written to',
    hint: 'Give this user permission to write to the file and to its folder.',
  },
  {
    codes: /^SQLITE_FULL/,
    code: 'E_STORE_FULL',
    what: 'cannot grow: the disk is full',
    hint: 'Free disk space and start again: the sender resumes from the last stored change.',
  },
  {
    codes: /^SQLITE_IOERR/,
    code: 'E_STORE',
    what: 'cannot be read or written: the operating system reports an I/O error',
    hint: 'Check the disk, quotas and limits of file size; then start again: the sender resumes from the last stored change.',
  },
];

/** Turns an error of SQLite into a BouncelabError, and returns a BouncelabError as it is. */
export function storeError(file: string, error: unknown): BouncelabError {
  if (error instanceof BouncelabError) return error;
  const { message } = error as Error;
  const code = codeOf(error as Error & { code?: string });
  const failure = FAILURES.find(({ codes }) => codes.test(code));
  if (failure) {
    return new BouncelabError(failure.code, `the store ${file} ${failure.what}`, {
      hint: failure.hint,
      cause: error,
    });
  }
  return new BouncelabError('E_STORE', `the store ${file} failed: ${message}`, { cause: error });
}

/**
 * The SQLite code of an error. The library gives none for a file that cannot be opened (14 is
 * SQLITE_CANTOPEN), and SQLite reports a missing table as an error of the statement, not of the file.
 */
function codeOf({ code = '', message }: Error & { code?: string }): string {
  if (/^no such (table|column)/.test(message)) return 'SQLITE_CORRUPT';
  return /Unable to open connection.*: 14\b/.test(message) ? 'SQLITE_PERM' : code;
}

/**
 * Checks permissions before SQLite opens the file: SQLite opens a file that it cannot write to, and
 * reports that only at a later write.
 *
 * @throws BouncelabError E_STORE, E_STORE_READ_ONLY
 */
export function checkAccess(file: string): void {
  const folder = path.dirname(path.resolve(file));
  if (!existsSync(folder)) {
    throw new BouncelabError('E_STORE', `the store ${file} cannot be created: there is no folder ${folder}`, {
      hint: 'Create the folder, or name another file.',
    });
  }
  const isThere = existsSync(file);
  if (isThere && !statSync(file).isFile()) {
    throw new BouncelabError('E_STORE', `the store ${file} is not a file`, { hint: 'Name a file.' });
  }
  try {
    // The folder too: SQLite creates its log beside the file.
    accessSync(folder, constants.W_OK | constants.X_OK);
    if (isThere) accessSync(file, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw storeError(
      file,
      Object.assign(new Error('no access', { cause: error }), { code: 'SQLITE_READONLY' }),
    );
  }
}

/** Offsets in the header of a database file (SQLite's file format, section 1.3). */
const HEADER = { magic: 'SQLite format 3\0', bytes: 100, version: 60, applicationId: 68 };

/**
 * Checks the header of a file, so that a file of another program is not even locked.
 *
 * @throws BouncelabError E_STORE_VERSION, E_STORE_CORRUPT
 */
export function checkHeader(file: string, version: number, applicationId: number): void {
  const header = Buffer.alloc(HEADER.bytes);
  if (!existsSync(file)) return;
  // The latest header may be in the log: `prepare` checks it after SQLite has read the log.
  const log = `${file}-wal`;
  if (existsSync(log) && statSync(log).size > 0) return;
  const fd = openSync(file, 'r');
  try {
    if (readSync(fd, header, 0, HEADER.bytes, 0) === 0) return;
  } finally {
    closeSync(fd);
  }
  if (header.toString('latin1', 0, HEADER.magic.length) !== HEADER.magic) {
    throw storeError(file, Object.assign(new Error('not a database'), { code: 'SQLITE_NOTADB' }));
  }
  const isStore = header.readUInt32BE(HEADER.applicationId) === applicationId;
  checkOwner(file, { version: header.readUInt32BE(HEADER.version), isStore }, version);
}

/** @throws BouncelabError E_STORE_VERSION, E_STORE_CORRUPT */
export function checkOwner(
  file: string,
  found: { version: number; isStore: boolean },
  version: number,
): void {
  if (!found.isStore) {
    throw new BouncelabError('E_STORE_CORRUPT', `${file} is a database, but not a store of a sender`, {
      hint: 'Name another file. This one belongs to another program and was not changed.',
    });
  }
  if (found.version > version) {
    throw new BouncelabError(
      'E_STORE_VERSION',
      `the store ${file} has version ${found.version}; this program supports versions up to ${version}`,
      { hint: 'Use the version of the program that created the store, or a newer one.' },
    );
  }
}
