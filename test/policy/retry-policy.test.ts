// The retry policy as a pure function: grid, budgets, window, jitter; then properties for all policies.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  budgetClass,
  decide,
  gridOffset,
  latestStart,
  type BudgetClass,
  type Decision,
  type RetryPolicy,
  type DeliveryProgress,
} from '../../src/policy/retry-policy.js';
import { EMMA, FOUR_ATTEMPTS, HOUR, MINUTE, policy, THIRTY_HOURS } from '../support/policies.js';

/** A delivery whose first attempt began with its mailing, after `attempts` that ended at once. */
function progress(changes: Partial<DeliveryProgress> = {}): DeliveryProgress {
  const attempts = changes.attempts ?? 1;
  const kind = changes.class ?? 'replied';
  return {
    attempts,
    replied: kind === 'replied' ? attempts : 0,
    unreachable: kind === 'unreachable' ? attempts : 0,
    class: kind,
    firstAttemptAt: 0,
    mailingStartedAt: 0,
    endedAt: (attempts - 1) * 30 * MINUTE,
    draw: 0,
    ...changes,
  };
}

/** Repeats failures until the policy gives up. @returns the starts of the attempts, and why it ended */
function play(
  rules: RetryPolicy,
  classes: (n: number) => BudgetClass,
  lasting: (n: number) => number = () => 0,
) {
  const starts = [0];
  let replied = 0;
  let unreachable = 0;
  for (;;) {
    const n = starts.length;
    const kind = classes(n);
    if (kind === 'replied') replied++;
    else unreachable++;
    const endedAt = starts.at(-1)! + lasting(n);
    const decision = decide(rules, {
      ...progress({ attempts: n }),
      class: kind,
      replied,
      unreachable,
      endedAt,
    });
    if ('giveUp' in decision) return { starts, why: decision.giveUp };
    starts.push(decision.retryAt);
  }
}

describe('the grid', () => {
  test('runs in exact intervals from the first attempt', () => {
    expect([1, 2, 3, 60].map((n) => gridOffset([30 * MINUTE], n))).toEqual([
      30 * MINUTE,
      60 * MINUTE,
      90 * MINUTE,
      30 * HOUR,
    ]);
  });

  test('takes the steps of a list, the last of which repeats', () => {
    const steps = [30 * MINUTE, HOUR, 4 * HOUR];
    expect([1, 2, 3, 4, 5].map((n) => gridOffset(steps, n) / HOUR)).toEqual([0.5, 1.5, 5.5, 9.5, 13.5]);
  });

  test('starts at the first attempt of the delivery, not at the start of the mailing', () => {
    const decision = decide(EMMA, progress({ firstAttemptAt: 7, endedAt: 9 }));
    expect(decision).toEqual({ retryAt: 7 + 30 * MINUTE });
  });

  test('an attempt that runs past its next grid point delays that one and not the grid', () => {
    const lasting = (n: number): number => (n === 2 ? 40 * MINUTE : 0);
    const { starts } = play(EMMA, () => 'replied', lasting);
    expect(starts.map((at) => at / MINUTE)).toEqual([0, 30, 70, 90]);
  });

  test('an attempt that ends exactly at its next grid point is followed at once', () => {
    expect(decide(EMMA, progress({ endedAt: 30 * MINUTE }))).toEqual({ retryAt: 30 * MINUTE });
  });
});

describe('the budget', () => {
  const minutes = (rules: RetryPolicy, classes: (n: number) => BudgetClass): number[] =>
    play(rules, classes).starts.map((at) => at / MINUTE);
  const mixed = (n: number): BudgetClass => (n === 3 ? 'unreachable' : 'replied');

  test('per class: four replies are the last, however many attempts found no answer', () => {
    expect(minutes(EMMA, () => 'replied')).toEqual([0, 30, 60, 90]);
    expect(minutes(EMMA, mixed)).toEqual([0, 30, 60, 90, 120]);
    expect(minutes(EMMA, () => 'unreachable')).toHaveLength(61);
  });

  test('total: four attempts for any failures', () => {
    const cases: ((n: number) => BudgetClass)[] = [() => 'replied', mixed, () => 'unreachable'];
    for (const classes of cases) expect(minutes(FOUR_ATTEMPTS, classes)).toEqual([0, 30, 60, 90]);
  });

  test('unlimited: the window alone ends it, at its 61st attempt', () => {
    const { starts, why } = play(THIRTY_HOURS, () => 'replied');
    expect(starts).toHaveLength(61);
    expect(starts.at(-1)).toBe(30 * HOUR);
    expect(why).toBe('window over');
  });

  test('a budget of one leaves no second attempt', () => {
    const rules = policy({ retry: { attempts: { counting: 'total', total: 1 } } });
    expect(play(rules, () => 'unreachable')).toEqual({ starts: [0], why: 'budget spent' });
  });

  test('an attempt is charged by its outcome and stage', () => {
    expect(budgetClass('deferred', 'rcpt')).toBe('replied');
    expect(budgetClass('deferred', 'ehlo')).toBe('replied');
    expect(budgetClass('deferred', 'connect')).toBe('unreachable');
    expect(budgetClass('unreachable', 'rcpt')).toBe('unreachable');
    expect(budgetClass('unknown', 'message')).toBe('unreachable');
  });
});

describe('the window', () => {
  const nearEdge = (firstAttemptAt: number, rules = THIRTY_HOURS): Decision =>
    decide(rules, progress({ attempts: 60, firstAttemptAt, endedAt: 29.5 * HOUR + firstAttemptAt }));

  test('an attempt exactly at the edge is made', () => {
    expect(nearEdge(0)).toEqual({ retryAt: 30 * HOUR });
  });

  test('an attempt one millisecond before the edge is made', () => {
    const rules = policy({ retry: { windowMs: 30 * HOUR + 1 } }, THIRTY_HOURS);
    expect(nearEdge(0, rules)).toEqual({ retryAt: 30 * HOUR });
  });

  test('an attempt whose place on the grid is one millisecond after the edge is not', () => {
    const rules = policy({ retry: { windowMs: 30 * HOUR - 1 } }, THIRTY_HOURS);
    expect(nearEdge(0, rules)).toEqual({ giveUp: 'window over' });
  });

  test.each<[string, number, number, Decision]>([
    ['a millisecond late', 1, 30 * MINUTE, { retryAt: 30 * HOUR + 1 }],
    ['as late as the overrun', 30 * MINUTE, 30 * MINUTE, { retryAt: 30.5 * HOUR }],
    ['later than the overrun', 30 * MINUTE + 1, 30 * MINUTE, { giveUp: 'window over' }],
    ['a millisecond late, without an overrun', 1, 0, { giveUp: 'window over' }],
  ])('the last point on the grid after a first attempt that began %s', (_what, late, overrunMs, decision) => {
    expect(nearEdge(late, policy({ retry: { overrunMs } }, THIRTY_HOURS))).toEqual(decision);
  });

  test('counted from the first attempt it does not matter how late that was', () => {
    const rules = policy({ retry: { windowFrom: 'first-attempt' } }, THIRTY_HOURS);
    expect(nearEdge(5 * HOUR, rules)).toEqual({ retryAt: 35 * HOUR });
    expect(latestStart(rules.retry, { mailingStartedAt: 3, firstAttemptAt: 10 })).toBe(30.5 * HOUR + 10);
    expect(latestStart(rules.retry, { mailingStartedAt: 3, firstAttemptAt: undefined })).toBe(Infinity);
  });

  test('an attempt that is still running at the edge delays the one that is due there, up to the overrun', () => {
    const after = (endedAt: number): Decision => decide(THIRTY_HOURS, progress({ attempts: 60, endedAt }));
    expect(after(30 * HOUR + 1)).toEqual({ retryAt: 30 * HOUR + 1 });
    expect(after(30.5 * HOUR + 1)).toEqual({ giveUp: 'window over' });
  });

  test('of zero leaves only the first attempt', () => {
    const rules = policy({ retry: { windowMs: 0 } }, THIRTY_HOURS);
    expect(play(rules, () => 'replied')).toEqual({ starts: [0], why: 'window over' });
  });
});

describe('jitter', () => {
  const rules = policy({ retry: { jitter: 0.5, intervalsMs: [10 * MINUTE, 60 * MINUTE] } });

  test('moves an attempt by at most its fraction of the step before it', () => {
    expect(decide(rules, progress({ draw: 0 }))).toEqual({ retryAt: 10 * MINUTE });
    expect(decide(rules, progress({ draw: 0.5 }))).toEqual({ retryAt: 12.5 * MINUTE });
    const third = progress({ attempts: 2, endedAt: 12 * MINUTE, draw: 0.5 });
    expect(decide(rules, third)).toEqual({ retryAt: 70 * MINUTE + 15 * MINUTE });
  });

  test('takes no attempt out of the window that lies in it by the grid, up to the overrun', () => {
    const atEdge = (overrunMs: number): Decision =>
      decide(policy({ retry: { jitter: 0.5, windowMs: 30 * MINUTE, overrunMs } }), progress({ draw: 0.5 }));
    expect(atEdge(7.5 * MINUTE)).toEqual({ retryAt: 37.5 * MINUTE });
    expect(atEdge(7 * MINUTE)).toEqual({ giveUp: 'window over' });
  });

  test('does not move the grid: the attempt after a late one is drawn from its own point', () => {
    const late = progress({ attempts: 2, endedAt: 15 * MINUTE, draw: 0 });
    expect(decide(rules, late)).toEqual({ retryAt: 70 * MINUTE });
  });
});

describe('laws', () => {
  const budget = fc.option(fc.integer({ min: 1, max: 50 }), { nil: null });
  const anyPolicy = fc
    .record({
      intervalsMs: fc.array(fc.integer({ min: 60_000, max: 4 * HOUR }), { minLength: 1, maxLength: 5 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      attempts: fc.oneof(
        fc.record({ counting: fc.constant('per-class' as const), replied: budget, unreachable: budget }),
        fc.record({ counting: fc.constant('total' as const), total: budget }),
      ),
      windowMs: fc.integer({ min: 0, max: 48 * HOUR }),
      overrunMs: fc.integer({ min: 0, max: 2 * HOUR }),
      windowFrom: fc.constantFrom('mailing-start' as const, 'first-attempt' as const),
    })
    .map((retry) => policy({ retry }));
  const step = fc.record({
    class: fc.constantFrom<BudgetClass>('replied', 'unreachable'),
    lasts: fc.integer({ min: 0, max: 3 * HOUR }),
    draw: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  });

  test('no attempt before the last one ended, none outside the window, none over budget; times never go back', () => {
    fc.assert(
      fc.property(
        anyPolicy,
        fc.array(step, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 0, max: 2 * HOUR }),
        (rules, steps, firstAttemptAt) => {
          const { retry } = rules;
          const latest = latestStart(retry, { mailingStartedAt: 0, firstAttemptAt });
          const used = { replied: 0, unreachable: 0 };
          let startedAt = firstAttemptAt;
          for (const [index, { class: kind, lasts, draw }] of steps.entries()) {
            used[kind]++;
            const endedAt = startedAt + lasts;
            const decision = decide(rules, {
              ...used,
              attempts: index + 1,
              class: kind,
              firstAttemptAt,
              mailingStartedAt: 0,
              endedAt,
              draw,
            });
            const spent =
              retry.attempts.counting === 'total'
                ? used.replied + used.unreachable === retry.attempts.total
                : used[kind] === retry.attempts[kind];
            expect('giveUp' in decision && decision.giveUp === 'budget spent').toBe(spent);
            if ('giveUp' in decision) return;
            const { retryAt } = decision;
            expect(retryAt).toBeGreaterThanOrEqual(endedAt);
            expect(retryAt).toBeLessThanOrEqual(latest);
            const offset = gridOffset(retry.intervalsMs, index + 1);
            expect(offset).toBeLessThanOrEqual(retry.windowMs);
            expect(retryAt).toBeGreaterThanOrEqual(firstAttemptAt + offset);
            startedAt = retryAt;
          }
        },
      ),
    );
  });

  test('without jitter an attempt that ends before its next grid point is followed exactly there', () => {
    fc.assert(
      fc.property(
        anyPolicy,
        fc.nat({ max: 30 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (rules, n, part) => {
          const { retry } = policy({ retry: { ...rules.retry, jitter: 0, windowMs: 1e12 } });
          const attempts = n + 1;
          const point = gridOffset(retry.intervalsMs, attempts);
          const endedAt = Math.floor(point * part);
          const unlimited = policy({ retry: { ...retry, attempts: { counting: 'total', total: null } } });
          expect(decide(unlimited, progress({ attempts, endedAt }))).toEqual({ retryAt: point });
        },
      ),
    );
  });
});
