// The error for a file or folder that cannot be written: the reason, and what to do about it.

import { BouncelabError } from './errors.js';
import { reason } from './os-error.js';

/** Errors that free space removes. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT']);

/** Whether an error of the file system is about a full disk or a quota. */
export function isFull(error: unknown): boolean {
  return NO_ROOM.has((error as NodeJS.ErrnoException).code ?? '');
}

/**
 * The error E_OUTPUT for an error of the file system.
 *
 * @param what the operation that failed, such as `the report cannot be written to reports`
 * @param elsewhere how to choose another place, such as `choose another folder with --output`
 */
export function unwritable(what: string, elsewhere: string, cause: unknown): BouncelabError {
  return new BouncelabError('E_OUTPUT', `${what}: ${reason(cause)}`, {
    hint: isFull(cause) ? `make room, or ${elsewhere}` : elsewhere,
    cause,
  });
}
