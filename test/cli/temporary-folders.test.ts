// Nothing stays in the temporary folder, whatever ends a command.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scenarioText, Workplace } from './harness.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Far more attempts than fit into the time of a test. */
const ENDLESS = scenarioText('Endless')
  .replace('example.org: {}', 'example.org: { behaviors: [{ do: busy, stage: rcpt }] }')
  .replace('contacts: [bob@example.org]', 'generate: [{ count: 20000, at: example.org, prefix: reader }]');

const COMMANDS: Record<string, string[]> = {
  compare: ['compare', 'a.yaml', '--policy', 'emma', '--policy', 'spread'],
  store: ['run', 'a.yaml', '--no-html', '--store', 'sqlite'],
};

let at: Workplace;
let temporary: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  at = new Workplace();
  temporary = path.join(at.dir, 'tmp');
  mkdirSync(temporary);
  at.write({ 'a.yaml': ENDLESS, 'small.yaml': scenarioText('Small') });
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  at.remove();
});

function start(argv: string[]): { child: ChildProcess; ended: Promise<unknown> } {
  const child = spawn(process.execPath, [MAIN, ...argv], {
    cwd: at.dir,
    env: { PATH: process.env.PATH, TMPDIR: temporary },
    stdio: 'ignore',
  });
  children.push(child);
  return { child, ended: once(child, 'close') };
}

/** Starts a command and waits until it has made its folder. */
async function running(name: string): Promise<ReturnType<typeof start>> {
  const started = start(COMMANDS[name]!);
  while (!readdirSync(temporary).some((entry) => new RegExp(`^bouncelab-${name}-\\d+-`).test(entry))) {
    expect(started.child.exitCode).toBeNull();
    await new Promise(setImmediate);
  }
  return started;
}

describe.each(Object.keys(COMMANDS))('the temporary folder of `%s`', (name) => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('is gone after %s', async (signal) => {
    const { child, ended } = await running(name);
    child.kill(signal);
    await ended;
    expect(readdirSync(temporary)).toEqual([]);
  });

  test('is gone after a second signal, which ends the process at once', async () => {
    const { child, ended } = await running(name);
    child.kill('SIGINT');
    child.kill('SIGTERM');
    await ended;
    expect(readdirSync(temporary)).toEqual([]);
  });

  test('is removed by the next run after SIGKILL, and that of a process that runs is not', async () => {
    const killed = await running(name);
    killed.child.kill('SIGKILL');
    await killed.ended;
    const left = readdirSync(temporary);
    expect(left).toHaveLength(1);
    mkdirSync(path.join(temporary, 'bouncelab-store-of-mine'));
    const other = await running(name === 'store' ? 'compare' : 'store');
    expect(readdirSync(temporary)).not.toContain(left[0]);
    await start(['run', 'small.yaml', '--no-html']).ended;
    const kept = readdirSync(temporary);
    expect(kept).toContain('bouncelab-store-of-mine');
    expect(kept).toHaveLength(2);
    other.child.kill('SIGINT');
    await other.ended;
    expect(readdirSync(temporary)).toEqual(['bouncelab-store-of-mine']);
  });
});
