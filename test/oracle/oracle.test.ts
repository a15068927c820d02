// The sender against the model: random policies, random fates, real SMTP. They must agree on every
// attempt to the millisecond, on how each mailing ends, and on status and streak.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RetryPolicy } from '../../src/policy/retry-policy.js';
import { BUILDING_MS, type BehaviorSketch, type PlanSketch } from '../support/plans.js';
import { EMMA } from '../support/policies.js';
import { run } from '../support/runs.js';
import { predict, type Fate } from './model.js';

const BOB = 'bob@example.org';
const M = 60_000;
/** Between two mailings: more than any window here. */
const APART_MS = 100 * 3_600_000;

const fates = fc.array(
  fc.constantFrom<Fate>('accepted', 'deferred', 'deferred', 'rejected', 'silent', 'lost'),
  { minLength: 1, maxLength: 12 },
);

const budget = fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 6 }));

const policies: fc.Arbitrary<RetryPolicy> = fc
  .record({
    intervalsMs: fc.array(
      fc.integer({ min: 1, max: 90 }).map((minutes) => minutes * M),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
    attempts: fc.oneof(
      fc.record({ counting: fc.constant('per-class' as const), replied: budget, unreachable: budget }),
      fc.record({ counting: fc.constant('total' as const), total: budget }),
    ),
    windowMs: fc.integer({ min: 0, max: 20 }).map((half) => half * 30 * M),
    overrunMs: fc.integer({ min: 0, max: 40 }).map((minutes) => minutes * M),
    windowFrom: fc.constantFrom('mailing-start' as const, 'first-attempt' as const),
    softBouncesToError: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ softBouncesToError, ...retry }) => ({
    name: 'drawn',
    retry: { ...EMMA.retry, ...retry, jitter: 0 },
    bounce: { hard: 'any-5xx', softBouncesToError, overrides: [] },
  }));

/** What the server does with the attempts of one fate. */
const ACTS: Record<Fate, BehaviorSketch> = {
  accepted: { do: 'accept' },
  deferred: { do: 'reply', stage: 'rcpt', code: 450, text: 'busy' },
  rejected: { do: 'reply', stage: 'rcpt', code: 550, text: 'no' },
  silent: { do: 'unresponsive', stage: 'rcpt' },
  lost: { do: 'unresponsive', stage: 'message', kept: true },
};

function sketch(policy: RetryPolicy, drawn: readonly Fate[], mailings: number): PlanSketch {
  const behaviors = drawn.map((fate, index): BehaviorSketch => {
    const to = index === drawn.length - 1 ? Number.MAX_SAFE_INTEGER : index + 1;
    return { ...ACTS[fate], attempts: { from: index + 1, to } };
  });
  return {
    policy,
    contacts: [BOB],
    fleet: { 'example.org': { mailboxes: { bob: behaviors } } },
    mailings: Array.from({ length: mailings }, (_, index) => ({ name: `m${index}`, at: index * APART_MS })),
  };
}

describe('runs and model agree', () => {
  test('on drawn policies and fates', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(policies, fates, fc.integer({ min: 1, max: 3 }), async (policy, drawn, mailings) => {
        const expected = predict(policy, drawn, mailings);
        const ran = await run(sketch(policy, drawn, mailings));
        expect(ran.result.failures).toEqual([]);
        for (const [index, outcome] of expected.mailings.entries()) {
          const name = `m${index}`;
          const start = index * APART_MS + BUILDING_MS;
          const attempts = ran.events.attempts(BOB, name);
          expect(attempts.map(({ startedAt }) => startedAt - start)).toEqual(outcome.attempts);
          const end = ran.events.ends(BOB).find(({ mailing }) => mailing === name);
          expect(end?.state ?? 'not mailed').toBe(outcome.state);
          if (end) expect(end.t - start).toBe(outcome.endedAt);
          expect(ran.mailing(name).possibleDuplicates).toBe(outcome.unknown);
        }
        const { active, error } = ran.result.statuses;
        expect({ active, error }).toEqual(
          expected.status === 'active' ? { active: 1, error: 0 } : { active: 0, error: 1 },
        );
        const streak = ran.events.of('contact.streak').at(-1)?.to ?? 0;
        expect(streak).toBe(expected.streak);
      }),
      { numRuns: 300 },
    );
  });
});

// So that the model itself is held against something: figures that the documentation promises.
describe('the model knows the figures of the documentation', () => {
  const H = 3_600_000;
  const ONE_BUDGET = { counting: 'total' as const, total: 4 };
  const NO_BUDGET = { counting: 'per-class' as const, replied: null, unreachable: null };
  test.each([
    ['emma, full for good', EMMA, 'deferred', 4, 1.5 * H],
    ['emma, silent for good', EMMA, 'silent', 61, 30 * H],
    [
      'four attempts, silent for good',
      { ...EMMA, retry: { ...EMMA.retry, attempts: ONE_BUDGET } },
      'silent',
      4,
      1.5 * H,
    ],
    [
      'thirty hours, full for good',
      { ...EMMA, retry: { ...EMMA.retry, attempts: NO_BUDGET } },
      'deferred',
      61,
      30 * H,
    ],
  ] as [string, RetryPolicy, Fate, number, number][])('%s', (_, policy, fate, attempts, last) => {
    const [outcome] = predict(policy, [fate], 1).mailings;
    expect(outcome).toMatchObject({ state: 'soft-bounced' });
    expect(outcome!.attempts).toHaveLength(attempts);
    expect(outcome!.attempts.at(-1)).toBe(last);
  });

  test('soft three times, delivered, soft: still active; the fourth in a row is not', () => {
    const four = Array<Fate>(4).fill('deferred');
    const thrice = [...four, ...four, ...four];
    expect(predict(EMMA, [...thrice, 'accepted', ...four], 5)).toMatchObject({ status: 'active', streak: 1 });
    expect(predict(EMMA, [...thrice, ...four], 5)).toMatchObject({ status: 'error', streak: 4 });
  });
});
