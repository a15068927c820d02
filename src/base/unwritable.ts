// What cannot be written, why, and what can be done about it.

import { BouncelabError } from './errors.js';
import { reason } from './os-error.js';

/** Troubles that end when there is room. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT']);

/**
 * An error of the file system for people.
 *
 * @param what cannot be done, such as `the report cannot be written to reports`
 * @param elsewhere how another place is named, such as `choose another folder with --output`
 */
export function unwritable(what: string, elsewhere: string, cause: unknown): BouncelabError {
  const isFull = NO_ROOM.has((cause as NodeJS.ErrnoException).code ?? '');
  return new BouncelabError('E_OUTPUT', `${what}: ${reason(cause)}`, {
    hint: isFull ? `make room, or ${elsewhere}` : elsewhere,
    cause,
  });
}
