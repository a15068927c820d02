// A disk that is full, as a small file system of its own: the run stops at the first scenario that it hits.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scenarioText, Workplace } from './harness.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Mounts a file system of a size for one shell only, plays, and copies the report out of it. */
const SCRIPT = `mount -t tmpfs -o size=$1 tmpfs "$2" && shift 2 && "$@"; code=$?
  cp small/reports/latest/run.json . 2>/dev/null; exit $code`;

const canMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

let at: Workplace;
beforeEach(() => {
  at = new Workplace();
  const large = scenarioText('Large').replace(
    'contacts: [bob@example.org]',
    'generate: [{ count: 400, at: example.org, prefix: reader }]',
  );
  const later = Object.fromEntries(['b', 'c', 'd'].map((name) => [`scenarios/${name}.yaml`, large]));
  at.write({ 'scenarios/a.yaml': scenarioText('Small'), ...later, 'small/.keep': '' });
});
afterEach(() => at.remove());

function play(size: string, args: string[], env: Record<string, string> = {}) {
  const command = [process.execPath, MAIN, 'run', '--workers', '1', ...args];
  return spawnSync('unshare', ['-m', 'sh', '-c', SCRIPT, 'sh', size, at.path('small'), ...command], {
    cwd: at.dir,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...env },
  });
}

describe.runIf(canMount)('a full disk', () => {
  test('under --output stops the run at the first scenario, and the verdict is written all the same', () => {
    const { status, stdout } = play('200k', ['--no-html', '--output', 'small/reports']);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('no space left on the device');
    expect(stdout).toContain('1 passed, 0 failed\n1 with an internal error, 2 not run\n');
    expect(status).toBe(4);
    const run = JSON.parse(readFileSync(at.path('run.json'), 'utf8')) as { scenarios: { status: string }[] };
    expect(run.scenarios.map((one) => one.status)).toEqual(['passed', 'error']);
  });

  test('that has no room for the report at all is reported before anything is lost', () => {
    const { status, stderr } = play('4k', ['--output', 'small/reports']);
    expect(stderr).toContain('small/reports: no space left on the device');
    expect(stderr).toContain('make room, or choose another folder with --output');
    expect(status).toBe(2);
  });

  test('under the temporary folder stops a run with a store at the first scenario', () => {
    const { status, stdout } = play('100k', ['--no-html', '--store', 'sqlite'], { TMPDIR: at.path('small') });
    expect(stdout).toMatch(/full/);
    expect(stdout).toMatch(/1 with an internal error, \d not run/);
    expect(status).toBe(4);
  });
});
