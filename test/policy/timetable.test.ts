// Timetables of the shipped policies, and properties of all timetables.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadPolicy } from '../../src/policy/policy-file.js';
import type { RetryPolicy } from '../../src/policy/retry-policy.js';
import { FAILURES, timetable, timetables, type FailureKind } from '../../src/policy/timetable.js';
import { HOUR, MINUTE, policy } from '../support/policies.js';

const KINDS = Object.keys(FAILURES) as FailureKind[];

function shipped(name: string): RetryPolicy {
  const loaded = loadPolicy(name, '.', '.');
  if (!loaded || !('policy' in loaded)) throw new Error(`no policy ${name}`);
  return loaded.policy;
}

describe('the timetable of', () => {
  const table = (name: string) =>
    Object.fromEntries(
      timetables(shipped(name)).map(({ failure, attempts, gaveUp }) => [
        failure,
        [attempts.length, attempts.at(-1)! / MINUTE, gaveUp],
      ]),
    );
  const budget = [4, 90, 'budget spent'];
  const window = [61, 1800, 'window over'];

  test.each([
    ['emma', { answered: budget, greeting: window, unreachable: window, mixed: [5, 120, 'budget spent'] }],
    [
      'recipient-only',
      { answered: budget, greeting: window, unreachable: window, mixed: [5, 120, 'budget spent'] },
    ],
    ['four-attempts', { answered: budget, greeting: budget, unreachable: budget, mixed: budget }],
    ['thirty-hours', { answered: window, greeting: window, unreachable: window, mixed: window }],
  ])('%s is that of docs/semantics.md', (name, expected) => {
    expect(table(name)).toEqual(expected);
  });

  test('spread has its four attempts at 0, 30 minutes, 6 and 30 hours, whatever fails', () => {
    for (const kind of KINDS) {
      expect(timetable(shipped('spread'), kind)).toMatchObject({
        attempts: [0, 0.5 * HOUR, 6 * HOUR, 30 * HOUR],
        gaveUp: 'budget spent',
      });
    }
  });

  test('postfix-like doubles its wait from 300 to 4000 seconds, and ends within five days', () => {
    const { attempts, gaveUp } = timetable(shipped('postfix-like'), 'unreachable');
    const waits = attempts.slice(1).map((at, i) => (at - attempts[i]!) / 1000);
    expect(waits.slice(0, 6)).toEqual([300, 600, 1200, 2400, 4000, 4000]);
    expect(attempts.at(-1)).toBeLessThanOrEqual(120 * HOUR);
    expect(attempts.at(-1)! + 4000_000).toBeGreaterThan(120 * HOUR);
    expect(gaveUp).toBe('window over');
  });

  test('a policy of very many attempts is cut at ten thousand', () => {
    const rules = policy({
      retry: { intervalsMs: [1000], windowMs: 1e12, attempts: { counting: 'total', total: null } },
    });
    const { attempts, gaveUp } = timetable(rules, 'answered');
    expect([attempts.length, gaveUp]).toEqual([10_000, null]);
  });
});

describe('laws', () => {
  const budget = fc.option(fc.integer({ min: 1, max: 50 }), { nil: null });
  const retry = fc.record({
    intervalsMs: fc.array(fc.integer({ min: 60_000, max: 4 * HOUR }), { minLength: 1, maxLength: 5 }),
    attempts: fc.oneof(
      fc.record({ counting: fc.constant('per-class' as const), replied: budget, unreachable: budget }),
      fc.record({ counting: fc.constant('total' as const), total: budget }),
    ),
    windowMs: fc.integer({ min: 0, max: 48 * HOUR }),
    windowFrom: fc.constantFrom('mailing-start' as const, 'first-attempt' as const),
  });
  const kinds = fc.constantFrom(...KINDS);

  test('attempts begin at once, come in order, and end within the window and the budget', () => {
    fc.assert(
      fc.property(retry, kinds, (written, kind) => {
        const { attempts, gaveUp } = timetable(policy({ retry: written }), kind);
        expect(attempts[0]).toBe(0);
        expect(attempts).toEqual([...attempts].sort((a, b) => a - b));
        expect(attempts.at(-1)).toBeLessThanOrEqual(written.windowMs);
        expect(gaveUp).not.toBeNull();
        if (written.attempts.counting === 'total' && written.attempts.total !== null)
          expect(attempts.length).toBeLessThanOrEqual(written.attempts.total);
      }),
    );
  });

  test('a longer window never means fewer attempts, and those that there were stay where they are', () => {
    fc.assert(
      fc.property(retry, kinds, fc.nat({ max: 24 * HOUR }), (written, kind, more) => {
        const short = timetable(policy({ retry: written }), kind).attempts;
        const long = timetable(
          policy({ retry: { ...written, windowMs: written.windowMs + more } }),
          kind,
        ).attempts;
        expect(long.slice(0, short.length)).toEqual(short);
      }),
    );
  });

  test('a larger budget never means fewer attempts', () => {
    fc.assert(
      fc.property(
        retry,
        kinds,
        fc.integer({ min: 1, max: 50 }),
        fc.nat({ max: 20 }),
        (written, kind, total, more) => {
          const of = (budget: number) =>
            timetable(policy({ retry: { ...written, attempts: { counting: 'total', total: budget } } }), kind)
              .attempts;
          const small = of(total);
          expect(of(total + more).slice(0, small.length)).toEqual(small);
        },
      ),
    );
  });

  test('with the same budget for each class as in total there are never fewer attempts', () => {
    fc.assert(
      fc.property(retry, kinds, fc.integer({ min: 1, max: 20 }), (written, kind, n) => {
        const inTotal = policy({ retry: { ...written, attempts: { counting: 'total', total: n } } });
        const each = policy({
          retry: { ...written, attempts: { counting: 'per-class', replied: n, unreachable: n } },
        });
        expect(timetable(each, kind).attempts.length).toBeGreaterThanOrEqual(
          timetable(inTotal, kind).attempts.length,
        );
      }),
    );
  });
});
