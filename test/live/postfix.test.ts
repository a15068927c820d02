// The recipe for Postfix: a real one, isolated, retries for thirty hours in compressed time.

import { expect, test } from 'vitest';
import { installed, isRoot } from '../support/foreign-servers.js';
import { canIsolate, hasFaketime, needs } from '../support/needs.js';
import { playRecipe } from '../support/recipes.js';

const isReady = [
  needs('postfix', installed('postfix') !== undefined && installed('smtp-source') !== undefined),
  needs('root user', isRoot),
  needs('libfaketime', hasFaketime()),
  needs('namespaces', canIsolate()),
].every(Boolean);

test.skipIf(!isReady)('Postfix retries as it is set up', { timeout: 900_000 }, async () => {
  const { code, output, gaps } = await playRecipe('postfix');
  expect(code, output).toBe(0);
  expect(output).toContain('1 passed');
  expect(output).not.toContain('warning:');
  // 30 minutes, on the next run of the queue; with what the check tolerates.
  const all = gaps('fay@mail.example');
  expect(all.length).toBeGreaterThan(45);
  expect(Math.min(...all)).toBeGreaterThan(29);
  expect(Math.max(...all)).toBeLessThan(30 + 5 + 5);
});
