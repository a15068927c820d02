// Signals that no handler can answer: while files are read, in a process with code that spins, and SIGKILL.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
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

test.runIf(process.platform === 'linux')('a watch ends on a signal while it reads a long file', async () => {
  const rows = Array.from({ length: 300_000 }, (_, row) => `user${row}@example.org`);
  at.write({
    'long.csv': `email\n${rows.join('\n')}\n`,
    'a.yaml': scenarioText('A').replace('contacts: [bob@example.org]', 'file: ./long.csv'),
  });
  const child = spawn(process.execPath, [MAIN, 'run', 'a.yaml', '--watch'], {
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

test.skipIf(process.platform === 'win32').each(['SIGKILL', 'SIGTERM', 'SIGSEGV'] as const)(
  '%s to the command ends the process of an external sender that spins',
  async (signal) => {
    at.write({
      'a.yaml': scenarioText('a'),
      'busy.mjs': `import { renameSync, writeFileSync } from 'node:fs';
        export function createSender() {
          for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) process.on(signal, () => {});
          writeFileSync('pid.tmp', String(process.pid));
          renameSync('pid.tmp', 'pid');
          for (;;) {}
        }`,
    });
    const child = spawn(process.execPath, [MAIN, 'run', 'a.yaml', '--sender', 'busy.mjs'], {
      cwd: at.dir,
      env: { PATH: process.env.PATH },
      stdio: 'ignore',
    });
    const ended = once(child, 'close');
    while (!existsSync(at.path('pid'))) {
      expect(child.exitCode).toBeNull();
      await new Promise(setImmediate);
    }
    const pid = Number(at.read('pid'));
    child.kill(signal);
    await ended;
    while (isAlive(pid)) await new Promise(setImmediate);
    expect(isAlive(pid)).toBe(false);
  },
);

/** A process that has ended may not have been reaped yet: in a container, that is for its first process to do. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
