// Reads pieces of one parsed file through the schema and collects what is wrong, each with its place.
// A piece that fails is left out and the others are read on, so that one mistake does not hide the
// next.

import type { z } from 'zod';
import type { Location } from '../base/errors.js';
import { check, label, missingKey, objectKeys, unknownKey } from './issues.js';
import type { Finding } from './issues.js';
import type { Path } from './locate.js';
import { described } from './problems.js';
import type { Problem } from './problems.js';
import type { YamlFile } from './yaml-file.js';

/** Where on a path a problem is marked, and what more is said of it. */
export interface ProblemOptions {
  hint?: string | undefined;
  on?: 'key' | 'value';
}

export class Reader {
  readonly #yaml: YamlFile;
  readonly #problems: Problem[] = [];
  readonly #warnings: Problem[] = [];

  constructor(yaml: YamlFile) {
    this.#yaml = yaml;
  }

  /** The file as messages show it. */
  get file(): string {
    return this.#yaml.file;
  }

  /** Whether the text was understood to its end: only then can something be said to be missing or unknown. */
  get intact(): boolean {
    return this.#yaml.brokenFrom === Infinity;
  }

  /** What was found besides the syntax errors of the file. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Problems of other files that do not stand in the way. */
  get warnings(): readonly Problem[] {
    return this.#warnings;
  }

  /** Tells of a problem of another file that is passed over. */
  warn(problem: Problem): void {
    this.#warnings.push(problem);
  }

  get failed(): boolean {
    return this.#problems.length > 0 || this.#yaml.problems.length > 0;
  }

  /** A name that leads nowhere, two things that do not go together: what no schema can see. */
  problem(path: Path, message: string, { hint, on = 'value' }: ProblemOptions = {}): void {
    // After a syntax error the thing that is referred to may only have been swallowed.
    if (!this.intact) return;
    this.#add(path, on, message, hint);
  }

  /** A problem of another file that this one refers to. */
  foreign(problem: Problem): void {
    this.#problems.push(problem);
  }

  /** The value at a path; undefined when there is none. */
  get(path: Path): unknown {
    let value = this.#yaml.value;
    for (const step of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
      value = (value as Record<string | number, unknown>)[step];
    }
    return value;
  }

  /** Keys of the mapping at a path, in the order of the file. */
  keys(path: Path): string[] {
    return this.#yaml.locator.keys(path);
  }

  /** The items of the list at a path; none, and a problem, when it is something else. */
  items(path: Path): unknown[] {
    const value = this.get(path);
    if (value === undefined) return [];
    if (Array.isArray(value)) return value;
    this.#shape(
      path,
      `${label(path)} must be a list, not ${described(value)}`,
      typeof value === 'string' && value.length <= 40
        ? `write it as a list: [${value}]`
        : 'write its items one a line, each after a dash: `- ...`',
    );
    return [];
  }

  /** Whether there is a mapping at a path; a problem when it is something else. */
  mapping(path: Path): boolean {
    const value = this.get(path);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return true;
    this.#shape(path, `${label(path)} must be a mapping, not ${described(value)}`);
    return false;
  }

  /**
   * Checks which keys a mapping has, and nothing of their values.
   *
   * @returns false when it is no mapping at all
   */
  object(schema: z.ZodObject, path: Path, allowed: readonly string[] = objectKeys(schema)): boolean {
    if (!this.mapping(path)) return false;
    const keys = new Set(this.keys(path));
    for (const key of keys) if (!allowed.includes(key)) this.#find(unknownKey([...path, key], allowed));
    for (const key of objectKeys(schema)) {
      const field = schema.shape[key] as z.ZodType;
      if (keys.has(key) || field.safeParse(undefined).success) continue;
      this.#find(missingKey([...path, key], field.description ?? 'required'));
    }
    return true;
  }

  /** The value at a path, checked and converted; undefined, and problems, when it is wrong. */
  read<S extends z.ZodType>(schema: S, path: Path): z.output<S> | undefined {
    return this.readValue(schema, this.get(path), path);
  }

  /** Like `read`, for a value that was taken from `path` and changed. */
  readValue<S extends z.ZodType>(schema: S, value: unknown, path: Path): z.output<S> | undefined {
    const result = check(schema, value, path);
    if ('value' in result) return result.value;
    for (const finding of result.findings) this.#find(finding);
    return undefined;
  }

  /** A problem of form: told also beside a syntax error, when it stands before it. */
  shape(path: Path, message: string, { hint, on = 'value' }: ProblemOptions = {}): void {
    this.#shape(path, message, hint, on);
  }

  /** The place of a value. */
  place(path: Path): Location {
    return this.#yaml.locator.value(path);
  }

  line(path: Path): number {
    return this.#yaml.locator.key(path).line;
  }

  #find({ path, on, kind, message, hint }: Finding): void {
    if (kind === 'missing') this.problem(path, message, { hint, on });
    else this.#shape(path, message, hint, on);
  }

  #shape(path: Path, message: string, hint?: string, on: 'key' | 'value' = 'value'): void {
    const { locator, brokenFrom } = this.#yaml;
    const { line } = on === 'key' ? locator.key(path) : locator.value(path);
    if (line < brokenFrom) this.#add(path, on, message, hint);
  }

  #add(path: Path, on: 'key' | 'value', message: string, hint: string | undefined): void {
    const { locator } = this.#yaml;
    const location = on === 'key' ? locator.key(path) : locator.value(path);
    this.#problems.push({ message, ...(hint === undefined || hint === '' ? {} : { hint }), location });
  }
}
