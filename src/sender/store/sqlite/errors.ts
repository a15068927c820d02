// What can be wrong with a store file, in words: each trouble has its own code, names the file and
// says what to do.

import { accessSync, closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { BouncelabError, type ErrorCode } from '../../../base/errors.js';
import { WHEN_DAMAGED } from '../damaged.js';

/** Messages and hints by code; `SQLITE_...` as SQLite names it. */
const TROUBLES: { codes: RegExp; code: ErrorCode; what: string; hint: string }[] = [
  {
    codes: /^SQLITE_(CORRUPT|NOTADB)/,
    code: 'E_STORE_CORRUPT',
    what: 'is damaged, or is no store',
    hint: WHEN_DAMAGED,
  },
  {
    codes: /^SQLITE_(BUSY|LOCKED|PROTOCOL)/,
    code: 'E_STORE_LOCKED',
    what: 'is in use: another sender works on it',
    hint: 'Stop the other sender first. Two on one store would mail everybody twice.',
  },
  {
    codes: /^SQLITE_(READONLY|PERM|AUTH)/,
    code: 'E_STORE_READ_ONLY',
    what: 'cannot be written to',
    hint: 'Give this user the right to write to the file and to its folder.',
  },
  {
    codes: /^SQLITE_FULL/,
    code: 'E_STORE_FULL',
    what: 'cannot grow: the disk is full',
    hint: 'Make room and start again: it goes on from the last change that was kept.',
  },
  {
    codes: /^SQLITE_IOERR/,
    code: 'E_STORE',
    what: 'cannot be read or written: the system refuses it',
    hint: 'Look after the disk, and after quotas and limits of file size; then start again: it goes on from the last change that was kept.',
  },
];

/** Turns what SQLite threw into an error for people; ours pass. */
export function storeError(file: string, error: unknown): BouncelabError {
  if (error instanceof BouncelabError) return error;
  const { message } = error as Error;
  const code = codeOf(error as Error & { code?: string });
  const trouble = TROUBLES.find(({ codes }) => codes.test(code));
  if (trouble) {
    return new BouncelabError(trouble.code, `the store ${file} ${trouble.what}`, {
      hint: trouble.hint,
      cause: error,
    });
  }
  return new BouncelabError('E_STORE', `the store ${file} failed: ${message}`, { cause: error });
}

/**
 * The library has no code for a file that cannot be opened at all, and names the number of SQLite. To
 * SQLite, a store of ours without one of its tables is no trouble of the file.
 */
function codeOf({ code = '', message }: Error & { code?: string }): string {
  if (/^no such (table|column)/.test(message)) return 'SQLITE_CORRUPT';
  return /Unable to open connection.*: 14\b/.test(message) ? 'SQLITE_PERM' : code;
}

/**
 * Looks at the file before SQLite does, which opens what it cannot write to and then says so at a
 * moment of its own.
 *
 * @throws BouncelabError E_STORE, E_STORE_READ_ONLY
 */
export function checkFile(file: string): void {
  const folder = path.dirname(path.resolve(file));
  if (!existsSync(folder)) {
    throw new BouncelabError('E_STORE', `the store ${file} cannot be made: there is no folder ${folder}`, {
      hint: 'Make the folder, or name another file.',
    });
  }
  const isThere = existsSync(file);
  if (isThere && !statSync(file).isFile()) {
    throw new BouncelabError('E_STORE', `the store ${file} is not a file`, { hint: 'Name a file.' });
  }
  try {
    // The log of what is under way lies beside the file.
    accessSync(folder, constants.W_OK | constants.X_OK);
    if (isThere) accessSync(file, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw storeError(
      file,
      Object.assign(new Error('no access', { cause: error }), { code: 'SQLITE_READONLY' }),
    );
  }
}

/** Where a database file says whose it is (SQLite's file format, 1.3). */
const HEADER = { magic: 'SQLite format 3\0', bytes: 100, version: 60, applicationId: 68 };

/**
 * Looks at the header of a file, so that one that is not ours is never even locked.
 *
 * @throws BouncelabError E_STORE_VERSION, E_STORE_CORRUPT
 */
export function checkHeader(file: string, version: number, applicationId: number): void {
  const header = Buffer.alloc(HEADER.bytes);
  if (!existsSync(file)) return;
  // What was written last is in the log, and with it perhaps all there is.
  const log = `${file}-wal`;
  if (existsSync(log) && statSync(log).size > 0) return;
  const fd = openSync(file, 'r');
  try {
    if (readSync(fd, header, 0, HEADER.bytes, 0) === 0) return;
  } finally {
    closeSync(fd);
  }
  if (header.toString('latin1', 0, HEADER.magic.length) !== HEADER.magic) {
    throw storeError(file, Object.assign(new Error('no database'), { code: 'SQLITE_NOTADB' }));
  }
  const isOurs = header.readUInt32BE(HEADER.applicationId) === applicationId;
  refuseStranger(file, { version: header.readUInt32BE(HEADER.version), isOurs }, version);
}

/** @throws BouncelabError E_STORE_VERSION, E_STORE_CORRUPT */
export function refuseStranger(
  file: string,
  found: { version: number; isOurs: boolean },
  version: number,
): void {
  if (!found.isOurs) {
    throw new BouncelabError('E_STORE_CORRUPT', `${file} is a database, and no store of a sender`, {
      hint: 'Name another file: this one belongs to somebody else and is left as it is.',
    });
  }
  if (found.version > version) {
    throw new BouncelabError(
      'E_STORE_VERSION',
      `the store ${file} is of version ${found.version}, and this program knows versions up to ${version}`,
      { hint: 'Use the version of the program that made it, or a newer one.' },
    );
  }
}
