// The recipe for Exim: a real one, isolated, retries for thirty hours in compressed time.

import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isRoot } from '../support/foreign-servers.js';
import { canIsolate, hasFaketime, needs } from '../support/needs.js';
import { playRecipe, RECIPE_PATH } from '../support/recipes.js';

const hasExim = RECIPE_PATH.split(':').some((folder) => existsSync(`${folder}/exim4`));
const hasUser = readFileSync('/etc/passwd', 'utf8').includes('Debian-exim:');

const isReady = [
  needs('exim4', hasExim && hasUser),
  needs('root user', isRoot),
  needs('libfaketime', hasFaketime()),
  needs('namespaces', canIsolate()),
].every(Boolean);

test.skipIf(!isReady)('Exim retries as it is set up', { timeout: 1_500_000 }, async () => {
  const { code, output, gaps } = await playRecipe('exim');
  expect(code, output).toBe(0);
  expect(output).toContain('1 passed');
  expect(output).not.toContain('warning:');
  // 30 minutes, on the next run of the queue, which takes some minutes itself; with what the check tolerates.
  // The last attempt comes at the end of the thirty hours, however short the gap before it.
  const all = gaps('fay@mail.example').slice(0, -1);
  expect(all.length).toBeGreaterThan(40);
  expect(Math.min(...all)).toBeGreaterThan(25);
  expect(Math.max(...all)).toBeLessThan(30 + 5 + 15);
});
