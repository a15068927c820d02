// Detects from its keys what kind of file a YAML file is, and validates it as that kind. `validate` uses it,
// and so does the selection of scenarios, to skip files of other kinds.

import { resolve } from 'node:path';
import { BouncelabError } from '../base/errors.js';
import { BASELINE_KEY, readBaseline } from '../results/baseline/file.js';
import { loadCauses } from '../policy/causes-file.js';
import { loadScenario } from '../scenarios/load.js';
import type { TakenFiles } from '../scenarios/read/audience-file/taken.js';
import { loadPolicy } from '../policy/policy-file.js';
import type { Problem } from '../documents/problems.js';
import { loadProfile } from '../scenarios/fleet/profile-file.js';
import { scenarioSchema } from '../scenarios/schema/scenario.js';
import { displayPath, readSource } from '../documents/source-file.js';
import { parseYaml, wholeFileProblem } from '../documents/yaml-file.js';

export type FileKind = 'scenario' | 'policy' | 'file of causes' | 'profile' | 'baseline';

/** Keys that no other file has. */
const SCENARIO_KEYS = Object.keys(scenarioSchema.shape).filter((key) => key !== 'name');

/** @returns `scenario`, unless its keys belong to another kind */
function kindOf(text: string): FileKind {
  const { value } = parseYaml('', text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'scenario';
  const keys = Object.keys(value);
  if (keys.some((key) => SCENARIO_KEYS.includes(key))) return 'scenario';
  if (keys.includes(BASELINE_KEY)) return 'baseline';
  if (keys.includes('replies')) return 'profile';
  if (keys.some((key) => key === 'retry' || key === 'bounce')) return 'policy';
  if (!keys.includes('causes')) return 'scenario';
  // A policy may have only a name, and causes as rules or as the path of a file.
  const { causes } = value as { causes: unknown };
  return keys.includes('name') || typeof causes === 'string' ? 'policy' : 'file of causes';
}

/** A file after the check. `source` is empty when it could not be read. */
interface CheckedFile {
  kind: FileKind;
  source: string;
  /** Empty when it is valid. */
  problems: readonly Problem[];
  /** The first rows of an audience file that were left out, as the scenario allows, and the number of all. */
  warnings?: readonly Problem[];
  leftOut?: number;
  /** What the files of an audience were taken for. */
  taken?: TakenFiles;
}

/** Validates a file as the kind that its keys show. @param file relative to `cwd` */
export function validateFile(file: string, cwd: string): CheckedFile {
  const path = resolve(cwd, file);
  const read = readSource(path);
  const source = 'text' in read ? read.text : '';
  const kind = kindOf(source);
  if (kind === 'scenario') {
    const { problems = [], warnings = [], leftOut = 0, taken = {} } = loadScenario(file, { cwd });
    return { kind, source, problems, warnings, leftOut, taken };
  }
  return { kind, source, problems: problemsOf(kind, path, cwd) };
}

function problemsOf(kind: Exclude<FileKind, 'scenario'>, path: string, cwd: string): readonly Problem[] {
  if (kind === 'baseline') return problemsOfBaseline(path, cwd);
  const load = { policy: loadPolicy, profile: loadProfile, 'file of causes': loadCauses }[kind];
  const loaded = load(path, cwd, cwd);
  return loaded && 'problems' in loaded ? loaded.problems : [];
}

function problemsOfBaseline(path: string, cwd: string): Problem[] {
  const file = displayPath(path, cwd);
  try {
    readBaseline(path, file);
    return [];
  } catch (error) {
    if (!(error instanceof BouncelabError)) throw error;
    const { message, hint, location = { file, line: 1, column: 1 } } = error;
    const place = `${location.file}:${location.line}:${location.column}: `;
    const what = message.startsWith(place) ? message.slice(place.length) : message;
    return [{ message: what, ...(hint === undefined ? {} : { hint }), location }];
  }
}

/** How each other kind of file is used. */
const USES: Record<Exclude<FileKind, 'scenario'>, string> = {
  policy: 'a scenario names it with `policy`, a command with `--policy FILE`',
  'file of causes': 'a policy names it with `causes`',
  profile: 'a domain of a fleet names it with `profile`',
  baseline: 'a run is compared with it by `--baseline FILE`',
};

/** @returns the problem that a file is of another kind; undefined when it is a scenario */
export function notAScenario(file: string, source: string): Problem | undefined {
  const kind = kindOf(source);
  if (kind === 'scenario') return undefined;
  return wholeFileProblem(file, { message: `this is a ${kind}, not a scenario`, hint: USES[kind] });
}
