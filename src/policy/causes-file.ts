// Files of cause rules that a policy names, read and checked like every file that people write.

import { resolve } from 'node:path';
import type { CauseRule } from './cause-rules.js';
import { causesSchema } from './cause-schema.js';
import type { Path } from '../documents/locate.js';
import { arrangeProblems, quoted } from '../documents/problems.js';
import type { Problem } from '../documents/problems.js';
import { Reader } from '../documents/reader.js';
import { displayPath, readSource } from '../documents/source-file.js';
import { notAMapping, parseYaml, wholeFileProblem } from '../documents/yaml-file.js';

export type CausesResult = { rules: CauseRule[] } | { problems: Problem[] };

/** Reads a file of rules. @param path absolute */
export function loadCauses(path: string, cwd: string): CausesResult {
  const file = displayPath(path, cwd);
  const source = readSource(path);
  if ('message' in source) return { problems: [wholeFileProblem(file, source)] };
  const yaml = parseYaml(file, source.text);
  const reader = new Reader(yaml);
  const wrong = notAMapping(yaml, 'file of causes');
  const read = wrong ? undefined : reader.reading(() => reader.read(causesSchema, []));
  const found = wrong && yaml.problems.length === 0 ? [wrong] : reader.problems;
  const problems = [...yaml.problems, ...found];
  if (read && problems.length === 0) return { rules: read.causes };
  return { problems: arrangeProblems(problems).map((problem) => ({ ...problem, source: source.text })) };
}

/**
 * The rules that a policy adds.
 *
 * @param written the value of its key `causes`, after the check: rules, or the path of a file
 * @param path of that key
 * @param from folder to which a relative path refers
 * @returns undefined, and problems, when the file does not exist or is wrong
 */
export function ownCauses(
  reader: Reader,
  written: string | CauseRule[] | undefined,
  path: Path,
  from: string,
  cwd: string,
): CauseRule[] | undefined {
  if (typeof written !== 'string') return written ?? [];
  const file = resolve(from, written);
  if ('absent' in readSource(file)) {
    const hint = 'the path is relative to the file that names it';
    reader.shape(path, `there is no file of causes ${quoted(written)}`, { hint });
    return undefined;
  }
  const result = loadCauses(file, cwd);
  if ('rules' in result) return result.rules;
  for (const problem of result.problems) reader.foreign(problem);
  return undefined;
}
