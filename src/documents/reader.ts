// Reads parts of one parsed file with their schemas and collects the problems, each with its location. A
// part with a problem is left out and the others are still read, so that one mistake does not hide the
// next.

import type { z } from 'zod';
import type { Location } from '../base/errors.js';
import { check, label, missingKey, objectKeys, requiredKeys, unknownKey } from './issues.js';
import type { UnplacedProblem } from './issues.js';
import type { Path } from './locate.js';
import { described } from './problems.js';
import { sparseText } from './text-lines.js';
import type { Problem } from './problems.js';
import type { YamlFile } from './yaml-file.js';

/** A file with more problems is not read further: many of them cost a search for a name that is close. */
const READ_MAX = 1000;

/** Ends the reading of a file with too many problems. */
class TooManyProblems extends Error {}

/** Whether a problem is marked at the key or the value of its path, and its hint. */
interface ProblemOptions {
  hint?: string | undefined;
  on?: 'key' | 'value';
}

/** Lines of a large file that are shown before and after a problem. */
const LINES_AROUND = 2;

export class Reader {
  private readonly yaml: YamlFile;
  private readonly found: Problem[] = [];
  private readonly warned: Problem[] = [];
  /** Paths of files whose text is not kept, by the name that messages show. */
  private readonly large = new Map<string, string>();

  constructor(yaml: YamlFile) {
    this.yaml = yaml;
  }

  /** The file as messages show it. */
  get file(): string {
    return this.yaml.file;
  }

  /** Whether the whole text could be parsed: otherwise a missing key or an unknown name is not reported. */
  get intact(): boolean {
    return this.yaml.brokenFrom === Infinity;
  }

  /** Problems found so far, without the syntax errors of the file. */
  get problems(): readonly Problem[] {
    return this.found;
  }

  /** Problems of other files that do not make this one invalid. */
  get warnings(): readonly Problem[] {
    return this.warned;
  }

  /** Reports a problem of another file that does not make this one invalid. */
  warn(problem: Problem): void {
    this.warned.push(problem);
  }

  /**
   * Registers a file whose text is not kept.
   *
   * @param file as messages show it
   * @param path absolute path
   */
  readAgain(file: string, path: string): void {
    this.large.set(file, path);
  }

  /** Adds to problems of registered files the text around their locations. */
  framed(problems: readonly Problem[]): Problem[] {
    const sources = new Map<string, string>();
    for (const [file, path] of this.large) {
      const lines = problems.flatMap(({ location }) => (location.file === file ? [location.line] : []));
      if (lines.length > 0) sources.set(file, sparseText(path, lines, LINES_AROUND));
    }
    return problems.map((problem) => {
      const source = problem.source ?? sources.get(problem.location.file);
      return source === undefined ? problem : { ...problem, source };
    });
  }

  /**
   * Reads the file.
   *
   * @returns what `read` returns; undefined when the file has so many problems that reading it was ended
   */
  reading<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (error instanceof TooManyProblems) return undefined;
      throw error;
    }
  }

  /** Whether the file has so many problems that looking for more is not worth the time. */
  get isFull(): boolean {
    return this.found.length >= READ_MAX;
  }

  get failed(): boolean {
    return this.found.length > 0 || this.yaml.problems.length > 0;
  }

  /** Reports what no schema can see, such as an unknown name or two keys that exclude each other. */
  problem(path: Path, message: string, { hint, on = 'value' }: ProblemOptions = {}): void {
    // After a syntax error the name may be defined in the part that could not be parsed.
    if (!this.intact) return;
    this.addProblem(path, on, message, hint);
  }

  /** Reports a problem of another file that this one refers to. */
  foreign(problem: Problem): void {
    this.found.push(problem);
  }

  /** The value at a path; undefined when there is none. */
  get(path: Path): unknown {
    let value = this.yaml.value;
    for (const step of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
      value = (value as Record<string | number, unknown>)[step];
    }
    return value;
  }

  /** Keys of the mapping at a path, in the order of the file. */
  keys(path: Path): string[] {
    return this.yaml.locator.keys(path);
  }

  /** The items of the list at a path; none, and a problem, when it is another value. */
  items(path: Path): unknown[] {
    const value = this.get(path);
    if (value === undefined) return [];
    if (Array.isArray(value)) return value;
    this.shape(path, `${label(path)} must be a list, not ${described(value)}`, {
      hint:
        typeof value === 'string' && value.length <= 40
          ? `write it as a list: [${value}]`
          : 'write one item per line, each after a dash: `- ...`',
    });
    return [];
  }

  /** Whether there is a mapping at a path; reports a problem when it is another value. */
  mapping(path: Path): boolean {
    const value = this.get(path);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return true;
    this.shape(path, `${label(path)} must be a mapping, not ${described(value)}`);
    return false;
  }

  /**
   * Checks the keys of a mapping: unknown and missing ones are reported, values are not read.
   *
   * @returns false when it is not a mapping
   */
  object(schema: z.ZodObject, path: Path, allowed: readonly string[] = objectKeys(schema)): boolean {
    if (!this.mapping(path)) return false;
    const keys = new Set(this.keys(path));
    for (const key of keys) if (!allowed.includes(key)) this.report(unknownKey([...path, key], allowed));
    for (const key of requiredKeys(schema)) {
      if (keys.has(key)) continue;
      const field = schema.shape[key] as z.ZodType;
      this.report(missingKey([...path, key], field.description ?? 'required'));
    }
    return true;
  }

  /** The value at a path, checked and converted; undefined, and problems, when it is invalid. */
  read<S extends z.ZodType>(schema: S, path: Path): z.output<S> | undefined {
    return this.readValue(schema, this.get(path), path);
  }

  /** Like `read`; undefined without a problem when nothing is at the path. */
  readGiven<S extends z.ZodType>(schema: S, path: Path): z.output<S> | undefined {
    return this.get(path) === undefined ? undefined : this.read(schema, path);
  }

  /**
   * Like `read`, for a key that a mapping must have.
   *
   * @param expected noun phrase that completes "must be", shown when the key is missing
   */
  readRequired<S extends z.ZodType>(schema: S, path: Path, expected: string): z.output<S> | undefined {
    if (this.get(path) !== undefined) return this.read(schema, path);
    this.report(missingKey(path, expected));
    return undefined;
  }

  /** Like `read`, for a value that was derived from the one at `path`. */
  readValue<S extends z.ZodType>(schema: S, value: unknown, path: Path): z.output<S> | undefined {
    const result = check(schema, value, path);
    if ('value' in result) return result.value;
    for (const problem of result.problems) this.report(problem);
    return undefined;
  }

  /** Reports a problem of form. In a file with a syntax error it is reported only before that error. */
  shape(path: Path, message: string, { hint, on = 'value' }: ProblemOptions = {}): void {
    const { locator, brokenFrom } = this.yaml;
    const { line } = on === 'key' ? locator.key(path) : locator.value(path);
    if (line < brokenFrom) this.addProblem(path, on, message, hint);
  }

  /** The location of a value. */
  place(path: Path): Location {
    return this.yaml.locator.value(path);
  }

  line(path: Path): number {
    return this.yaml.locator.key(path).line;
  }

  private report({ path, on, kind, message, hint }: UnplacedProblem): void {
    if (kind === 'missing') this.problem(path, message, { hint, on });
    else this.shape(path, message, { hint, on });
  }

  private addProblem(path: Path, on: 'key' | 'value', message: string, hint: string | undefined): void {
    if (this.isFull) throw new TooManyProblems();
    const { locator } = this.yaml;
    const location = on === 'key' ? locator.key(path) : locator.value(path);
    this.found.push({ message, ...(hint === undefined || hint === '' ? {} : { hint }), location });
  }
}
