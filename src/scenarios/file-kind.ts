// What a YAML file is meant to be, seen from its keys; and its problems as what it is.

import { resolve } from 'node:path';
import { loadCauses } from './causes-file.js';
import { loadScenario } from './load.js';
import { loadPolicy } from './policy-file.js';
import type { Problem } from './problems.js';
import { scenarioSchema } from './schema.js';
import { readSource } from './source-file.js';
import { parseYaml } from './yaml-file.js';

export type FileKind = 'scenario' | 'policy' | 'file of causes';

/** Keys that no other file has. */
const SCENARIO_KEYS = Object.keys(scenarioSchema.shape).filter((key) => key !== 'name');

/** @returns a scenario, unless its keys say that it is something else */
export function kindOf(text: string): FileKind {
  const { value } = parseYaml('', text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'scenario';
  const keys = Object.keys(value);
  if (keys.some((key) => SCENARIO_KEYS.includes(key))) return 'scenario';
  if (keys.some((key) => key === 'retry' || key === 'bounce')) return 'policy';
  if (!keys.includes('causes')) return 'scenario';
  // A policy may be nothing but a name, and rules or the path of a file of them.
  const { causes } = value as { causes: unknown };
  return keys.includes('name') || typeof causes === 'string' ? 'policy' : 'file of causes';
}

/** A file after the check. `source` is empty when it could not be read. */
export interface CheckedFile {
  kind: FileKind;
  source: string;
  /** None when it is valid. */
  problems: readonly Problem[];
  /** What was left out, as the file wants it. */
  warnings?: readonly Problem[];
}

/** Checks a file as what it is meant to be. @param file relative to `cwd` */
export function checkFile(file: string, cwd: string): CheckedFile {
  const path = resolve(cwd, file);
  const read = readSource(path);
  const source = 'text' in read ? read.text : '';
  const kind = kindOf(source);
  if (kind === 'scenario') {
    const { problems = [], warnings = [] } = loadScenario(file, { cwd });
    return { kind, source, problems, warnings };
  }
  const loaded = kind === 'policy' ? loadPolicy(path, cwd, cwd) : loadCauses(path, cwd);
  return { kind, source, problems: loaded && 'problems' in loaded ? loaded.problems : [] };
}
