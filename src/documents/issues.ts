// Checks values with zod and turns its issues into problems that a person can read: where, what was
// expected, what was found instead, and the name that was probably meant.

import { z } from 'zod';
import type { Path } from './locate.js';
import { closest, described, listed, nameHint, quoted } from './problems.js';

/** A problem at a path, before its location in the file is known. */
export interface UnplacedProblem {
  path: Path;
  /** Whether the key or the value at `path` is at fault. */
  on: 'key' | 'value';
  /** `missing`: a key is absent, which an earlier syntax error may explain. */
  kind: 'shape' | 'missing';
  message: string;
  hint?: string;
}

type Issue = z.core.$ZodIssue;

/**
 * Checks a value. Zod's own messages are replaced by noun phrases that complete "must be ...".
 *
 * @param path of the value; paths of problems start from the same root
 * @returns the converted value, or its problems
 */
export function check<S extends z.ZodType>(
  schema: S,
  value: unknown,
  path: Path,
): { value: z.output<S> } | { problems: UnplacedProblem[] } {
  // Without `jitless`, zod compiles each schema before its first use, which takes longer than all uses of most.
  const result = schema.safeParse(value, { error: expectation, jitless: true });
  if (result.success) return { value: result.data };
  return { problems: result.error.issues.flatMap((issue) => problemsIn(issue, schema, value, path)) };
}

/** A custom issue with a message of its own, where "must be ..." does not fit. */
export function sentence(message: string, hint: string, path: (string | number)[] = []) {
  return { code: 'custom' as const, message, path, params: { sentence: true, hint } };
}

function problemsIn(issue: Issue, schema: z.ZodType, root: unknown, base: Path): UnplacedProblem[] {
  const inner = issue.path as (string | number)[];
  const path = [...base, ...inner];
  const value = valueAt(root, inner);
  if (issue.code === 'unrecognized_keys') {
    const known = objectKeys(schemaAt(schema, inner, root));
    return issue.keys.map((key) => unknownKey([...path, key], known));
  }
  if (issue.code === 'invalid_union') {
    // The branch for the type of the value was probably meant. Its issues are reported, unless they only
    // repeat that the value as a whole does not match.
    const meant = issue.errors.filter((option) => option.some(isSpecific) && !option.some(isWrongKind));
    const fewest = meant.sort((a, b) => a.length - b.length)[0];
    if (fewest) {
      return fewest.flatMap((one) =>
        problemsIn({ ...one, path: [...inner, ...one.path] }, schema, root, base),
      );
    }
  }
  const params = issue.code === 'custom' ? issue.params : undefined;
  if (params?.['sentence'] === true) {
    return [{ path, on: 'value', kind: 'shape', message: issue.message, hint: String(params['hint']) }];
  }
  if (value === undefined && inner.length > 0) {
    return [missingKey(path, issue.message)];
  }
  const hint = valueHint(issue, value);
  const message = `${label(path)} must be ${issue.message}, not ${described(value)}`;
  return [{ path, on: 'value', kind: 'shape', message, ...(hint === undefined ? {} : { hint }) }];
}

/** A key that the format does not have. */
export function unknownKey(path: Path, known: readonly string[]): UnplacedProblem {
  const key = String(path.at(-1));
  const hint = nameHint(key, known, 'keys here');
  return {
    path,
    on: 'key',
    kind: 'shape',
    message: `unknown key ${quoted(key)}`,
    ...(hint === '' ? {} : { hint }),
  };
}

/** A key that must be there. */
export function missingKey(path: Path, expected: string): UnplacedProblem {
  const key = quoted(String(path.at(-1)));
  return {
    path: path.slice(0, -1),
    on: 'value',
    kind: 'missing',
    message: `${key} is missing`,
    hint: `${key}: ${expected}`,
  };
}

/** How a message names the value at a path. */
export function label(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return 'the file';
  if (typeof last === 'string') return quoted(last);
  return `${path.length > 1 ? `item ${last + 1} of ${quoted(String(path.at(-2)))}` : `item ${last + 1}`}`;
}

function valueHint(issue: Issue, value: unknown): string | undefined {
  if (typeof value === 'string' && (issue.code === 'invalid_value' || issue.code === 'invalid_union')) {
    const near = closest(value, fixedValues(issue));
    return near === undefined ? undefined : `did you mean ${quoted(near)}?`;
  }
  if (typeof value === 'number' && /^a (?:duration|time)/.test(issue.message)) {
    return `a duration needs its unit: write ${Math.abs(value)}m, ${Math.abs(value)}s or ${Math.abs(value)}h`;
  }
  if (typeof value === 'number' && issue.message.startsWith('a range of attempts')) {
    return `write 1..${value} for the first ones, or ${value}..${value} for that one alone`;
  }
  if (issue.code === 'invalid_type' && issue.expected === 'array' && typeof value === 'string') {
    return `write it as a list: [${value.length > 30 ? '...' : value}]`;
  }
  if (
    issue.code === 'invalid_type' &&
    issue.expected === 'string' &&
    issue.message === TYPES['string'] &&
    typeof value === 'number'
  ) {
    return `put it in quotes: "${value}"`;
  }
  return undefined;
}

/** The fixed values that would have been accepted. */
function fixedValues(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  return issue.code === 'invalid_union' ? issue.errors.flat().flatMap(fixedValues) : [];
}

const TYPES: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/** What was expected, for issues without a message in the schema. */
const expectation: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.length === 1
        ? quoted(String(issue.values[0]))
        : `one of ${listed(issue.values.map(String))}`;
    case 'too_small':
      return bound(issue.origin, 'at least', Number(issue.minimum));
    case 'too_big':
      return bound(issue.origin, 'at most', Number(issue.maximum));
    default:
      return undefined;
  }
};

function bound(origin: string, words: string, limit: number): string {
  const figure = limit.toLocaleString('en-US');
  if (origin === 'string')
    return limit === 1 ? 'a text that is not empty' : `a text of ${words} ${figure} characters`;
  if (origin === 'array')
    return limit === 1 ? 'a list that is not empty' : `a list of ${words} ${figure} items`;
  return `a number of ${words} ${figure}`;
}

/** Whether a branch of a union is for another type. */
function isWrongKind(issue: Issue): boolean {
  return issue.code === 'invalid_type' && issue.path.length === 0;
}

function isSpecific(issue: Issue): boolean {
  return issue.path.length > 0 || !['invalid_value', 'invalid_format', 'invalid_union'].includes(issue.code);
}

function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** The schema of the value at a path: of a union, the branch for the type of the value. */
function schemaAt(
  schema: z.ZodType,
  path: readonly (string | number)[],
  value: unknown,
): z.ZodType | undefined {
  let current = unwrapped(schema, value);
  let here = value;
  for (const step of path) {
    here = valueAt(here, [step]);
    const next: unknown =
      current instanceof z.ZodArray
        ? current.element
        : current instanceof z.ZodRecord
          ? current.valueType
          : current instanceof z.ZodObject
            ? current.shape[String(step)]
            : undefined;
    if (!(next instanceof z.ZodType)) return undefined;
    current = unwrapped(next, here);
  }
  return current;
}

/** Removes the wrappers of defaults and conversions; of a union, takes the branch for the type of the value. */
function unwrapped(schema: z.ZodType, value: unknown): z.ZodType {
  let current: unknown = schema;
  for (;;) {
    if (
      current instanceof z.ZodOptional ||
      current instanceof z.ZodDefault ||
      current instanceof z.ZodPrefault
    ) {
      current = current.unwrap();
    } else if (current instanceof z.ZodPipe) {
      current = current.in;
    } else if (current instanceof z.ZodUnion) {
      const options = current.options as z.ZodType[];
      current = options.find((option) =>
        Array.isArray(value) ? option instanceof z.ZodArray : option instanceof z.ZodObject,
      );
    } else {
      return current as z.ZodType;
    }
  }
}

const required = new WeakMap<z.ZodObject, readonly string[]>();

/** Keys that a mapping must have. */
export function requiredKeys(schema: z.ZodObject): readonly string[] {
  let keys = required.get(schema);
  if (!keys) {
    keys = objectKeys(schema).filter((key) => !(schema.shape[key] as z.ZodType).safeParse(undefined).success);
    required.set(schema, keys);
  }
  return keys;
}

/** Keys of an object schema. */
export function objectKeys(schema: z.ZodType | undefined): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
