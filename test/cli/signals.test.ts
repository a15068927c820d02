// Signals while files are read: nothing is called in this time, so that nothing may catch them.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readlink } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { scenarioText, Workplace } from './harness.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

let at: Workplace;
beforeEach(() => {
  at = new Workplace();
});
afterEach(() => at.remove());

test.runIf(process.platform === 'linux').each([
  ['run', 'a.yaml', '--watch'],
  ['run', 'a.yaml'],
  ['validate', 'a.yaml'],
  ['compare', 'a.yaml', '--policy', 'emma', '--policy', 'spread'],
])('%s %s %s ends at once on a signal while it reads a long file', async (...argv) => {
  const rows = Array.from({ length: 300_000 }, (_, row) => `user${row}@example.org`);
  at.write({
    'long.csv': `email\n${rows.join('\n')}\n`,
    'a.yaml': scenarioText('A').replace('contacts: [bob@example.org]', 'file: ./long.csv'),
  });
  const child = spawn(process.execPath, [MAIN, ...argv], {
    cwd: at.dir,
    env: { PATH: process.env.PATH },
    stdio: 'ignore',
  });
  const ended = once(child, 'close');
  const isReading = async (): Promise<boolean> => {
    const folder = `/proc/${child.pid}/fd`;
    const names = await readdir(folder).catch(() => []);
    const targets = await Promise.all(names.map((fd) => readlink(`${folder}/${fd}`).catch(() => '')));
    return targets.some((target) => target.endsWith('long.csv'));
  };
  try {
    while (!(await isReading())) expect(child.exitCode).toBeNull();
    child.kill('SIGTERM');
    // Not caught: a handler would be called only when everything has been read.
    expect(await ended).toEqual([null, 'SIGTERM']);
  } finally {
    child.kill('SIGKILL');
  }
});
