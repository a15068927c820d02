// Reads the run.json of an earlier run, as far as later commands need it. A file that was cut off or edited is
// reported with the place.

import { BouncelabError, type Location } from '../base/errors.js';
import { readJson } from '../documents/json-file.js';
import { described } from '../documents/problems.js';

/** What is read of an earlier run. */
export interface EarlierRun {
  scenarios: { file: string; status: string }[];
}

/** Results of some 100,000 scenarios. */
const FILE_SIZE_MAX = 256 * 1024 * 1024;

/**
 * @param path absolute path of run.json
 * @param file the path as messages show it
 * @returns undefined when there is no such file
 * @throws BouncelabError E_RUN_FILE, with the place, when it cannot be read or is damaged
 */
export function readRunFile(path: string, file: string): EarlierRun | undefined {
  const json = readJson(path, file, FILE_SIZE_MAX);
  if ('message' in json) {
    if (json.absent) return undefined;
    throw damagedRun(json.location, json.message);
  }
  const { value, at } = json;
  const wrong = (where: (string | number)[], expected: string, found: unknown): BouncelabError =>
    damagedRun(at(where), `this must be ${expected}, not ${described(found)}`);
  if (!isObject(value)) throw wrong([], 'the results of a run', value);
  const { scenarios } = value;
  if (!Array.isArray(scenarios)) throw wrong(['scenarios'], 'a list `scenarios`', scenarios);
  for (const [index, scenario] of (scenarios as unknown[]).entries()) {
    if (!isObject(scenario)) throw wrong(['scenarios', index], 'the result of a scenario', scenario);
    for (const key of ['file', 'status'])
      if (typeof scenario[key] !== 'string')
        throw wrong(['scenarios', index, key], `a text \`${key}\``, scenario[key]);
  }
  return value as unknown as EarlierRun;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The error for a file of an earlier run; its message begins with the place. */
export function damagedRun(location: Location, what: string): BouncelabError {
  const { file, line, column } = location;
  return new BouncelabError('E_RUN_FILE', `${file}:${line}:${column}: the file is damaged: ${what}`, {
    location,
    hint: 'run once more: that makes a new one',
  });
}
