// Keeps the last runs in a folder of reports and removes older ones. It removes only folders that a run made,
// that are finished, and that contain only files of a run.

import { readdir, readFile, readlink, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

const RUN_ID = /^\d{8}-\d{6}-[0-9a-f]{6}$/;
const FILES = new Set(['run.json', 'junit.xml', 'index.html']);
const EVENTS = /^[a-z0-9_-]+(?:\.ndjson|\.view\.json)$/;

/**
 * Removes all finished runs except the newest `keep`. A run that cannot be removed stays. Two processes may
 * do this at the same time.
 *
 * @returns the names of the removed runs
 */
export async function removeOldRuns(parent: string, keep: number): Promise<string[]> {
  const entries = await readdir(parent, { withFileTypes: true });
  const latest = await readlink(join(parent, 'latest')).catch(() => undefined);
  const runs = entries
    .filter((entry) => entry.isDirectory() && RUN_ID.test(entry.name))
    .map(({ name }) => name);
  const finished: string[] = [];
  for (const name of runs.sort().reverse()) if (await isFinished(join(parent, name))) finished.push(name);
  const removed: string[] = [];
  for (const name of finished.slice(keep)) {
    if (name !== latest && (await removeRun(join(parent, name)))) removed.push(name);
  }
  return removed;
}

/** A run writes run.json at its end. Without that file another process may still be writing. */
async function isFinished(folder: string): Promise<boolean> {
  try {
    const run = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')) as { scenarios?: unknown };
    return Array.isArray(run.scenarios);
  } catch {
    return false;
  }
}

async function removeRun(folder: string): Promise<boolean> {
  try {
    const events = join(folder, 'events');
    const files = await readdir(folder, { withFileTypes: true });
    const names = await readdir(events).catch(() => []);
    const isOurs =
      files.every((file) => (file.isDirectory() ? file.name === 'events' : FILES.has(file.name))) &&
      names.every((name) => EVENTS.test(name));
    if (!isOurs) return false;
    for (const name of names) await rm(join(events, name), { force: true });
    // Not recursive: a file that was added a moment ago stays.
    await rmdir(events).catch(() => undefined);
    for (const { name } of files) if (FILES.has(name)) await rm(join(folder, name), { force: true });
    await rmdir(folder);
    return true;
  } catch {
    return false;
  }
}
