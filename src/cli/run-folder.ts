// Finds the report folder of a run, for the commands that read one.

import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BouncelabError } from '../base/errors.js';
import { closest, quoted } from '../documents/problems.js';

/**
 * Finds the folder of a run.
 *
 * @param output folder of the reports, as given on the command line
 * @param run name of the run, or `latest`
 * @throws BouncelabError E_NOT_FOUND when there is no such run
 */
export function findRun(output: string, run: string, cwd: string): string {
  const parent = resolve(cwd, output);
  const folder = /^[\w-]+$/.test(run) ? runFolder(parent, run) : undefined;
  if (folder !== undefined && existsSync(folder)) return folder;
  const what = run === 'latest' ? 'there is no last run' : `there is no run ${quoted(run)}`;
  const near = run === 'latest' ? undefined : closest(run, namesIn(parent));
  throw new BouncelabError('E_NOT_FOUND', `${what} in ${output}`, {
    hint:
      near === undefined
        ? 'every `bouncelab run` that ends writes one; --output names another folder'
        : `did you mean ${quoted(near)}?`,
  });
}

/** `latest` is a link; on systems that allow no links, a file with the name of the folder. */
function runFolder(parent: string, run: string): string {
  const path = join(parent, run);
  try {
    return realpathSync(path) === path && run === 'latest'
      ? join(parent, readFileSync(path, 'utf8').trim())
      : realpathSync(path);
  } catch {
    return path;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
