// Contacts lost to a cause that is not theirs, in the summary of the terminal reporter.

import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../../src/reporters/terminal/layout.js';
import type { LostGroup, ScenarioResult } from '../../../src/results/result.js';
import { packed } from '../hostile.js';
import { scenario } from '../samples.js';
import { report } from './report.js';

describe('contacts lost to a cause that is not theirs', () => {
  const group = (contacts: number, domain: string): LostGroup => ({
    mailing: 'november',
    domain,
    cause: 'ip-blocklisted',
    why: 'hard-bounce',
    contacts,
    stage: 'connect',
    said: '554 5.7.1 No \u001b[31mservice',
  });
  const losing = (groups: LostGroup[], expected = false): ScenarioResult => {
    const notTheirs = groups.reduce((sum, { contacts }) => sum + contacts, 0);
    return scenario({ lost: { total: notTheirs + 1, notTheirs, causes: {}, expected, groups } });
  };

  it('are listed before the summary, the largest group first, with the reply of the server', () => {
    const lines = report([losing([group(3, 'a.example')]), losing([group(1200, 'b.example')])]).lines();
    const at = lines.indexOf('1,203 contacts lost to a cause that is not theirs');
    expect(lines[at - 1]).toBe('');
    expect(lines[at + 1]).toMatch(
      /^ {2}1,200 contacts at b\.example: ip-blocklisted by "554 5\.7\.1 No \\x1b\[31mservice" at connect/,
    );
    expect(lines.slice(at).join('\n')).toMatch(/3 contacts at a\.example[^]*\n\n2 passed, 0 failed/);
  });

  it('are listed with the start of a long reply, cut between characters', () => {
    const said = `554 ${'📮'.repeat(60)}`;
    const lines = report([losing([{ ...group(3, 'a.example'), said }])], { width: 120 }).lines();
    const [, shown] = /by"554([^"]*)"/.exec(packed(lines.join('')))!;
    expect(shown).toBe(`${'📮'.repeat(37)}…`);
  });

  it('are listed in at most five groups, and the others are counted', () => {
    const groups = [9, 8, 7, 6, 5, 4, 3].map((contacts) => group(contacts, `d${contacts}.example`));
    const text = report([losing(groups)])
      .lines()
      .join('\n');
    expect(text.match(/contacts at/g)).toHaveLength(5);
    expect(text).toContain('and 7 more: run.json has them');
  });

  it('appear only in the line of a scenario that expects them', () => {
    const lines = report([losing([group(3, 'a.example')], true)], { width: 140 }).lines();
    expect(lines.filter((line) => line.includes('lost'))).toEqual([
      expect.stringContaining('1 hard · 3 lost, not theirs'),
    ]);
  });

  it.each([40, 80, 120])('fit into %i columns', (width) => {
    const lines = report([losing([group(1200, 'a-long-domain-of-somebody.example')])], { width }).lines();
    const from = lines.findIndex((line) => line.startsWith('1,200 contacts lost'));
    for (const line of lines.slice(from, lines.indexOf('', from))) {
      expect(displayWidth(line)).toBeLessThanOrEqual(width);
    }
    expect(from).toBeGreaterThan(0);
  });
});
