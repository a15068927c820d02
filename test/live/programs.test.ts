// The recipes for programs that retry by themselves, in compressed time.

import { expect, test } from 'vitest';
import { installed } from '../support/foreign-servers.js';
import { canIsolate, hasFaketime, needs } from '../support/needs.js';
import { playRecipe } from '../support/recipes.js';

/**
 * Gaps in minutes, with what the checks tolerate.
 *
 * @param unseen attempts that may end before a server sees them, such as at a lookup that is not answered in time
 */
function expectHalfHours(gaps: readonly number[], unseen = 0): void {
  expect(gaps.length).toBeGreaterThan(45);
  expect(Math.min(...gaps)).toBeGreaterThan(25);
  expect(gaps.filter((gap) => gap >= 35).length).toBeLessThanOrEqual(unseen);
}

const isReady = [
  needs('python3', installed('python3') !== undefined),
  needs('libfaketime', hasFaketime()),
].every(Boolean);

test.skipIf(!isReady)('a sender in Python retries for thirty hours', { timeout: 900_000 }, async () => {
  const { code, output, gaps } = await playRecipe('python');
  expect(code, output).toBe(0);
  expect(output).toContain('1 passed');
  expectHalfHours(gaps('fay@mail.example'));
});

const isIsolated = [needs('libfaketime', hasFaketime()), needs('namespaces', canIsolate())].every(Boolean);

test.skipIf(!isIsolated)(
  'a sender with nodemailer retries for thirty hours',
  { timeout: 900_000 },
  async () => {
    const { code, output, gaps } = await playRecipe('nodemailer');
    expect(code, output).toBe(0);
    expect(output).toContain('1 passed');
    expectHalfHours(gaps('fay@mail.example'), 2);
  },
);
