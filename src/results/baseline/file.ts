// The file of a baseline: YAML with sorted keys, so that a change of results is a diff of a few lines.
// Written completely or not at all.

import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stringify } from 'yaml';
import { BouncelabError, type Location } from '../../base/errors.js';
import { unwritable } from '../../base/unwritable.js';
import type { Path } from '../../documents/locate.js';
import { described } from '../../documents/problems.js';
import { readSource } from '../../documents/source-file.js';
import { parseYaml, type YamlFile } from '../../documents/yaml-file.js';
import { BASELINE_FORMAT, type Baseline, type Values } from './baseline.js';

/** The key that identifies a baseline; its value is the format. */
export const BASELINE_KEY = 'bouncelab-baseline';
const HEAD = `# Results of scenarios. Made by \`bouncelab run --baseline\`, accepted with --update-baseline.\n`;
const NO_BASELINE = 'name another file, or move this one away: the next run makes a new one';
const DAMAGED = 'take it from git again, or move it away: the next run makes a new one';
/** Results of about 20,000 scenarios. */
const FILE_SIZE_MAX = 32 * 1024 * 1024;

/**
 * @param name the file as given on the command line, for messages
 * @returns undefined when the file does not exist yet
 * @throws BouncelabError E_BASELINE, with the place, when it cannot be read or is no baseline that this version
 *   reads; E_OUTPUT when the file and its folder do not exist; E_USAGE when it is a folder
 */
export function readBaseline(file: string, name: string): Baseline | undefined {
  if (!existsSync(file)) {
    if (existsSync(dirname(file))) return undefined;
    const what = `the baseline cannot be written to ${name}: there is no folder for it`;
    throw new BouncelabError('E_OUTPUT', what, { hint: 'make the folder' });
  }
  if (!statSync(file).isFile())
    throw new BouncelabError('E_USAGE', `the baseline ${name} is not a file`, { hint: 'name a file' });
  const source = readSource(file, FILE_SIZE_MAX);
  if ('message' in source)
    throw wrong(
      { file: name, line: 1, column: 1 },
      `the baseline cannot be read: ${source.message}`,
      NO_BASELINE,
    );
  const yaml = parseYaml(name, source.text);
  const [problem] = yaml.problems;
  if (problem) throw wrong(problem.location, problem.message, DAMAGED);
  return check(yaml);
}

function check(yaml: YamlFile): Baseline {
  const { value } = yaml;
  const at = (path: Path): Location => yaml.locator.value(path);
  if (!isValues(value) || !(BASELINE_KEY in value))
    throw wrong(at([]), `this is no baseline: it does not say \`${BASELINE_KEY}\``, NO_BASELINE);
  const { [BASELINE_KEY]: format, inputs, scenarios } = value as Record<string, unknown>;
  if (typeof format === 'number' && format > BASELINE_FORMAT) {
    throw wrong(
      at([BASELINE_KEY]),
      `this is a baseline of format ${format}, and this version reads format ${BASELINE_FORMAT}`,
      'use the version of bouncelab that made it, or a newer one',
    );
  }
  const damaged = (path: Path, expected: string, found: unknown): BouncelabError =>
    wrong(at(path), `the baseline is damaged: this must be ${expected}, not ${described(found)}`, DAMAGED);
  if (format !== BASELINE_FORMAT) throw damaged([BASELINE_KEY], `the format ${BASELINE_FORMAT}`, format);
  if (!Array.isArray(inputs)) throw damaged(['inputs'], 'a list of files and folders', inputs);
  for (const [index, input] of inputs.entries())
    if (typeof input !== 'string') throw damaged(['inputs', index], 'the name of a file or folder', input);
  if (!isValues(scenarios)) throw damaged(['scenarios'], 'a mapping of files to their results', scenarios);
  for (const [path, values] of Object.entries(scenarios))
    if (!isValues(values)) throw damaged(['scenarios', path], 'a mapping of results', values);
  return { inputs: inputs as string[], scenarios: scenarios as Record<string, Values> };
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws BouncelabError E_OUTPUT when it cannot be written; an existing file then stays as it is */
export function writeBaseline(file: string, name: string, { inputs, scenarios }: Baseline): void {
  const temporary = `${file}.${process.pid}.tmp`;
  const text =
    HEAD +
    stringify({ [BASELINE_KEY]: BASELINE_FORMAT, inputs, scenarios }, { sortMapEntries: true, lineWidth: 0 });
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw unwritable(`the baseline cannot be written to ${name}`, 'name another file', error);
  }
}

/** The message begins with the place. */
function wrong(location: Location, message: string, hint: string): BouncelabError {
  const { file, line, column } = location;
  return new BouncelabError('E_BASELINE', `${file}:${line}:${column}: ${message}`, { hint, location });
}
