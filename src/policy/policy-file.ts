// Loads policies: a shipped one by its name, one from a file, or one written in a scenario. All three
// get the same check, and take the keys that they leave out from the shipped policy `emma`.

import { readdirSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { shippedPath } from '../base/package-root.js';
import { invariant } from '../base/errors.js';
import { policySchema } from './schema.js';
import type { RetryPolicy } from './retry-policy.js';
import { ownCauses } from './causes-file.js';
import { completePolicy } from './complete.js';
import type { Path } from '../documents/locate.js';
import { arrangeProblems, listed, nameHint, quoted } from '../documents/problems.js';
import type { Problem } from '../documents/problems.js';
import { Reader } from '../documents/reader.js';
import { displayPath, readSource } from '../documents/source-file.js';
import { notAMapping, parseYaml, wholeFileProblem } from '../documents/yaml-file.js';
import type { YamlFile } from '../documents/yaml-file.js';

/** The policy of a scenario that names none, and the base of all others. */
export const DEFAULT_POLICY = 'emma';

const SHIPPED = shippedPath('policies/');

export type PolicyResult = { policy: RetryPolicy } | { problems: Problem[] };

let defaultPolicy: RetryPolicy | undefined;
const shippedPolicies = new Map<string, PolicyResult>();

/** Names of the shipped policies, sorted. */
export function listPolicies(): string[] {
  return readdirSync(SHIPPED)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
    .sort();
}

/** A shipped policy in one line: the first line of the comment at the top of its file. */
export function summaryOf(name: string): string {
  const source = readSource(shippedFile(name));
  invariant('text' in source, `the shipped policy ${name} cannot be read`);
  const comments = source.text.matchAll(/^# (.*)$/gm);
  for (const [, text = ''] of comments) if (!text.startsWith('yaml-language-server:')) return text.trim();
  return '';
}

/**
 * Loads a policy.
 *
 * @param name of a shipped policy; or a path, which contains a slash or ends in .yaml or .yml
 * @param from folder to which a relative path refers: that of the scenario, or the working directory
 * @param cwd folder to which messages are relative
 * @returns the policy, or what is wrong with its file; undefined when there is no such name or file
 * @throws BouncelabError E_HARNESS when a shipped policy is broken
 */
export function loadPolicy(name: string, from: string, cwd: string): PolicyResult | undefined {
  if (!isPath(name)) return readShipped(name, cwd);
  const path = resolve(from, name);
  const source = readSource(path);
  return 'absent' in source ? undefined : readPolicy(path, cwd);
}

/** Message and hint for a name or a path without a policy. */
export function unknownPolicy(name: string): { message: string; hint: string } {
  const shipped = listPolicies();
  return isPath(name)
    ? { message: `there is no policy file ${quoted(name)}`, hint: `shipped policies: ${listed(shipped)}` }
    : {
        message: `unknown policy ${quoted(name)}`,
        hint: `${nameHint(name, shipped, 'shipped policies')}; a file is given by its path, such as ./mine.yaml`,
      };
}

/**
 * Reads a policy that is written at `path` of a scenario.
 *
 * @param from folder to which the path of a file of causes refers
 * @returns undefined, and problems, when it is wrong
 */
export function readInlinePolicy(
  reader: Reader,
  path: Path,
  from: string,
  cwd: string,
): RetryPolicy | undefined {
  const input = reader.read(policySchema, path);
  if (!input) return undefined;
  const causes = ownCauses(reader, input.causes, [...path, 'causes'], from, cwd);
  return causes && completePolicy({ ...input, causes }, readDefaultPolicy(), 'inline');
}

/** The policy `emma`. */
function readDefaultPolicy(): RetryPolicy {
  if (!defaultPolicy) {
    const input = policySchema.parse(defaultPolicyFile().value);
    invariant(typeof input.causes !== 'string', `the policy ${DEFAULT_POLICY} contains its causes itself`);
    defaultPolicy = completePolicy({ ...input, causes: input.causes }, undefined, DEFAULT_POLICY);
  }
  return defaultPolicy;
}

/** The file of the policy `emma`, as it is written. */
export function defaultPolicyFile(): YamlFile {
  const source = readSource(shippedFile(DEFAULT_POLICY));
  invariant('text' in source, `the shipped policy ${DEFAULT_POLICY} cannot be read`);
  return parseYaml(`${DEFAULT_POLICY}.yaml`, source.text);
}

/** Reads a shipped policy once: it does not change while a process runs. */
function readShipped(name: string, cwd: string): PolicyResult | undefined {
  const known = shippedPolicies.get(name);
  if (known || !listPolicies().includes(name)) return known;
  const result = readPolicy(shippedFile(name), cwd);
  shippedPolicies.set(name, result);
  return result;
}

function readPolicy(path: string, cwd: string): PolicyResult {
  const file = displayPath(path, cwd);
  const source = readSource(path);
  if ('message' in source) return { problems: [wholeFileProblem(file, source)] };
  const yaml = parseYaml(file, source.text);
  const reader = new Reader(yaml);
  const wrong = notAMapping(yaml, 'policy');
  const input = wrong ? undefined : reader.reading(() => reader.read(policySchema, []));
  const causes = input && ownCauses(reader, input.causes, ['causes'], dirname(path), cwd);
  const found = wrong && yaml.problems.length === 0 ? [wrong] : reader.problems;
  const problems = [...yaml.problems, ...found];
  if (input && causes && problems.length === 0) {
    const name = basename(path).replace(/\.ya?ml$/i, '');
    return { policy: completePolicy({ ...input, causes }, readDefaultPolicy(), name) };
  }
  // Problems of a file of causes bring the text of that file.
  return { problems: arrangeProblems(problems).map((problem) => ({ source: source.text, ...problem })) };
}

function shippedFile(name: string): string {
  return resolve(SHIPPED, `${name}.yaml`);
}

function isPath(name: string): boolean {
  return /[\\/]|\.ya?ml$/i.test(name);
}
