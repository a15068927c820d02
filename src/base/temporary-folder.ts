// Folders for files that are of use only while a process runs. Their names have the process in them, so that those
// of a process that was killed are found and removed by the next one.

import { lstatSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a folder is for: the store of a sender, the first of two runs, the runs of a comparison. */
type Purpose = 'store' | 'repeat' | 'compare';

/** `bouncelab-store-4711-4026531836-Xy12Z3` */
const NAME = /^bouncelab-(?:store|repeat|compare)-(\d+)-(\d+)-\w+$/;

let willRemove = false;

/**
 * Makes a folder.
 *
 * @returns its path
 * @throws Error of the file system
 */
export function temporaryFolder(purpose: Purpose): string {
  removeAtExit();
  return mkdtempSync(join(tmpdir(), `bouncelab-${purpose}-${process.pid}-${pidSpace()}-`));
}

/**
 * Removes what processes that are gone have left, and what this process and its threads have left when it ends,
 * whatever ends it, SIGKILL excepted.
 */
export function removeAtExit(): void {
  if (willRemove) return;
  willRemove = true;
  removeFolders((pid) => pid !== process.pid && !isRunning(pid));
  // A thread that is terminated removes nothing itself; it has the process id of the main thread.
  process.once('exit', () => removeFolders((pid) => pid === process.pid));
}

function removeFolders(isOver: (pid: number) => boolean): void {
  for (const name of names()) {
    const [, pid, space] = NAME.exec(name) ?? [];
    if (pid === undefined || space !== pidSpace() || !isOver(Number(pid))) continue;
    const path = join(tmpdir(), name);
    try {
      const stats = lstatSync(path);
      if (stats.isDirectory() && stats.uid === process.getuid?.())
        rmSync(path, { recursive: true, force: true });
    } catch {
      // Another process has removed it, or it cannot be removed: the next one tries again.
    }
  }
}

function names(): string[] {
  try {
    return readdirSync(tmpdir());
  } catch {
    return [];
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Where process ids count: containers that share a temporary folder have ids of their own. */
function pidSpace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}
