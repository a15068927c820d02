// A sender that is a command: its clock, its end, and that nothing of it is left running.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BouncelabError } from '../../src/base/errors.js';
import type { FleetClock } from '../../src/live/child/faketime.js';
import { LiveSender, type LiveSenderOptions } from '../../src/live/child/live-sender.js';
import { until } from '../support/foreign-servers.js';
import { hasFaketime, needs } from '../support/needs.js';

const NEVER = new AbortController().signal;

/** A clock that runs `speed` times as fast as the system's. */
function clockOf(speed: number): FleetClock & { startedAt: number } {
  const startedAt = Date.now();
  return { speed, startedAt, date: () => new Date(startedAt + (Date.now() - startedAt) * speed) };
}

function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'bouncelab-child-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Starts a shell script in a folder of its own. */
async function start(script: string, options: Partial<LiveSenderOptions> = {}) {
  const cwd = folder();
  const warnings: string[] = [];
  const sender = await LiveSender.start({
    argv: ['sh', '-c', script],
    cwd,
    env: process.env,
    output: 2,
    clock: clockOf(1),
    warn: (text) => warnings.push(text),
    ...options,
  });
  onTestFinished(() => void sender.stop());
  const has = (name: string): boolean => existsSync(path.join(cwd, name));
  const read = (name: string): string => readFileSync(path.join(cwd, name), 'utf8').trim();
  const write = (name: string): void => writeFileSync(path.join(cwd, name), '');
  return { sender, warnings, has, read, write };
}

function lives(pid: string): boolean {
  try {
    // A zombie has ended.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const onLinux = describe.runIf(process.platform === 'linux');

describe('the process of a command', () => {
  test('ends with a code, or by a signal', async () => {
    expect(await (await start('exit 3')).sender.ended(NEVER)).toEqual({ code: 3, signal: undefined });
    expect(await (await start('kill -9 $$')).sender.ended(NEVER)).toEqual({
      code: undefined,
      signal: 'SIGKILL',
    });
  });

  test('is waited for no longer than a signal says', async () => {
    const { sender } = await start('sleep 1000');
    const abort = new AbortController();
    const ended = sender.ended(abort.signal);
    abort.abort();
    expect(await ended).toBeUndefined();
    expect(await sender.ended(abort.signal)).toBeUndefined();
    expect(await sender.stop()).toBe(0);
  });

  test('that cannot be started is an error', async () => {
    await expect(start('', { argv: ['no-such-mailer', '-q'] })).rejects.toMatchObject({
      code: 'E_COMMAND',
      message: 'no program no-such-mailer was found',
    });
    await expect(start('', { cwd: '/no/such/folder' })).rejects.toMatchObject({ code: 'E_COMMAND' });
  });
});

/** Runs until it is ended, without starting a process for each wait. */
const LOOP = 'while :; do sleep 0.05; done';

onLinux('what a command has started', () => {
  test('is waited for when the command itself has ended', async () => {
    const { sender, has, read, write } = await start(
      'echo $$ > shell; (until [ -e go ]; do sleep 0.02; done; touch done) & exit 0',
    );
    let isOver = false;
    const ended = sender.ended(NEVER).finally(() => (isOver = true));
    await until(() => has('shell') && !lives(read('shell')));
    await until(() => isOver, 5);
    expect(isOver).toBe(false);
    write('go');
    expect(await ended).toEqual({ code: 0, signal: undefined });
    expect(has('done')).toBe(true);
  });

  test('ends with the sender, in whatever session it is', async () => {
    const daemon = `setsid sh -c 'echo $$ > daemon; ${LOOP}' &`;
    const { sender, has, read } = await start(`${daemon} sh -c 'echo $$ > worker; ${LOOP}' & ${LOOP}`);
    await until(() => has('daemon') && has('worker'));
    const pids = [read('daemon'), read('worker')];
    expect(pids.map(lives)).toEqual([true, true]);
    expect(await sender.stop()).toBe(0);
    expect(pids.map(lives)).toEqual([false, false]);
  });

  test('is killed when it does not end', async () => {
    const { sender, has, read } = await start(`trap '' TERM; echo $$ > deaf; ${LOOP}`);
    await until(() => has('deaf'));
    expect(await sender.stop(100)).toBeGreaterThan(0);
    expect(lives(read('deaf'))).toBe(false);
  });
});

describe.runIf(needs('libfaketime', hasFaketime()))('a compressed clock', () => {
  test('is that of the fleet, in each process of the command', async () => {
    const clock = clockOf(2400);
    const { sender, read } = await start(
      'date +%s > first; sleep 3600; date +%s > second; python3 -c "import time; time.sleep(3600); print(int(time.time()))" > third',
      { clock },
    );
    expect(await sender.ended(NEVER)).toMatchObject({ code: 0 });
    const after = clock.date().getTime() - clock.startedAt;
    const times = ['first', 'second', 'third'].map((name) => Number(read(name)) * 1000 - clock.startedAt);
    const [first, second, third] = times as [number, number, number];
    // What the comparison with the fleet's clock may be off: a third of a second of real time.
    const tolerance = 800_000;
    expect(first).toBeGreaterThan(-tolerance);
    expect(second - first).toBeGreaterThanOrEqual(3_599_000);
    expect(third - second).toBeGreaterThanOrEqual(3_599_000);
    expect(third).toBeLessThan(after + tolerance);
  });

  test('leaves nothing in shared memory', async () => {
    const { sender, read } = await start('echo $FAKETIME_SHARED > shared', { clock: clockOf(60) });
    await sender.ended(NEVER);
    const files = read('shared')
      .split(' ')
      .map((name) => name.replace('/', '/dev/shm/'));
    expect(existsSync(files[1]!)).toBe(true);
    await sender.stop();
    await until(() => !existsSync(files[1]!));
    expect(existsSync(files[1]!)).toBe(false);
  });

  test('that a script does not pass on is noticed', async () => {
    const { sender, warnings } = await start(`env -u LD_PRELOAD sh -c '${LOOP}'`, {
      clock: clockOf(2),
    });
    await until(() => warnings.length > 0);
    await sender.stop();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /\/.* \(process \d+\) does not follow the compressed clock: its waits and times are real/,
    );
  });

  test('is refused to a program that cannot follow it', async () => {
    await expect(start('', { argv: ['ldconfig'], clock: clockOf(60) })).rejects.toMatchObject({
      code: 'E_COMMAND',
      message: expect.stringMatching(/ldconfig cannot follow the compressed clock/) as string,
    });
  });

  test.each([
    ['/no/such/library.so', /which does not exist/],
    // A library, but another one.
    [process.execPath, /a process under libfaketime does not answer|does not share the origin/],
  ])('with BOUNCELAB_FAKETIME=%s is an error', async (library, message) => {
    const env = { ...process.env, BOUNCELAB_FAKETIME: library };
    const error = await start('', { env, clock: clockOf(60) }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BouncelabError);
    expect(error).toMatchObject({ code: 'E_FAKETIME', message: expect.stringMatching(message) as string });
  });
});
