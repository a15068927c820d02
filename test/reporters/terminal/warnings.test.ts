// Warnings in the summary of the terminal reporter.

import { expect, it } from 'vitest';
import { displayWidth } from '../../../src/reporters/terminal/layout.js';
import { scenario } from '../samples.js';
import { report } from './report.js';

const warning = (line: number) => ({
  file: 'scenarios/a.yaml',
  line,
  column: 15,
  message: '`busy` of example.org never acted: no client connected while it was in force, or so it seems',
});

it('are listed before the summary, each with its place, also for scenarios that passed', () => {
  const lines = report([scenario({ warnings: [warning(4)] }), scenario()]).lines();
  const at = lines.indexOf('1 warning');
  expect(lines[at - 1]).toBe('');
  expect(lines[at + 1]).toBe('  scenarios/a.yaml:4:15');
  expect(lines[at + 2]).toMatch(/^ {4}`busy` of example.org never acted: /);
  expect(lines.slice(at).join('\n')).toMatch(/\n\n2 passed, 0 failed/);
});

it('are counted where they are many, and not wider than the terminal', () => {
  const warnings = Array.from({ length: 13 }, (_, index) => warning(index + 1));
  const lines = report([scenario({ warnings })], { width: 40 }).lines();
  expect(lines).toContain('13 warnings');
  expect(lines.filter((line) => line.includes('scenarios/a.yaml:'))).toHaveLength(10);
  expect(lines).toContain('  and 3 more: run.json has them');
  for (const line of lines.slice(lines.indexOf('13 warnings'))) expect(displayWidth(line)).toBeLessThan(60);
});
