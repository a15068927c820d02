// Keeps the last runs in a folder of reports and removes older ones: only folders that a run marked as its own,
// that it has left (finished or killed), and that contain only files of a run.

import { readdir, rm, rmdir } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { LATEST, readLatestName, RUN_ID } from './latest.js';
import { hasEnded, MARKER, readMark } from './run-marker.js';

const FILES = /^(?:\.bouncelab-run|run\.json|junit\.xml|index\.html)(?:\.[\w-]+)?(?:\.tmp)?$/;
const EVENTS = /^[a-z0-9_-]+(?:\.ndjson|\.view\.json)$/;

/**
 * Removes all runs that have ended except the newest `keep`. A run that cannot be removed stays. Two processes
 * may do this at the same time.
 *
 * @returns the names of the removed runs
 */
export async function removeOldRuns(parent: string, keep: number): Promise<string[]> {
  const entries = await readdir(parent, { withFileTypes: true });
  const latest = latestRun(parent);
  const ended = entries
    .filter((entry) => entry.isDirectory() && RUN_ID.test(entry.name))
    .map(({ name }) => name)
    .filter((name) => {
      const mark = readMark(join(parent, name), name);
      return mark !== undefined && hasEnded(join(parent, name), mark);
    })
    .sort()
    .reverse();
  const removed: string[] = [];
  for (const name of ended.slice(keep)) {
    if (name !== latest && (await removeRun(parent, name))) removed.push(name);
  }
  return removed;
}

function latestRun(parent: string): string | undefined {
  try {
    const latest = readLatestName(parent);
    return latest && 'run' in latest ? latest.run : undefined;
  } catch {
    return undefined;
  }
}

async function removeRun(parent: string, name: string): Promise<boolean> {
  const folder = join(parent, name);
  const events = join(folder, 'events');
  try {
    const files = await readdir(folder, { withFileTypes: true });
    const hasEvents = files.some((file) => file.name === 'events');
    const names = hasEvents ? await readdir(events, { withFileTypes: true }) : [];
    if (!files.every(isOurs) || !names.every((file) => file.isFile() && EVENTS.test(file.name))) return false;
    for (const file of names) await rm(join(events, file.name), { force: true });
    // Not recursive: a file that was added a moment ago stays.
    if (hasEvents) await rmdir(events).catch(() => undefined);
    for (const file of files)
      if (file.isFile() && file.name !== MARKER) await rm(join(folder, file.name), { force: true });
    // The mark goes last: what was not removed completely is still known as ours.
    await rm(join(folder, MARKER), { force: true });
    await rmdir(folder);
    // A run that was killed while it replaced `latest` leaves this.
    await rm(join(parent, `${LATEST}.${name}.tmp`), { force: true });
    return true;
  } catch {
    return false;
  }
}

/** Whether an entry of the folder of a run was made by that run. A link was not. */
function isOurs(entry: Dirent): boolean {
  if (entry.isDirectory()) return entry.name === 'events';
  return entry.isFile() && FILES.test(entry.name);
}
