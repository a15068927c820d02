// The shipped scenarios, each as a test of its own and in this thread, so that a mutant of the sender can
// be switched on while one is played. Read by `npm run mutation` alone: `npm test` plays them as built.

import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { findScenarios } from '../../src/suite/find.js';
import { loadScenario } from '../../src/scenarios/load.js';
import { runScenario } from '../../src/runner/run.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Real time for one; the slowest of them needs a small part of it. */
const WALL_LIMIT_MS = 8_000;

test.each(findScenarios(['scenarios'], ROOT).files)('%s', async (file) => {
  const { plan, problems } = loadScenario(file, { cwd: ROOT });
  expect(problems).toBeUndefined();
  const { status, failures } = await runScenario(plan!, { wallLimitMs: WALL_LIMIT_MS });
  expect({ status, failures }).toEqual({ status: 'passed', failures: [] });
});
