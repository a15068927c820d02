// A scenario that is played twice: equal streams pass, and a failure shows the first event that differs.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { runAgain, StreamComparison, type Difference } from '../../src/runner/determinism.js';
import type { ScenarioPlan } from '../../src/scenarios/plan.js';
import type { ScenarioResult } from '../../src/results/result.js';
import { runScenario } from '../../src/runner/run.js';
import { EMMA } from '../support/policies.js';
import { plan, readers, type BehaviorSketch } from '../support/plans.js';

const dir = mkdtempSync(join(tmpdir(), 'bouncelab-twice-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Holds a second stream, written in blocks of whole lines, against a first. */
function compare(first: string[], blocks: string[][]): Difference | undefined {
  const file = join(dir, 'first.ndjson');
  writeFileSync(file, first.map((line) => `${line}\n`).join(''));
  const comparison = new StreamComparison(file);
  for (const block of blocks) comparison.write(block.map((line) => `${line}\n`).join(''));
  return comparison.end();
}

describe('two streams', () => {
  const long = 'x'.repeat(10_000);

  test.each([
    ['the same', ['a', 'b', 'ü'], [['a'], ['b', 'ü']], undefined],
    ['a line that differs', ['a', 'b', 'c'], [['a', 'x', 'c']], { seq: 1, first: 'b', second: 'x' }],
    ['a longer line', ['a', 'b'], [['a'], [`b${long}`]], { seq: 1, first: 'b', second: `b${long}` }],
    ['a shorter line', ['a', `b${long}`], [['a', 'b']], { seq: 1, first: `b${long}`, second: 'b' }],
    ['the first goes on', ['a', 'b'], [['a']], { seq: 1, first: 'b', second: undefined }],
    ['the second goes on', ['a'], [['a'], ['b']], { seq: 1, first: undefined, second: 'b' }],
  ] as [string, string[], string[][], Difference | undefined][])('%s', (_, first, blocks, difference) => {
    expect(compare(first, blocks)).toEqual(difference);
  });

  test('differ where the lists of their lines differ, however they are cut into blocks', () => {
    const lines = fc.array(fc.stringMatching(/^[ab]{0,2}$/), { maxLength: 8 });
    fc.assert(
      fc.property(lines, lines, fc.integer({ min: 1, max: 4 }), (first, second, size) => {
        const blocks: string[][] = [];
        for (let at = 0; at < second.length; at += size) blocks.push(second.slice(at, at + size));
        const seq = Array.from({ length: Math.max(first.length, second.length) }, (_, i) => i).find(
          (i) => first[i] !== second[i],
        );
        const found = compare(first, blocks);
        expect(found?.seq).toBe(seq);
        if (seq !== undefined) expect(found).toEqual({ seq, first: first[seq], second: second[seq] });
      }),
    );
  });
});

describe('a scenario played twice', () => {
  const eventsFile = join(dir, 'run.ndjson');
  const contacts = readers(20);
  const runTwice = async (plan: ScenarioPlan): Promise<ScenarioResult> =>
    runAgain(plan, { first: await runScenario(plan, { eventsFile }), eventsFile });

  test('passes when both runs are the same', async () => {
    const result = await runTwice(plan({ contacts, latencyMs: 5 }));
    expect(result).toMatchObject({ status: 'passed', failures: [] });
  });

  test('is inconclusive when the second run does not end', async () => {
    // Each attempt at a moment of its own: only a run of a thousand moments looks at the real clock.
    const policy = { ...EMMA, retry: { ...EMMA.retry, jitter: 0.5 } };
    const full: BehaviorSketch = { do: 'reply', stage: 'rcpt', code: 452, text: 'mailbox full' };
    const one = plan({ contacts, fleet: { 'example.org': { behaviors: [full] } }, policy });
    const first = await runScenario(one, { eventsFile });
    const result = await runAgain(one, { first, eventsFile, wallLimitMs: 0 });
    expect(first.status).toBe('passed');
    expect(result.status).toBe('inconclusive');
    expect(result.failures.map(({ message }) => message)).toEqual([expect.stringContaining('of real time')]);
  });

  test('fails at the first event that differs', async () => {
    let runs = 0;
    const twoFaced = {
      ...plan({ contacts }),
      network: {
        get latencyMs() {
          return ++runs;
        },
      },
    };
    const result = await runTwice(twoFaced);
    expect(result.status).toBe('failed');
    const [failure] = result.failures;
    expect(failure!.message).toMatch(/^two runs with seed 1 differ from event \d+ on$/);
    // A round trip of 2 ms in the first run, of 4 ms in the second.
    const [first, second] = [failure!.expected, failure!.actual].map(
      (line) => JSON.parse(line) as { t: number },
    );
    expect(second!.t).toBeGreaterThan(first!.t);
  });
});
