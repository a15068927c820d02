// How errors of a command are shown: what, where, what to do. A stack trace only for a fault of
// ours, and only when it is asked for.

import pc from 'picocolors';
import { BouncelabError, EXIT, type ExitCode } from '../base/errors.js';
import { plural } from '../reporters/figures.js';
import { wrap } from '../reporters/terminal/layout.js';
import type { Screen } from '../reporters/terminal/screen.js';
import { terminalLine, terminalLines, withoutCommands } from '../reporters/text.js';
import { codeFrame } from '../documents/code-frame.js';
import type { Problem } from '../documents/problems.js';
import type { Io } from './io.js';

/** Prints an error. @returns the exit code it calls for */
export function printError(error: unknown, io: Io, debug: boolean): ExitCode {
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
  const isOurs = !known || known.exitCode === EXIT.harness;
  if (isOurs && !known?.hint) line(io, '  this is a fault of Bouncelab; --debug shows more');
  if (isOurs && debug && error instanceof Error && error.stack) io.stderr.write(`${error.stack}\n`);
  return known?.exitCode ?? EXIT.harness;
}

/** Fits a line to a terminal; where there is none it stays whole, to be searched for. */
function line({ stderr }: Io, text: string): void {
  const parts = stderr.isTTY ? wrap(text, stderr.columns()) : [text];
  for (const part of parts) stderr.write(`${withoutCommands(part)}\n`);
}

/** Shows what a scenario says may be passed over: each bad line, and that they are left out. */
export function printWarnings(warnings: readonly Problem[], source: string, screen: Screen): void {
  if (warnings.length === 0) return;
  printProblems(warnings, source, screen);
  screen.write(`${plural(warnings.length, 'bad line')} left out, as \`onBadLine: skip\` says\n\n`);
}

/**
 * Shows the problems of a file.
 *
 * @param source text of the file, for problems that bring none
 */
export function printProblems(problems: readonly Problem[], source: string, screen: Screen): void {
  const columns = Math.max(20, screen.columns());
  for (const problem of problems) {
    for (const text of problemLines(problem, source, columns, screen.color)) screen.write(`${text}\n`);
  }
}

/** One problem of a file: where, what, the line, what to do. */
function problemLines(problem: Problem, source: string, columns: number, color: boolean): string[] {
  const colors = pc.createColors(color);
  const { file, line: row, column } = problem.location;
  const text = problem.source ?? source;
  const width = Math.max(20, columns - 8);
  // A file that could not be read has no line to show.
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
