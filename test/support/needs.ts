// What some tests need of the machine. A developer may lack it, and the tests are skipped; CI may not.

import { spawnSync } from 'node:child_process';
import { faketimeLibrary } from '../../src/live/child/faketime.js';

/**
 * Whether a thing is there.
 *
 * @throws Error in CI when it is not, so that no test is skipped there unseen
 */
export function needs(what: string, isThere: boolean): boolean {
  if (!isThere && process.env['CI']) throw new Error(`CI has no ${what}, and its tests must run there`);
  return isThere;
}

/** Whether libfaketime is installed. */
export function hasFaketime(): boolean {
  try {
    return faketimeLibrary(process.env) !== '';
  } catch {
    return false;
  }
}

/** Whether a network of its own can be made. */
export function canIsolate(): boolean {
  const users = process.geteuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  return (
    spawnSync('unshare', [...users, '--mount', '--net', '--pid', '--fork', '--mount-proc', 'true']).status ===
    0
  );
}
