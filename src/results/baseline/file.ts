// The file of a baseline: YAML with sorted keys, so that a change of results is a diff of a few lines.
// Written completely or not at all.

import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseDocument, stringify } from 'yaml';
import { BouncelabError } from '../../base/errors.js';
import { unwritable } from '../../base/unwritable.js';
import { BASELINE_FORMAT, type Baseline, type Values } from './baseline.js';

/** The key that identifies a baseline; its value is the format. */
export const BASELINE_KEY = 'bouncelab-baseline';
const HEAD = `# Results of scenarios. Made by \`bouncelab run --baseline\`, accepted with --update-baseline.\n`;
const NO_BASELINE = 'name another file, or move this one away: the next run makes a new one';

/**
 * @param name the file as given on the command line, for messages
 * @returns undefined when the file does not exist yet
 * @throws BouncelabError E_BASELINE when it cannot be read, or is no baseline that this version reads
 */
export function readBaseline(file: string, name: string): Baseline | undefined {
  if (!existsSync(file)) {
    if (existsSync(dirname(file))) return undefined;
    throw wrong(`the baseline cannot be written to ${name}: there is no folder for it`, 'make the folder');
  }
  if (!statSync(file).isFile()) throw wrong(`the baseline ${name} is not a file`, 'name a file');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw wrong(`the baseline ${name} cannot be read: ${(error as Error).message}`, NO_BASELINE);
  }
  const document = parseDocument(text, { prettyErrors: true });
  const [problem] = document.errors;
  if (problem) {
    const { line, col } = problem.linePos?.[0] ?? { line: 1, col: 1 };
    const [what] = problem.message.split('\n');
    throw wrong(
      `${name}:${line}:${col}: the baseline is not YAML: ${what!.replace(/ at line \d+.*$/, '')}`,
      'take it from git again, or accept the results of a run with --update-baseline once it is gone',
    );
  }
  return check(document.toJS() as unknown, name);
}

function check(value: unknown, name: string): Baseline {
  if (!isValues(value) || !(BASELINE_KEY in value))
    throw wrong(`${name} is no baseline: it does not say \`${BASELINE_KEY}\``, NO_BASELINE);
  const { [BASELINE_KEY]: format, inputs, scenarios } = value as Record<string, unknown>;
  if (typeof format === 'number' && format > BASELINE_FORMAT) {
    throw wrong(
      `${name} is a baseline of format ${format}, and this version reads format ${BASELINE_FORMAT}`,
      'use the version of bouncelab that made it, or a newer one',
    );
  }
  const areInputs = Array.isArray(inputs) && inputs.every((input) => typeof input === 'string');
  if (
    format !== BASELINE_FORMAT ||
    !areInputs ||
    !isValues(scenarios) ||
    !Object.values(scenarios).every(isValues)
  )
    throw wrong(
      `the baseline ${name} is damaged: keys are missing or have values of the wrong kind`,
      NO_BASELINE,
    );
  return { inputs: inputs, scenarios: scenarios as Record<string, Values> };
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

function wrong(message: string, hint: string): BouncelabError {
  return new BouncelabError('E_BASELINE', message, { hint });
}
