// Finds the report folder of a run, for the commands that read one.

import { lstatSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BouncelabError } from '../base/errors.js';
import { closest, quoted } from '../documents/problems.js';
import { LATEST } from '../suite/latest.js';
import { latestOf } from '../suite/report-folder.js';

/**
 * Finds the folder of a run. A link to a folder elsewhere is no run.
 *
 * @param output folder of the reports, as given on the command line
 * @param run name of the run, or `latest`
 * @throws BouncelabError E_NOT_FOUND when there is no such run; E_RUN_FILE when `latest` names none
 */
export function findRun(output: string, run: string, cwd: string): string {
  const parent = resolve(cwd, output);
  const name = run === LATEST ? latestOf(parent) : run;
  if (name !== undefined && /^[\w-]+$/.test(name) && isFolder(join(parent, name))) return join(parent, name);
  const what = run === LATEST ? 'there is no last run' : `there is no run ${quoted(run)}`;
  const near = run === LATEST ? undefined : closest(run, namesIn(parent));
  throw new BouncelabError('E_NOT_FOUND', `${what} in ${output}`, {
    hint:
      near === undefined
        ? 'every `bouncelab run` that ends writes one; --output names another folder'
        : `did you mean ${quoted(near)}?`,
  });
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
