// Parses one YAML file into data with locations. After a syntax error the part before it is still
// checked, so that as many problems as possible are reported at once.

import { Composer, Lexer, Parser } from 'yaml';
import type { CST, Document, YAMLError } from 'yaml';
import type { Location } from '../base/errors.js';
import { Lines } from './lines.js';
import { Locator, placeOf } from './locate.js';
import type { Problem } from './problems.js';
import { described } from './problems.js';
import { buildTree } from './yaml-tree.js';
import type { NodeProblem } from './yaml-tree.js';

export interface YamlFile {
  /** Path of the file as messages show it. */
  file: string;
  text: string;
  /** The data; undefined when there is nothing to check. */
  value: unknown;
  locator: Locator;
  problems: Problem[];
  /** Line from which the text could not be parsed; Infinity when all of it could. */
  brokenFrom: number;
}

// The library composes recursively, and a deeply nested file could end the process. Depth is therefore
// limited on the tokens; each level of a file takes one or two of these.
const DEPTH_MAX = 100;

const ERRORS_MAX = 1000;

const OPTIONS = {
  merge: true,
  // `007:` is a name, not the number seven.
  stringKeys: true,
  // Duplicate keys are reported by the tree, which knows the line of the first.
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

/** Errors that name the actual mistake, best first. */
const SPECIFIC: readonly string[] = ['BAD_ALIAS', 'BAD_INDENT', 'MISSING_CHAR'];

/** Hints for the most common syntax errors. */
const SYNTAX_HINTS: Record<string, string> = {
  BAD_SCALAR_START: 'put the text in quotes, such as ">= 990" or "@home"',
  BAD_INDENT: 'lines of one block start in the same column, and what belongs to a key is indented under it',
  TAB_AS_INDENT: 'indent with spaces',
  MISSING_CHAR: 'a quote or bracket may be open, or a space missing after a colon',
  BLOCK_AS_IMPLICIT_KEY: 'a text that holds a colon and a space needs quotes',
  MULTILINE_IMPLICIT_KEY: 'a key ends with a colon on its own line',
  NON_STRING_KEY: 'a key is plain text',
  TAG_RESOLVE_FAILED: 'tags are not part of the format; put a text that starts with ! in quotes',
  BAD_ALIAS: 'a text that starts with * needs quotes, such as "*@example.org"',
};

/**
 * Parses a YAML file.
 *
 * @param file path as messages show it
 * @param text its text, without byte order mark
 */
export function parseYaml(file: string, text: string): YamlFile {
  // The library makes an Error for every mistake, and traces of half a million of them take a minute.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return parse(file, text);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function parse(file: string, text: string): YamlFile {
  const lines = new Lines(text);
  const place = (start: number, end = start + 1): Location => placeOf(file, text, lines, start, end);
  const read = readTokens(text);
  if ('tooDeepAt' in read) {
    const empty = buildTree(null);
    const problem = {
      message: 'the file is nested too deeply',
      hint: 'no scenario needs more than a handful of levels',
      location: place(read.tooDeepAt),
    };
    const locator = new Locator(file, text, lines, null, empty);
    return { file, text, value: undefined, locator, problems: [problem], brokenFrom: 1 };
  }

  const documents = new Composer(OPTIONS).compose(read.tokens, true, text.length);
  const first = documents.next().value as Document.Parsed;
  const second = documents.next().value as Document.Parsed | undefined;
  const tree = buildTree(first.contents);
  const locator = new Locator(file, text, lines, first.contents, tree);

  // A file can have as many errors as characters.
  const errors = first.errors.slice(0, ERRORS_MAX);
  const specific = onePerLine([...errors, ...first.warnings.slice(0, ERRORS_MAX)], place);
  const problems = specific.map((error) => syntaxProblem(error, place));
  // A warning leaves the data complete; an error may have consumed everything after it.
  const brokenFrom = Math.min(...errors.map((error) => place(error.pos[0]).line), Infinity);
  if (second) {
    problems.push({
      message: 'the file holds several YAML documents',
      hint: 'one file is one document: split it at the `---`, or remove it',
      location: place(second.range[0]),
    });
  }
  for (const problem of tree.problems) problems.push(treeProblem(problem, locator));
  return { file, text, value: tree.value, locator, problems, brokenFrom };
}

function readTokens(text: string): { tokens: CST.Token[] } | { tooDeepAt: number } {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > DEPTH_MAX) return { tooDeepAt: parser.offset };
  }
  for (const token of parser.end()) tokens.push(token);
  return { tokens };
}

/** One mistake causes several errors on its line: the most specific one is reported. */
function onePerLine(errors: readonly YAMLError[], place: (start: number) => Location): YAMLError[] {
  const byLine = new Map<number, YAMLError>();
  const rank = ({ code }: YAMLError): number => {
    const index = SPECIFIC.indexOf(code);
    return index < 0 ? SPECIFIC.length : index;
  };
  for (const error of errors) {
    const { line } = place(error.pos[0]);
    const known = byLine.get(line);
    if (!known || rank(error) < rank(known)) byLine.set(line, error);
  }
  return [...byLine.values()];
}

function syntaxProblem(error: YAMLError, place: (start: number, end?: number) => Location): Problem {
  const { message, hint } = syntaxMessage(error);
  return {
    message: `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1, 200)}`,
    ...(hint === undefined ? {} : { hint }),
    location: place(error.pos[0], error.pos[1]),
  };
}

function syntaxMessage({ code, message }: YAMLError): { message: string; hint?: string | undefined } {
  // The messages of the library mention one of its options here, and indentation where a bracket is open.
  if (code === 'NON_STRING_KEY') return { message: 'this cannot be a key', hint: SYNTAX_HINTS[code] };
  if (code === 'BAD_INDENT' && message.startsWith('Flow ')) {
    const hint = 'close it with ] or }, or put a text that starts with a bracket in quotes';
    return { message: 'a bracket that was opened before this is not closed', hint };
  }
  return { message, hint: SYNTAX_HINTS[code] };
}

function treeProblem({ node, message, hint, first }: NodeProblem, locator: Locator): Problem {
  const because = first
    ? `the first is on line ${locator.node(first).line}; a key may appear only once`
    : hint;
  return { message, ...(because === undefined ? {} : { hint: because }), location: locator.node(node) };
}

/** A problem of a file as a whole, located at its first line. */
export function wholeFileProblem(
  file: string,
  { message, hint }: { message: string; hint?: string },
): Problem {
  return { message, ...(hint === undefined ? {} : { hint }), location: { file, line: 1, column: 1 } };
}

/** @returns the problem of a document that is not a mapping; undefined when it is one */
export function notAMapping(yaml: YamlFile, what: string): Problem | undefined {
  const { value, locator } = yaml;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return undefined;
  const location = locator.value([]);
  if (value === null || value === undefined) {
    return { message: `the file is empty: it holds no ${what}`, hint: `start with \`name: ...\``, location };
  }
  const found = Array.isArray(value) ? 'a list' : described(value);
  return { message: `a ${what} is a mapping of keys such as \`name:\`, and this is ${found}`, location };
}
