// `bouncelab run --watch`: what starts the next run, its keys, and its end.

import { writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ScenarioStatus } from '../../src/results/result.js';
import { pretend, scenarioText, Workplace } from './harness.js';

const WAITING = 'Waiting for changes.';
const CLEAR = '\u001b[2J';

let at: Workplace;
beforeEach(() => {
  at = new Workplace();
  at.write({ 'scenarios/a.yaml': scenarioText('a'), 'scenarios/b.yaml': scenarioText('b') });
});
afterEach(() => at.remove());

function keyboard(): PassThrough & { isTTY: boolean; raw: boolean[]; setRawMode: (raw: boolean) => void } {
  const raw: boolean[] = [];
  return Object.assign(new PassThrough(), {
    isTTY: true,
    raw,
    setRawMode: (on: boolean) => void raw.push(on),
  });
}

function watching(
  argv: string[] = [],
  options: { statusOf?: (name: string) => ScenarioStatus; isTTY?: boolean } = {},
) {
  const executor = pretend(options.statusOf ?? (() => 'passed'));
  const stdin = keyboard();
  const interrupt = new AbortController();
  const running = at.start(['run', '--watch', ...argv], {
    stdin,
    signal: interrupt.signal,
    isTTY: options.isTTY ?? false,
    createExecutor: executor.createExecutor,
  });
  return { ...running, stdin, interrupt, played: executor.played };
}

describe('run --watch', () => {
  it('runs again when a scenario changes, and ends with q', async () => {
    const { stdout, stdin, code, played } = watching();
    await stdout.until(WAITING);
    expect(played).toEqual(['a', 'b']);
    at.write({ 'scenarios/a.yaml': scenarioText('a changed') });
    await stdout.until(WAITING, 2);
    expect(played).toEqual(['a', 'b', 'a changed', 'b']);
    at.write({ 'scenarios/new/c.yaml': scenarioText('c') });
    await stdout.until(WAITING, 3);
    expect(played.slice(4)).toEqual(['a changed', 'b', 'c']);
    stdin.write('q');
    expect(await code).toBe(0);
    expect(stdin.raw).toEqual([true, false]);
    expect(stdin.listenerCount('data')).toBe(0);
  });

  it('runs again when a policy or an audience file of a scenario changes', async () => {
    at.write({
      'common/mine.yaml': 'name: mine\n',
      'common/people.csv': 'address\nbob@example.org\n',
      'scenarios/a.yaml': `policy: ../common/mine.yaml\n${scenarioText('a')}`.replace(
        'contacts: [bob@example.org]',
        'file: ../common/people.csv',
      ),
    });
    const { stdout, interrupt, code } = watching(['scenarios/a.yaml']);
    await stdout.until(WAITING);
    at.write({ 'common/mine.yaml': 'name: changed\n' });
    await stdout.until(WAITING, 2);
    expect(at.lastRun().scenarios[0]).toMatchObject({ policy: 'changed', status: 'passed' });
    at.write({ 'common/people.csv': 'address\n' });
    await stdout.until(WAITING, 3);
    expect(at.lastRun().scenarios[0]!.status).toBe('invalid');
    interrupt.abort();
    await code;
  });

  it('watches files that match a pattern', async () => {
    const { stdout, stdin, code, played } = watching(['scenarios/**/b*.yaml']);
    await stdout.until(WAITING);
    at.write({ 'scenarios/deep/bb.yaml': scenarioText('bb') });
    await stdout.until(WAITING, 2);
    expect(played).toEqual(['b', 'b', 'bb']);
    stdin.write('q');
    await code;
  });

  it('reacts to its keys: f, Enter, a', async () => {
    const failing = new Set(['b']);
    const { stdout, stdin, code, played } = watching([], {
      statusOf: (name) => (failing.has(name) ? 'failed' : 'passed'),
    });
    await stdout.until(WAITING);
    stdin.write('f');
    await stdout.until(WAITING, 2);
    expect(played).toEqual(['a', 'b', 'b']);
    stdin.write('\r');
    await stdout.until(WAITING, 3);
    expect(played).toEqual(['a', 'b', 'b', 'b']);
    stdin.write('xyz');
    stdin.write('a');
    await stdout.until(WAITING, 4);
    expect(played).toEqual(['a', 'b', 'b', 'b', 'a', 'b']);
    stdin.write('q');
    expect(await code).toBe(1);
  });

  it('does not run again when its report is written', async () => {
    const { stdout, stdin, code, played } = watching(['.', '-g', 'a.yaml', '--output', 'scenarios/out']);
    await stdout.until(WAITING);
    writeFileSync(at.path('scenarios/out/latest/events/made-up.yaml'), 'x');
    writeFileSync(at.path('scenarios/notes.txt'), 'x');
    at.write({ 'scenarios/a.yaml': scenarioText('changed') });
    await stdout.until(WAITING, 2);
    stdin.write('q');
    await code;
    expect(played).toEqual(['a', 'changed']);
  });

  it('goes on when a scenario is invalid or missing', async () => {
    const { stdout, stderr, stdin, code } = watching(['-g', 'a']);
    await stdout.until(WAITING);
    at.write({ 'scenarios/a.yaml': 'nam: a\n' });
    await stdout.until(WAITING, 2);
    expect(stdout.text).toContain('1 invalid');
    at.write({ 'scenarios/a.yaml': scenarioText('x').replace('tags', 'tags') });
    await stdout.until(WAITING, 3);
    expect(stderr.text).toBe('');
    stdin.write('q');
    expect(await code).toBe(0);
  });

  it('begins with the failed scenarios with --last-failed', async () => {
    await at.run(
      ['run'],
      pretend((name) => (name === 'b' ? 'failed' : 'passed')),
    );
    const { stdout, stdin, code, played } = watching(['--last-failed']);
    await stdout.until(WAITING);
    expect(played).toEqual(['b']);
    stdin.write('a');
    await stdout.until(WAITING, 2);
    expect(played).toEqual(['b', 'a', 'b']);
    stdin.write('q');
    await code;
  });

  it('clears the screen between runs on a terminal only', async () => {
    for (const isTTY of [true, false]) {
      const { stdout, stdin, code } = watching([], { isTTY });
      await stdout.until(WAITING);
      expect(stdout.text).not.toContain(CLEAR);
      stdin.write('a');
      await stdout.until(WAITING, 2);
      expect(stdout.text.includes(CLEAR)).toBe(isTTY);
      stdin.write('q');
      await code;
    }
  });

  it.each(['Ctrl-C', 'a signal'])('ends with 130 on %s, whatever the result of the last run', async (how) => {
    const { stdout, stdin, interrupt, code } = watching([], { statusOf: () => 'failed' });
    await stdout.until(WAITING);
    if (how === 'Ctrl-C') stdin.write('\u0003');
    else interrupt.abort();
    expect(await code).toBe(130);
    expect(stdin.raw).toEqual([true, false]);
  });

  it('ends a run on a signal, and reports it as partial', async () => {
    const interrupt = new AbortController();
    const { FakeExecutor } = await import('../suite/plans.js');
    const { code, stdout } = at.start(['run', '--watch'], {
      signal: interrupt.signal,
      createExecutor: () =>
        new FakeExecutor(() => {
          setImmediate(() => interrupt.abort());
          return new Promise(() => {});
        }),
    });
    expect(await code).toBe(130);
    expect(at.lastRun()).toMatchObject({ interrupted: true });
    expect(stdout.text).not.toContain(WAITING);
  });

  it('reads no keys without a terminal', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: false });
    const interrupt = new AbortController();
    const { code, stdout } = at.start(['run', '--watch'], {
      stdin,
      signal: interrupt.signal,
      ...pretend(() => 'passed'),
    });
    stdin.write('q');
    await stdout.until(WAITING);
    expect(stdin.listenerCount('data')).toBe(0);
    expect(stdout.text).not.toContain('quit');
    interrupt.abort();
    expect(await code).toBe(130);
  });
});
