// One scenario that did not pass, in full: for each failure its place, the line of the file, the values
// expected and found, and details; then the command that repeats the scenario.

import { codeFrame } from '../../documents/code-frame.js';
import type { Failure } from '../../results/result.js';
import { comparison } from '../comparison.js';
import { displayWidth, wrap } from './layout.js';
import type { ScenarioEnd } from '../reporter.js';
import { mark, title, type Colors } from './lines.js';
import { progressLine } from './progress.js';
import { terminalLine, terminalLines } from '../text.js';

const INDENT = '   ';
/** Columns of a code frame before the text of a line: a mark, the line number, a bar. */
const GUTTER = 9;
/** Lines of detail shown; the rest is counted, and run.json has all of them. */
const DETAILS_MAX = 20;

/**
 * @param index number of this block, from 1
 * @returns lines, safe for a terminal
 */
export function failureLines(end: ScenarioEnd, index: number, columns: number, colors: Colors): string[] {
  const { result, sources, repeat } = end;
  const [first = '', ...rest] = wrap(`${index}) ${title(result)}`, columns - 2);
  const lines = [
    `${mark(result.status, colors)} ${colors.bold(first)}`,
    ...rest.map((line) => `  ${colors.bold(line)}`),
  ];
  const progress = progressLine(result.inProgress, columns - INDENT.length);
  if (progress !== undefined) lines.push(INDENT + colors.dim(progress));
  for (const failure of result.failures)
    lines.push('', ...oneFailure(failure, sources.get(failure.file) ?? '', columns, colors));
  // Not wrapped, so that the command can be copied.
  lines.push('', `${INDENT}${colors.dim('repeat with:')} ${terminalLine(repeat)}`);
  return lines;
}

function oneFailure(failure: Failure, source: string, columns: number, colors: Colors): string[] {
  const text = (content: string): string[] =>
    terminalLines(content)
      .flatMap((line) => wrap(line, columns - INDENT.length))
      .map((line) => INDENT + line);
  const lines = text(failure.message);
  lines.push(INDENT + colors.cyan(`${terminalLine(failure.file)}:${failure.line}:${failure.column}`));
  if (source !== '') lines.push(...frame(failure, source, columns, colors));
  const details = failure.details ?? [];
  lines.push(...details.slice(0, DETAILS_MAX).flatMap(text).map(colors.dim));
  if (details.length > DETAILS_MAX)
    lines.push(...text(`… and ${details.length - DETAILS_MAX} more, see run.json`));
  if (failure.hint !== undefined) lines.push(...text(`hint: ${failure.hint}`));
  return lines;
}

/** The line of the file, with the found value after the caret, or below the frame where that is too wide. */
function frame(failure: Failure, source: string, columns: number, colors: Colors): string[] {
  const label = terminalLine(comparison(failure));
  const framed = (beside: string): string[] => {
    const width = columns - INDENT.length - GUTTER;
    const options = { color: colors.isColorSupported, label: beside, width: Math.max(10, width) };
    return codeFrame(source, failure, options)
      .split('\n')
      .map((line) => INDENT + line);
  };
  const lines = framed(label);
  if (label === '' || lines.every((line) => displayWidth(line) <= columns)) return lines;
  const below = wrap(label, columns - INDENT.length).map((line) => INDENT + colors.red(line));
  return [...framed(''), ...below];
}
