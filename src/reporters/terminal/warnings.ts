// The part of the terminal summary about what had no effect in the run, such as a behavior that never acted.

import type { RunResult } from '../../results/result.js';
import { plural, thousands } from '../figures.js';
import { terminalLine } from '../text.js';
import { wrap } from './layout.js';
import type { Colors } from './lines.js';

const WARNINGS_MAX = 10;
const LINE_COLUMNS = 120;

/** @returns no lines when there are no warnings */
export function warningLines({ scenarios }: RunResult, columns: number, colors: Colors): string[] {
  const all = scenarios.flatMap(({ warnings }) => warnings);
  if (all.length === 0) return [];
  const width = Math.min(columns, LINE_COLUMNS);
  const lines = [colors.bold(colors.yellow(plural(all.length, 'warning')))];
  for (const { file, line, column, message } of all.slice(0, WARNINGS_MAX)) {
    // Not wrapped, so that the place can be copied.
    lines.push(`  ${colors.cyan(`${terminalLine(file)}:${line}:${column}`)}`);
    for (const text of wrap(terminalLine(message), width - 4)) lines.push(`    ${text}`);
  }
  const more = all.length - WARNINGS_MAX;
  if (more > 0) lines.push(colors.dim(`  and ${thousands(more)} more: run.json has them`));
  return lines;
}
