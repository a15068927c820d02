// Processes that prune the same report folder at once: `--keep` removes whole runs, and nothing else.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { scenarioText, Workplace } from './harness.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const PROCESSES = 4;
const KEEP = 2;

let at: Workplace;
beforeEach(() => {
  at = new Workplace();
});
afterEach(() => at.remove());

async function play(): Promise<{ code: unknown; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, 'run', '--keep', String(KEEP)], {
    cwd: at.dir,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as unknown[];
  return { code, stderr };
}

test('every run ends well, and what stays is complete', async () => {
  at.write({ 'scenarios/a.yaml': scenarioText('A'), 'scenarios/b.yaml': scenarioText('B') });
  at.write({ 'reports/notes.txt': 'mine', 'reports/20250101-000000-ab12cd/notes.txt': 'mine too' });
  for (let round = 0; round < 2; round++) {
    const ended = await Promise.all(Array.from({ length: PROCESSES }, play));
    expect(ended).toEqual(Array.from({ length: PROCESSES }, () => ({ code: 0, stderr: '' })));
  }
  const { code } = await play();
  expect(code).toBe(0);
  expect(at.read('reports/notes.txt')).toBe('mine');
  expect(at.read('reports/20250101-000000-ab12cd/notes.txt')).toBe('mine too');
  const runs = readdirSync(at.path('reports')).filter(
    (name) => /^2\d{7}-\d{6}-/.test(name) && !name.endsWith('ab12cd'),
  );
  expect(runs).toHaveLength(KEEP);
  for (const run of runs) {
    const { passed } = JSON.parse(readFileSync(at.path('reports', run, 'run.json'), 'utf8')) as {
      passed: number;
    };
    expect(passed).toBe(2);
    expect(existsSync(at.path('reports', run, 'index.html'))).toBe(true);
    expect(readdirSync(at.path('reports', run, 'events'))).toHaveLength(2);
  }
  expect(at.lastRun()).toMatchObject({ passed: 2 });
});
