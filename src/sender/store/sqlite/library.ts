// Loads SQLite: native code of an optional dependency, which may be missing on this machine.

import { createRequire } from 'node:module';
import type Database from 'libsql';
import { BouncelabError } from '../../../base/errors.js';
import { tooManyOpenFiles } from '../../../base/open-files.js';

const load = createRequire(import.meta.url);

/** Loads the library on first use: most runs do not need it. @throws BouncelabError E_STORE, E_OPEN_FILES */
export async function loadSqlite(): Promise<typeof Database> {
  try {
    return (await import('libsql')).default;
  } catch (error) {
    throw notLoaded(error);
  }
}

/** @returns why SQLite cannot be used on this machine; undefined when it can */
export function sqliteProblem(): BouncelabError | undefined {
  try {
    load('libsql');
    return undefined;
  } catch (error) {
    return notLoaded(error);
  }
}

function notLoaded(error: unknown): BouncelabError {
  const tooMany = tooManyOpenFiles(error);
  if (tooMany) return tooMany;
  const { code, message } = error as NodeJS.ErrnoException;
  const isMissing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
  const why = isMissing ? 'the package `libsql` is not installed' : message.split('\n', 1)[0];
  return new BouncelabError('E_STORE', `SQLite cannot be loaded: ${why}`, {
    hint: 'Install without --omit=optional, on Linux, macOS or Windows; or use another store.',
    cause: error,
  });
}
