// The mark of a run in its folder, from the first moment on: it shows that the folder is ours also when the run
// was killed, and whether the process that writes there is still alive.

import { lstatSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { wallDate } from '../clock/system.js';

export const MARKER = '.bouncelab-run';

/** Of a run on another machine nothing is known but when it last wrote; no scenario may take longer, ms. */
const SILENT_MAX_MS = 24 * 3_600_000;

const MARKER_SIZE_MAX = 1000;

interface Mark {
  run: string;
  pid: number;
  host: string;
  /** The run has written everything. */
  ended?: boolean;
}

/** Runs of this process that have not ended, by their folders. */
const active = new Set<string>();

/** Marks a folder that was just made. @throws errors of the file system */
export function markRun(folder: string, run: string): void {
  write(folder, { run, ...here() });
  active.add(folder);
}

/** Marks that the run in this folder writes nothing any more. */
export function endRun(folder: string, run: string): void {
  active.delete(folder);
  try {
    if (readMark(folder, run)) write(folder, { run, ...here(), ended: true });
  } catch {
    // A full disk. Once this process is gone the run has ended all the same.
  }
}

function here(): Pick<Mark, 'pid' | 'host'> {
  return { pid: process.pid, host: hostname() };
}

/** Replaced in one step: a mark that is cut off would make the folder someone else's. */
function write(folder: string, mark: Mark): void {
  const path = join(folder, MARKER);
  writeFileSync(`${path}.tmp`, `${JSON.stringify(mark)}\n`);
  renameSync(`${path}.tmp`, path);
}

/** The mark of a folder; undefined when a run did not make it under this name. */
export function readMark(folder: string, run: string): Mark | undefined {
  try {
    const path = join(folder, MARKER);
    const info = lstatSync(path);
    if (!info.isFile() || info.size > MARKER_SIZE_MAX) return undefined;
    const mark = JSON.parse(readFileSync(path, 'utf8')) as Partial<Mark> | null;
    return mark?.run === run && Number.isInteger(mark.pid) && typeof mark.host === 'string'
      ? (mark as Mark)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a run has written everything, or its process is gone, as far as can be known. */
export function hasEnded(folder: string, { pid, host, ended }: Mark): boolean {
  if (ended === true) return true;
  if (host !== hostname()) return wallDate().getTime() - lastWritten(folder) > SILENT_MAX_MS;
  if (pid === process.pid) return !active.has(folder);
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** When something in the folder was last written, ms since 1970. */
function lastWritten(folder: string): number {
  const events = join(folder, 'events');
  try {
    const paths = [folder, join(folder, MARKER), ...readdirSync(events).map((name) => join(events, name))];
    return Math.max(...paths.map((path) => lstatSync(path).mtimeMs));
  } catch {
    // Another process removes it.
    return Infinity;
  }
}
