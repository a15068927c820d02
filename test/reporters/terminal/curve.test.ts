// The curve of deliveries in progress, in a failure of the terminal reporter.

import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../../src/reporters/terminal/layout.js';
import type { ScenarioResult } from '../../../src/results/result.js';
import { scenario } from '../samples.js';
import { failed, report } from './report.js';

describe('deliveries in progress over time', () => {
  const HOUR = 3_600_000;
  const going = (inProgress: ScenarioResult['inProgress']): ScenarioResult =>
    scenario({ ...failed, ...(inProgress ? { inProgress } : {}) });
  const falling = { t: [0, 6 * HOUR, 12 * HOUR, 30 * HOUR], deliveries: [1200, 600, 150, 0] };
  const lineOf = (lines: string[]): string => lines.find((line) => line.includes('in progress |'))!;

  it('are one line below the heading of a failure, with time span and highest number', () => {
    const lines = report([going(falling)]).lines();
    const at = lines.findIndex((line) => line.startsWith('✗ 1) '));
    expect(lines[at + 1]).toMatch(/^ {3}in progress \|█+▄+▁+\| 0s to 30h00m, at most 1,200$/);
    expect(lines[at + 2]).toBe('');
    const [, full, half, little] = /\|(█+)(▄+)(▁+)\|/.exec(lines[at + 1]!)!;
    expect(half!.length).toBeGreaterThan(full!.length - 3);
    expect(little!.length).toBeGreaterThan(full!.length + half!.length);
  });

  it('are the same without color', () => {
    const colored = lineOf(report([going(falling)], { color: true }).lines());
    expect(colored).toContain('\u001b[2m');
    // eslint-disable-next-line no-control-regex -- colors are control sequences
    expect(colored.replaceAll(/\u001b\[\d+m/g, '')).toBe(lineOf(report([going(falling)]).lines()));
  });

  it.each([60, 80, 120, 200])('fit into %i columns', (width) => {
    const line = lineOf(report([going(falling)], { width }).lines());
    expect(displayWidth(line)).toBeLessThanOrEqual(width);
    expect(line).toContain('at most 1,200');
    expect(/\|(.*)\|/.exec(line)![1]!.length).toBeGreaterThanOrEqual(12);
  });

  it('lose their text in a narrow window, and are omitted in a very narrow one', () => {
    expect(lineOf(report([going(falling)], { width: 40 }).lines())).toMatch(/^ {3}in progress \|.{23}\|$/);
    expect(lineOf(report([going(falling)], { width: 26 }).lines())).toBeUndefined();
  });

  it('are omitted when no delivery took time, and for a scenario that passed', () => {
    expect(lineOf(report([going(undefined)]).lines())).toBeUndefined();
    expect(lineOf(report([going({ t: [], deliveries: [] })]).lines())).toBeUndefined();
    expect(lineOf(report([going({ t: [5, 5], deliveries: [3, 0] })]).lines())).toBeUndefined();
    expect(lineOf(report([scenario({ inProgress: falling })]).lines())).toBeUndefined();
  });
});
