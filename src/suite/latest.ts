// `latest` in the folder of reports names the last run: a link to its folder or, where links are not allowed, a
// file with its name. Anything else of that name belongs to someone else and is neither followed nor replaced.

import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

export const LATEST = 'latest';

/** Name of the folder of a run, such as `20261123-094512-ab12cd`. */
export const RUN_ID = /^\d{8}-\d{6}-[0-9a-f]{6}$/;

/** A file that names a run is no longer than this, bytes. */
const NAME_SIZE_MAX = 100;

/**
 * @param parent folder of the reports
 * @returns the name of the last run, or what `latest` is instead; undefined when there is none
 * @throws errors of the file system
 */
export function readLatestName(parent: string): { run: string } | { foreign: string } | undefined {
  const path = join(parent, LATEST);
  const info = lstatSync(path, { throwIfNoEntry: false });
  if (!info) return undefined;
  if (info.isSymbolicLink()) {
    const target = readlinkSync(path).replace(/[\\/]+$/, '');
    return RUN_ID.test(target) ? { run: target } : { foreign: 'a link to something else' };
  }
  if (info.isDirectory()) return { foreign: 'a folder' };
  if (!info.isFile()) return { foreign: 'not a regular file' };
  const name = info.size > NAME_SIZE_MAX ? '' : readFileSync(path, 'utf8').trim();
  return RUN_ID.test(name) ? { run: name } : { foreign: 'a file that names no run' };
}
