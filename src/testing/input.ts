// What programs give as a scenario or a fleet: a file, YAML text, or an object of the same shape; and the error for
// one that is wrong, with all of its problems.

import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { BouncelabError, type Location } from '../base/errors.js';
import { codeFrame } from '../documents/code-frame.js';
import { counted, described, nameHint, quoted, type Problem } from '../documents/problems.js';

/**
 * The path of a file, its file: URL, YAML text (a string with a line break in it), or an object of the shape of such
 * a file.
 */
export type Input = string | URL | object;

/** How an input is read. */
export interface InputOptions {
  /** Folder to which paths are relative; default: that of the process. */
  cwd?: string;
  /**
   * Path that text or an object is taken to have: messages name it, and paths in it are relative to its folder.
   * No such file need exist. Default: `inline.yaml`.
   */
  file?: string;
}

/** Names of options, each once; a table, so that the compiler compares it with the type of the options. */
export type OptionNames<T> = Readonly<Record<keyof T, true>>;

export const INPUT_OPTIONS: OptionNames<InputOptions> = { cwd: true, file: true };

/**
 * Refuses options that do not exist: a misspelled one would have no effect.
 *
 * @param call what they are given to, for the message
 * @throws BouncelabError E_USAGE
 */
export function checkOptions<T extends object>(options: T, known: OptionNames<T>, call: string): void {
  if (typeof options !== 'object' || options === null)
    throw new BouncelabError(
      'E_USAGE',
      `the options of ${call} must be an object, found ${described(options)}`,
    );
  const names = Object.keys(known);
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new BouncelabError('E_USAGE', `${call} has no option ${quoted(unknown)}`, {
    hint: nameHint(unknown, names, 'options'),
  });
}

/** An input with a path; without `text` the path is that of a file. */
export interface ResolvedInput {
  cwd: string;
  /** Absolute. */
  path: string;
  text?: string;
}

/** @throws BouncelabError E_USAGE for a value that is no input */
export function resolveInput(input: unknown, options: InputOptions, what: string): ResolvedInput {
  const { cwd = process.cwd(), file = 'inline.yaml' } = options;
  const path = resolve(cwd, file);
  if (input instanceof URL) {
    if (input.protocol === 'file:') return { cwd, path: fileURLToPath(input) };
    throw notAnInput(`the URL ${input.href}`, what);
  }
  if (typeof input === 'string' && input !== '')
    return input.includes('\n') ? { cwd, path, text: input } : { cwd, path: resolve(cwd, input) };
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw notAnInput(described(input), what);
  return { cwd, path, text: yamlOf(input, what) };
}

function yamlOf(input: object, what: string): string {
  try {
    return stringify(input, { aliasDuplicateObjects: false, lineWidth: 0 });
  } catch (error) {
    const why = error instanceof RangeError ? 'it contains itself' : (error as Error).message;
    throw new BouncelabError('E_USAGE', `this object cannot be written as YAML: ${why}`, {
      hint: `give a ${what} as plain data: texts, numbers, lists and objects`,
    });
  }
}

function notAnInput(found: string, what: string): BouncelabError {
  return new BouncelabError('E_USAGE', `a ${what} was expected, found ${found}`, {
    hint: 'give the path of a file, a file: URL, YAML text with line breaks, or an object',
  });
}

/** One problem of a file, with its place. */
export interface InputProblem extends Location {
  /** One sentence. */
  message: string;
  /** What to do about it. */
  hint?: string;
}

/** The error for a scenario or a fleet that is not valid. Its message shows every problem with the lines around it. */
export class InvalidInputError extends BouncelabError {
  override readonly name = 'InvalidInputError';
  readonly problems: readonly InputProblem[];

  /** @param source text of the file, for problems without their own */
  constructor(file: string, what: string, problems: readonly Problem[], source: string) {
    const blocks = problems.map((problem) => problemText(problem, problem.source ?? source));
    const title = `${file} is not a valid ${what}: ${counted(problems.length, 'problem')}`;
    super('E_SCENARIO', [title, ...blocks].join('\n\n'), {
      ...(problems[0] ? { location: problems[0].location } : {}),
      ...(problems[0]?.hint === undefined ? {} : { hint: problems[0].hint }),
    });
    this.problems = problems.map(({ message, hint, location }) => ({
      ...location,
      message,
      ...(hint === undefined ? {} : { hint }),
    }));
  }
}

function problemText({ message, hint, location }: Problem, source: string): string {
  const { file, line, column } = location;
  const lines = [`${file}:${line}:${column}`, message];
  if (source !== '') lines.push(codeFrame(source, location, { context: 1 }));
  if (hint !== undefined) lines.push(`hint: ${hint}`);
  return lines.join('\n');
}
