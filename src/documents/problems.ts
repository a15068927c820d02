// Problems of a file that a person wrote, collected so that all are reported at once, and the words of
// their messages. Every problem has a location; nothing here throws.

import { closest as nearest, distance } from 'fastest-levenshtein';
import type { Location } from '../base/errors.js';
import { visible } from '../base/printable.js';

/** One problem of a scenario, policy, profile or audience file. */
export interface Problem {
  /** One sentence: what is wrong. */
  message: string;
  /** What to do about it. */
  hint?: string;
  location: Location;
  /** Text of the file of `location` when that is not the scenario itself: a policy or an audience. */
  source?: string;
}

/** Problems that are shown; one more, the last, gives the number of the others. */
export const PROBLEMS_MAX = 100;

/** Number of candidates that are compared with an unknown name, which bounds the time. */
const CANDIDATES_MAX = 20_000;
const SHOWN_LENGTH_MAX = 60;

/** @returns the problems in the order of their locations, each once, with the number of those beyond the limit */
export function arrangeProblems(problems: readonly Problem[]): Problem[] {
  const files = [...new Set(problems.map((problem) => problem.location.file))];
  const seen = new Set<string>();
  const ordered = problems
    .filter((problem) => {
      const key = `${problem.location.file}:${problem.location.line}:${problem.location.column}:${problem.message}`;
      return seen.size < seen.add(key).size;
    })
    .sort(
      (a, b) =>
        files.indexOf(a.location.file) - files.indexOf(b.location.file) ||
        a.location.line - b.location.line ||
        a.location.column - b.location.column,
    );
  const rest = ordered.splice(PROBLEMS_MAX);
  if (rest[0]) {
    ordered.push({
      ...rest[0],
      message: `${rest[0].message} (and ${rest.length - 1} more problems after it)`,
    });
  }
  return ordered;
}

/** @returns the candidate that was probably meant, if one is similar enough */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > 100) return undefined;
  const list: string[] = [];
  for (const candidate of candidates) {
    if (list.length === CANDIDATES_MAX) break;
    if (Math.abs(candidate.length - word.length) <= 3) list.push(candidate);
  }
  if (list.length === 0) return undefined;
  const lower = word.toLowerCase();
  const same = list.find((candidate) => candidate.toLowerCase() === lower);
  if (same !== undefined) return same;
  const near = nearest(lower, list);
  // Two swapped letters are a distance of two.
  const far = word.length <= 3 ? 1 : word.length <= 8 ? 2 : 3;
  return distance(lower, near.toLowerCase()) <= far ? near : undefined;
}

/** @returns a hint for an unknown name: the one that was probably meant, and all names */
export function nameHint(word: string, candidates: readonly string[], what: string): string {
  const near = closest(word, candidates);
  const all = candidates.length === 0 ? '' : `${what}: ${listed(candidates)}`;
  return near === undefined ? all : `did you mean ${quoted(near)}?${all === '' ? '' : ` ${all}`}`;
}

/** `a, b, c`, shortened when it would fill the screen. */
export function listed(names: readonly string[]): string {
  const most = 24;
  return names.length <= most
    ? names.join(', ')
    : `${names.slice(0, most).join(', ')}, ... (${names.length})`;
}

/** Text of a file inside a message: in backticks, on one line, without control characters. */
export function quoted(text: string): string {
  const cut = text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}...` : text;
  return `\`${visible(cut)}\``;
}

/** A value that was found instead of the expected one, in words. */
export function described(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return value === '' ? 'an empty text' : quoted(value);
  if (typeof value === 'number' || typeof value === 'boolean') return quoted(String(value));
  const empty = Object.keys(value).length === 0;
  return Array.isArray(value)
    ? empty
      ? 'an empty list'
      : 'a list'
    : empty
      ? 'an empty mapping'
      : 'a mapping';
}

/** `1 contact`, `3 contacts`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
