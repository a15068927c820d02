// Prints the errors of a command: what is wrong, where, and what to do. A stack trace is printed only for a
// bug of Bouncelab, and only with --debug.

import pc from 'picocolors';
import { BouncelabError, EXIT, type ExitCode } from '../base/errors.js';
import { tooManyOpenFiles } from '../base/open-files.js';
import { plural } from '../reporters/figures.js';
import { wrap } from '../reporters/terminal/layout.js';
import type { Screen } from '../reporters/terminal/screen.js';
import { terminalLine, terminalLines, withoutCommands } from '../reporters/text.js';
import { codeFrame } from '../documents/code-frame.js';
import type { Problem } from '../documents/problems.js';
import type { Io } from './io.js';

/** Prints an error. @returns its exit code */
export function printError(thrown: unknown, io: Io, debug: boolean): ExitCode {
  const error = tooManyOpenFiles(thrown) ?? thrown;
  if (error instanceof AggregateError) {
    const codes = error.errors.map((inner) => printError(inner, io, debug));
    return codes[0] ?? EXIT.harness;
  }
  const colors = pc.createColors(io.stderr.color);
  const known = error instanceof BouncelabError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  for (const [index, part] of terminalLines(message).entries()) {
    line(io, index === 0 ? `${colors.red('error:')} ${part}` : `  ${part}`);
  }
  if (known?.hint !== undefined) line(io, `  ${terminalLine(known.hint)}`);
  const isBug = !known || known.exitCode === EXIT.harness;
  if (isBug && !known?.hint) line(io, '  this is a bug in Bouncelab; --debug shows more');
  if (isBug && debug && error instanceof Error && error.stack) io.stderr.write(`${error.stack}\n`);
  return known?.exitCode ?? EXIT.harness;
}

/** Wraps a line to the width of a terminal. Without a terminal it stays whole, so that it can be searched. */
function line({ stderr }: Io, text: string): void {
  const parts = stderr.isTTY ? wrap(text, stderr.columns()) : [text];
  for (const part of parts) stderr.write(`${withoutCommands(part)}\n`);
}

/**
 * Prints the warnings of a scenario, and the number of rows of an audience that it allows to skip.
 *
 * @param leftOut number of all rows that were left out; only the first ones are among the warnings
 */
export function printWarnings(
  warnings: readonly Problem[],
  leftOut: number,
  source: string,
  screen: Screen,
): void {
  if (warnings.length === 0) return;
  printProblems(warnings, source, screen);
  if (leftOut === 0) return;
  const shown = leftOut > warnings.length ? '; the first ones are shown' : '';
  screen.write(`${plural(leftOut, 'bad row')} left out, as \`onBadLine: skip\` says${shown}\n\n`);
}

/**
 * Prints the problems of a file.
 *
 * @param source text of the file, for problems without their own source
 */
export function printProblems(problems: readonly Problem[], source: string, screen: Screen): void {
  const columns = Math.max(20, screen.columns());
  for (const problem of problems) {
    for (const text of problemLines(problem, source, columns, screen.color)) screen.write(`${text}\n`);
  }
}

/** The lines of one problem: place, message, code frame, hint. */
function problemLines(problem: Problem, source: string, columns: number, color: boolean): string[] {
  const colors = pc.createColors(color);
  const { file, line: row, column } = problem.location;
  const text = problem.source ?? source;
  const width = Math.max(20, columns - 8);
  // Without a source (the file could not be read) there is no line to show.
  const frame = text === '' ? '' : codeFrame(text, problem.location, { color, context: 1, width });
  return [
    colors.cyan(`${terminalLine(file)}:${row}:${column}`),
    ...wrap(terminalLine(problem.message), columns),
    ...(frame === '' ? [] : frame.split('\n')),
    ...(problem.hint === undefined
      ? []
      : `hint: ${problem.hint}`.split('\n').flatMap((line) => wrap(terminalLine(line), columns))),
    '',
  ];
}
