// A failure of a run as text: its message, its place, and the lines of the scenario around it.

import { codeFrame } from '../documents/code-frame.js';
import { comparison } from '../reporters/comparison.js';
import type { Failure } from '../results/result.js';
import type { Scenario } from './scenario.js';

/** Lines of detail shown; the rest is counted. */
const DETAILS_MAX = 10;

/** @returns lines joined by line feeds */
export function failureText(failure: Failure, { file, source }: Pick<Scenario, 'file' | 'source'>): string {
  const label = comparison(failure);
  const lines = [failure.message, `${failure.file}:${failure.line}:${failure.column}`];
  if (failure.file === file) lines.push(codeFrame(source, failure, { label }));
  else if (label !== '') lines.push(label);
  const { details = [], hint } = failure;
  lines.push(...details.slice(0, DETAILS_MAX));
  if (details.length > DETAILS_MAX) lines.push(`... and ${details.length - DETAILS_MAX} more`);
  if (hint !== undefined) lines.push(`hint: ${hint}`);
  return lines.filter((line) => line !== '').join('\n');
}
