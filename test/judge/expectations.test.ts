// Expectations against a tally: those that hold, and the failure of those that do not.

import { describe, expect, test } from 'vitest';
import { checkExpectation, matches } from '../../src/judge/expectations.js';
import type { NumberMatcher } from '../../src/scenarios/plan.js';
import { Tally } from '../../src/results/tally/tally.js';
import { BUILDING_MS, expectation, number, readers, type BehaviorSketch } from '../support/plans.js';
import { HOUR, MINUTE } from '../support/policies.js';
import { run } from '../support/runs.js';

type Sketch = Parameters<typeof expectation>[1];

/** Tally of a run with three readers, one full and one unknown mailbox. */
async function tallied(): Promise<Tally> {
  const mailboxes: Record<string, BehaviorSketch> = {
    full: { do: 'mailbox-full' },
    ghost: { do: 'nonexistent-user' },
    'reader-3': { do: 'accept', placement: 'junk' },
  };
  const { events } = await run({
    fleet: { 'example.org': { mailboxes } },
    contacts: [...readers(3), 'full@example.org', 'ghost@example.org'],
    latencyMs: 40,
  });
  const tally = new Tally();
  for (const event of events.all) tally.read(event);
  tally.settlePeaks();
  return tally;
}

const tally = await tallied();
const MAILING = { mailing: 'news' } as const;
const FULL = { ...MAILING, address: 'full@example.org' } as const;
const list = (...minutes: number[]): { offsets: number[] } => ({ offsets: minutes.map((at) => at * MINUTE) });

function check(sketch: Sketch) {
  return checkExpectation(expectation('end', sketch), tally);
}

describe('what holds', () => {
  test.each<Sketch>([
    { kind: 'mailing-number', ...MAILING, field: 'recipients', expected: number(5) },
    { kind: 'mailing-number', ...MAILING, field: 'delivered', expected: number(3) },
    { kind: 'mailing-number', ...MAILING, field: 'bounced.soft', expected: number(1) },
    { kind: 'mailing-number', ...MAILING, field: 'bounced.hard', expected: number(1) },
    { kind: 'mailing-number', ...MAILING, field: 'inProgress', expected: number(0) },
    { kind: 'mailing-number', ...MAILING, field: 'withdrawn', expected: number(0) },
    { kind: 'mailing-number', ...MAILING, field: 'possibleDuplicates', expected: number(0) },
    { kind: 'mailing-state', ...MAILING, expected: 'completed' },
    { kind: 'completed', ...MAILING, expected: number(90 * MINUTE) },
    { kind: 'placement', ...MAILING, placement: 'junk', expected: number(1) },
    { kind: 'placement', ...MAILING, placement: 'inbox', expected: number(2) },
    { kind: 'cause', ...MAILING, cause: 'user-unknown', expected: number(1) },
    { kind: 'cause', ...MAILING, cause: 'spam-block', expected: number(0) },
    { kind: 'attempts', ...FULL, expected: number(4) },
    { kind: 'attempts', ...FULL, expected: list(0, 30, 60, 90) },
    { kind: 'seen', ...FULL, expected: list(0, 30, 60, 90) },
    { kind: 'attempts', ...MAILING, address: 'nobody@example.org', expected: number(0) },
    { kind: 'attempts', ...MAILING, address: 'nobody@example.org', expected: list() },
    { kind: 'contact', address: 'ghost@example.org', status: 'error' },
    { kind: 'contact', address: 'reader-*@example.org', status: 'active', softBounceStreak: number(0) },
    { kind: 'contact', address: 'full@example.org', softBounceStreak: number(1) },
    { kind: 'statuses', status: 'active', expected: number(4) },
    { kind: 'server', domain: 'example.org', field: 'accepted', expected: number(3) },
    { kind: 'server', domain: 'example.org', field: 'peakConnections', expected: number(1, 5) },
    { kind: 'server', domain: 'nobody.example', field: 'connections', expected: number(0) },
  ])('%j', (sketch) => {
    expect(check(sketch)).toEqual([]);
  });
});

describe('what does not hold', () => {
  test.each<[Sketch, string, string, string, (string[] | undefined)?]>([
    [
      { kind: 'mailing-number', ...MAILING, field: 'bounced.hard', expected: number(2, 4) },
      'bounced.hard of news',
      '2..4',
      '1',
    ],
    [
      { kind: 'mailing-state', ...MAILING, expected: 'in-progress' },
      'state of news',
      'in-progress',
      'completed',
    ],
    [
      { kind: 'mailing-state', mailing: 'later', expected: 'building' },
      'mailing later',
      'a mailing',
      'not begun yet',
    ],
    [
      { kind: 'completed', ...MAILING, expected: { text: '< 1h', max: HOUR, exclusive: true } },
      'completion of news',
      '< 1h',
      '1h30m',
    ],
    [
      { kind: 'placement', ...MAILING, placement: 'junk', expected: number(0) },
      'messages of news placed in junk',
      '0',
      '1',
    ],
    [
      { kind: 'cause', ...MAILING, cause: 'spam-block', expected: number(1) },
      'bounces of news with cause spam-block',
      '1',
      '0',
      ['causes found: user-unknown: 1, mailbox-full: 1'],
    ],
    [
      { kind: 'attempts', ...FULL, expected: number(61) },
      'attempts of news at full@example.org',
      '61',
      '4',
      ['at offsets [0m, 30m, 1h00m, 1h30m]'],
    ],
    [
      { kind: 'seen', ...FULL, expected: list(0, 30, 60) },
      'attempts of news at full@example.org that a server saw',
      '[0m, 30m, 1h00m]',
      '[0m, 30m, 1h00m, 1h30m]',
    ],
    [
      { kind: 'attempts', ...MAILING, address: 'x@example.org', expected: list(0) },
      'attempts of news at x@example.org',
      '[0m]',
      'none',
    ],
    [
      { kind: 'contact', address: 'ghost@example.org', status: 'active' },
      'status of ghost@example.org',
      'active',
      'error',
    ],
    [
      { kind: 'contact', address: 'nobody@*', status: 'active' },
      'contact nobody@*',
      'a contact',
      'no such contact yet',
    ],
    [
      { kind: 'contact', address: 'no@example.org', status: 'active' },
      'contact no@example.org',
      'a contact',
      'no such contact yet',
    ],
    [
      { kind: 'contact', address: '*@example.org', status: 'active' },
      'status of *@example.org',
      'active',
      'error',
      ['ghost@example.org is error'],
    ],
    [
      { kind: 'contact', address: 'reader-*', softBounceStreak: number(1) },
      'soft-bounce streak of reader-*',
      '1',
      '0',
      readers(3).map((address) => `${address} is 0`),
    ],
    [{ kind: 'statuses', status: 'opt-out', expected: number(1) }, 'contacts with status opt-out', '1', '0'],
    [
      { kind: 'server', domain: 'example.org', field: 'refused', expected: number(1) },
      'refused at example.org',
      '1',
      '0',
    ],
  ])('%j says so', (sketch, message, expected, actual, details) => {
    const [failure, ...others] = check(sketch);
    expect(others).toEqual([]);
    expect(failure).toMatchObject({
      message: `${message}, at the end`,
      expected,
      actual,
      line: 1,
      column: 3,
    });
    if (details) expect(failure!.details!.toSorted()).toEqual(sorted(details, failure!.details!));
  });

  test('each check of a block makes a failure of its own, with its own place', () => {
    const wrong = { kind: 'statuses', status: 'active', expected: number(99) } as const;
    const failures = checkExpectation(
      expectation(HOUR, wrong, { ...wrong, expected: number(4) }, wrong),
      tally,
    );
    expect(failures.map(({ line, message }) => [line, message])).toEqual([
      [1, 'contacts with status active, at 1h00m'],
      [3, 'contacts with status active, at 1h00m'],
    ]);
  });

  test('names five contacts that differ and counts the rest', () => {
    const crowd = new Tally();
    readers(12).forEach((address, seq) =>
      crowd.read({ seq, t: 0, type: 'contact.added', address, status: 'error', softBounceStreak: 0 }),
    );
    const [failure] = checkExpectation(
      expectation(0, { kind: 'contact', address: '*', status: 'active' }),
      crowd,
    );
    expect(failure!.details).toHaveLength(6);
    expect(failure!.details!.at(-1)).toBe('and 7 more');
  });

  test('shortens a long list of attempts', async () => {
    const { result } = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'down' }] } },
      expectations: [
        expectation('end', {
          kind: 'attempts',
          mailing: 'news',
          address: 'bob@example.org',
          expected: list(0),
        }),
      ],
    });
    expect(result.failures[0]!.actual).toBe(
      '[0m, 30m, 1h00m, 1h30m, 2h00m, 2h30m, 3h00m, 3h30m, 4h00m, 4h30m, 5h00m, 5h30m, and 49 more up to 30h00m]',
    );
  });

  test('a mailing in progress is not completed, for any bounds', async () => {
    const { result } = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'down' }] } },
      expectations: [
        expectation(BUILDING_MS + HOUR, {
          kind: 'completed',
          mailing: 'news',
          expected: { text: '<= 30h', max: 30 * HOUR },
        }),
      ],
    });
    expect(result.failures).toMatchObject([{ expected: '<= 30h', actual: 'not completed, 1 in progress' }]);
  });
});

describe('times', () => {
  test('compare to the second: the round trips of an attempt are not counted', () => {
    // Latency of 40 ms: the last attempt ended some hundred milliseconds after its start.
    expect(tally.mailings.get('news')!.completedAt! - tally.mailings.get('news')!.startedAt!).toBeGreaterThan(
      90 * MINUTE,
    );
    expect(check({ kind: 'completed', ...MAILING, expected: number(90 * MINUTE) })).toEqual([]);
    expect(check({ kind: 'completed', ...MAILING, expected: number(90 * MINUTE + 1000) })).toHaveLength(1);
    expect(check({ kind: 'completed', ...MAILING, expected: number(90 * MINUTE - 1) })).toHaveLength(1);
    expect(check({ kind: 'attempts', ...FULL, expected: list(0, 30, 60, 90 + 1 / 60) })).toHaveLength(1);
  });

  test('an expected duration below the second is cut to it as well', () => {
    expect(check({ kind: 'completed', ...MAILING, expected: number(90 * MINUTE + 400) })).toEqual([]);
    expect(
      check({ kind: 'attempts', ...FULL, expected: { offsets: [0, 30 * MINUTE + 999, HOUR, 90 * MINUTE] } }),
    ).toEqual([]);
  });
});

describe('the bounds of a matcher', () => {
  test.each<[string, NumberMatcher, number[], number[]]>([
    ['3', { text: '3', min: 3, max: 3 }, [3], [2, 4]],
    ['2..4', { text: '2..4', min: 2, max: 4 }, [2, 3, 4], [1, 5]],
    ['>= 3', { text: '>= 3', min: 3 }, [3, 4], [2]],
    ['> 3', { text: '> 3', min: 3, exclusive: true }, [4], [3]],
    ['<= 3', { text: '<= 3', max: 3 }, [3, 0], [4]],
    ['< 3', { text: '< 3', max: 3, exclusive: true }, [2], [3]],
  ])('%s', (_text, matcher, good, bad) => {
    expect(good.map((value) => matches(matcher, value))).not.toContain(false);
    expect(bad.map((value) => matches(matcher, value))).not.toContain(true);
  });
});

/** Causes in details compare in any order: theirs is the order of the run. */
function sorted(wanted: string[], found: string[]): string[] {
  const prefix = 'causes found: ';
  const parts = (text: string): string => text.slice(prefix.length).split(', ').sort().join();
  return wanted.toSorted().map((text, index) => {
    const other = found.toSorted()[index];
    return text.startsWith(prefix) && other !== undefined && parts(text) === parts(other) ? other : text;
  });
}
