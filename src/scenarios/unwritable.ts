// Why the system refuses a file or a port, in words, and what can be done about it.

import { BouncelabError } from '../errors.js';

/** What the system says by code, for people. */
const REASONS: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'it would be larger than this user may write',
  EEXIST: 'there is a file of that name',
  ENOENT: 'part of the path is not there',
  EISDIR: 'it is a folder',
  ENOTDIR: 'part of the path is a file',
  ENAMETOOLONG: 'the name is too long',
  EADDRINUSE: 'something else listens there',
};

/** Troubles that end when there is room. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT']);

/** Why the system refuses. */
export function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code !== undefined && REASONS[code]) || message;
}

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
