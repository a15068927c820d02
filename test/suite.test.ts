// The shipped suite through the built command line: it passes, it repeats to the byte, and its
// files are what a reader expects of them.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { parseEvents } from '../src/events/ndjson.js';
import type { RunResult } from '../src/results/result.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const output = mkdtempSync(join(tmpdir(), 'bouncelab-suite-'));
afterAll(() => rmSync(output, { recursive: true, force: true }));

/** Runs the whole suite. @returns its result and the folder of its report */
async function runSuite(workers: number): Promise<{ run: RunResult; dir: string }> {
  const parent = mkdtempSync(join(output, 'run-'));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['dist/cli/main.js', 'run', '--workers', String(workers), '--reporter', 'json', '--output', parent],
    { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 },
  );
  return { run: JSON.parse(stdout) as RunResult, dir: join(parent, 'latest') };
}

const fingerprints = (run: RunResult): string[] =>
  run.scenarios.map(({ file, fingerprint }) => `${file} ${fingerprint}`);

describe('the shipped suite', async () => {
  const [one, two, again] = [await runSuite(1), await runSuite(2), await runSuite(2)];

  test('passes', () => {
    expect(one.run.scenarios.filter(({ status }) => status !== 'passed')).toEqual([]);
    expect(one.run.passed).toBe(one.run.scenarios.length);
    expect(one.run.passed).toBeGreaterThanOrEqual(25);
  });

  test('shows everything that its scenarios say', () => {
    expect(one.run.scenarios.flatMap(({ warnings }) => warnings)).toEqual([]);
  });

  test('gives the same fingerprints on one worker and on two, and again', () => {
    expect(fingerprints(two.run)).toEqual(fingerprints(one.run));
    expect(fingerprints(again.run)).toEqual(fingerprints(one.run));
  });

  // On any machine, in any time zone, with any version of Node. CONTRIBUTING.md says how to record a change.
  test('plays to the byte as it is recorded', async () => {
    await expect(`${fingerprints(one.run).join('\n')}\n`).toMatchFileSnapshot('fingerprints.txt');
  });

  test('no two scenarios are the same experiment', () => {
    expect(new Set(one.run.scenarios.map(({ fingerprint }) => fingerprint)).size).toBe(
      one.run.scenarios.length,
    );
  });

  test('the events files read back, and their hashes are the fingerprints', () => {
    const files = readdirSync(join(one.dir, 'events'));
    const hashes = files.map((file) => {
      const text = readFileSync(join(one.dir, 'events', file), 'utf8');
      expect(parseEvents(text, file).length).toBeGreaterThan(2);
      return createHash('sha256').update(text).digest('hex');
    });
    expect(hashes.sort()).toEqual(one.run.scenarios.map(({ fingerprint }) => fingerprint).sort());
  });

  test.each(one.run.scenarios.map(({ file }) => file))(
    '%s opens with the line that makes editors check it',
    (file) => {
      const [first] = readFileSync(join(ROOT, file), 'utf8').split('\n');
      const depth = file.split('/').length - 1;
      expect(first).toBe(`# yaml-language-server: $schema=${'../'.repeat(depth)}schema/scenario.schema.json`);
    },
  );
});
