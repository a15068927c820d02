// Finds scenario files: resolves the files, folders and globs that are given on the command line. Folders are
// searched for .yaml and .yml files.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, resolve, sep } from 'node:path';
import { globSync, isDynamicPattern } from 'tinyglobby';
import { BouncelabError } from '../base/errors.js';
import { closest, quoted } from '../documents/problems.js';
import { displayPath } from '../documents/source-file.js';

/** Folder that is searched when no input is given. */
export const DEFAULT_INPUT = 'scenarios';

const SCENARIO_FILE = /\.ya?ml$/i;

export interface Found {
  /** Relative to the working directory, with forward slashes, sorted, each once. */
  files: string[];
  /** Those that were given as files, not found in a folder or by a glob. */
  named: ReadonlySet<string>;
  /** One for each input that does not exist or contains no scenario. */
  problems: BouncelabError[];
}

/**
 * Finds scenario files. A folder means every .yaml and .yml file below it, except in node_modules; a file is
 * accepted with any extension. A search follows no links, which may lead anywhere or in circles; a link that is
 * named itself is followed.
 *
 * @param inputs files, folders and globs; the folder `scenarios` when there are none
 * @param cwd folder to which they are relative
 */
export function findScenarios(inputs: readonly string[], cwd: string): Found {
  const files = new Set<string>();
  const named = new Set<string>();
  const problems: BouncelabError[] = [];
  if (inputs.length === 0 && !existsSync(resolve(cwd, DEFAULT_INPUT)))
    return { files: [], named, problems: [nothingNamed()] };
  for (const input of inputs.length > 0 ? inputs : [DEFAULT_INPUT]) {
    const found = findInput(input, cwd);
    if (found instanceof BouncelabError) {
      problems.push(found);
      continue;
    }
    for (const path of found.paths) {
      const file = displayPath(path, cwd);
      files.add(file);
      if (found.isFile) named.add(file);
    }
  }
  // Not by locale: the order must be the same on every machine.
  return { files: [...files].sort(), named, problems };
}

/** The files of one input, as absolute paths. */
interface Match {
  paths: string[];
  /** Whether the input is the path of a file. */
  isFile: boolean;
}

function findInput(input: string, cwd: string): Match | BouncelabError {
  const path = resolve(cwd, input);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return inFolder(input, path);
  if (stats) return { paths: [path], isFile: true };
  const pattern = sep === '\\' ? input.replaceAll('\\', '/') : input;
  return isDynamicPattern(pattern) ? matching(input, pattern, cwd) : notThere(input, path, cwd);
}

function inFolder(input: string, path: string): Match | BouncelabError {
  const paths = globSync('**/*', {
    cwd: path,
    ignore: '**/node_modules/**',
    absolute: true,
    expandDirectories: false,
    followSymbolicLinks: false,
  }).filter(isScenario);
  if (paths.length > 0) return { paths, isFile: false };
  return new BouncelabError('E_NOT_FOUND', `the folder ${quoted(input)} holds no scenario`, {
    hint: 'scenarios are files whose names end in .yaml or .yml; links in it are not followed',
  });
}

function matching(input: string, pattern: string, cwd: string): Match | BouncelabError {
  const { folder, below } = split(pattern);
  const paths = globSync(below, {
    cwd: resolve(cwd, folder),
    absolute: true,
    expandDirectories: false,
    followSymbolicLinks: false,
  }).filter(isScenario);
  if (paths.length > 0) return { paths, isFile: false };
  return new BouncelabError('E_NOT_FOUND', `no scenario matches ${quoted(input)}`, {
    hint: 'a pattern such as "scenarios/**/*.yaml" finds files in all folders below; put it in quotes',
  });
}

/**
 * A pattern as the folder that it begins with and the pattern below it. The library finds nothing above the
 * folder that it is given, so that `../other/*.yaml` is looked for in `../other`.
 */
function split(pattern: string): { folder: string; below: string } {
  const parts = pattern.split('/');
  const dynamic = parts.findIndex((part) => part.includes('\\') || isDynamicPattern(part));
  // `{a/b,c}` has a slash within its braces.
  const first = parts.slice(0, dynamic).some((part) => part.includes('{')) ? 0 : Math.max(0, dynamic);
  return {
    folder: parts.slice(0, first).join('/') || (pattern.startsWith('/') ? '/' : '.'),
    below: parts.slice(first).join('/'),
  };
}

function nothingNamed(): BouncelabError {
  const what = `no scenario is named, and there is no folder ${quoted(DEFAULT_INPUT)} here`;
  return new BouncelabError('E_NOT_FOUND', what, {
    hint: 'name files, folders or patterns such as "tests/**/*.yaml"; the README begins with a scenario to copy',
  });
}

function notThere(input: string, path: string, cwd: string): BouncelabError {
  const near = closest(basename(path), siblings(path));
  const hint =
    near === undefined
      ? 'give files, folders or patterns such as "scenarios/**/*.yaml"'
      : `did you mean ${quoted(displayPath(resolve(dirname(path), near), cwd))}?`;
  return new BouncelabError('E_NOT_FOUND', `there is no file or folder ${quoted(input)}`, { hint });
}

/** Names in the folder of a path; none when the folder does not exist. */
function siblings(path: string): string[] {
  try {
    return readdirSync(dirname(path));
  } catch {
    return [];
  }
}

function isScenario(path: string): boolean {
  return SCENARIO_FILE.test(path);
}
