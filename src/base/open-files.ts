// How many files this process may open. Below a minimum modules cannot be loaded, and the errors of that name
// files of the program instead of the cause.

import { readFileSync } from 'node:fs';
import { BouncelabError } from './errors.js';

/** Modules are loaded many at once. */
const OPEN_FILES_MIN = 256;

const HINT = `allow more, such as \`ulimit -n 1024\`, or in systemd \`LimitNOFILE=1024\``;

/** Most files that this process may open; undefined where the system does not show it. */
function openFilesLimit(): number | undefined {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
  }
}

/** @returns the error E_OPEN_FILES when the limit is too low for any command; undefined when it is not */
export function openFilesProblem(): BouncelabError | undefined {
  const limit = openFilesLimit();
  if (limit === undefined || limit >= OPEN_FILES_MIN) return undefined;
  const message = `this process may open ${limit} files, and needs ${OPEN_FILES_MIN} at least`;
  return new BouncelabError('E_OPEN_FILES', message, { hint: HINT });
}

/** @returns the error E_OPEN_FILES for an error of the system that there are too many open files */
export function tooManyOpenFiles(error: unknown): BouncelabError | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EMFILE' && code !== 'ENFILE') return undefined;
  const limit = openFilesLimit();
  const most = limit === undefined ? '' : `: the limit of this process is ${limit}`;
  return new BouncelabError('E_OPEN_FILES', `too many open files${most}`, { hint: HINT, cause: error });
}
