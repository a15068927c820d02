// `bouncelab serve --isolate`: what a sender finds inside, that nothing of it is left, and what is refused.

import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isRoot, until } from '../support/foreign-servers.js';
import { canIsolate, hasFaketime, needs } from '../support/needs.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** A fleet in a folder of its own, and the command line there. */
function place(fleet = 'example.org: {}') {
  const cwd = mkdtempSync(path.join(tmpdir(), 'bouncelab-isolate-'));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  writeFileSync(path.join(cwd, 'fleet.yaml'), `fleet:\n  ${fleet}\n`);
  return {
    has: (name: string): boolean => existsSync(path.join(cwd, name)),
    read: (name: string): string => readFileSync(path.join(cwd, name), 'utf8').trim(),
    serve: (args: string[], env: NodeJS.ProcessEnv = {}, detached = false) => {
      const child = spawn(process.execPath, [MAIN, 'serve', ...args], {
        cwd,
        env: { ...process.env, ...env },
        detached,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      onTestFinished(() => void child.kill());
      const said = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const)
        child[name].on('data', (chunk: Buffer) => (said[name] += chunk.toString()));
      const ended = new Promise<{ code: number | null } & typeof said>((resolve) => {
        child.once('close', (code) => resolve({ code, ...said }));
      });
      return { child, ended };
    },
  };
}

const inside = (script: string, ...options: string[]): string[] => [
  ...['fleet.yaml', '--isolate', ...options, '--', 'sh', '-c', script],
];

describe.runIf(needs('namespaces', canIsolate()))('inside', () => {
  test('names lead to the fleet, at port 25, and nothing else is there', async () => {
    const { serve } = place();
    const dialogue = `const net = require('node:net'); require('node:dns').resolveMx('example.org', (e, [mx]) =>
      net.connect(25, mx.exchange).once('data', (d) => { console.log(mx.exchange, String(d)); process.exit(); }))`;
    const { code, stdout, stderr } = await serve(
      inside(
        `'${process.execPath}' -e "${dialogue.replaceAll('\n', ' ')}"; cat /proc/net/dev /proc/net/route`,
      ),
    ).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: isRoot ? '' : (expect.any(String) as string) });
    expect(stdout).toMatch(/^mx\.example\.org 220 mx\.example\.org/m);
    expect([...stdout.matchAll(/^ *(\w+): /gm)].map(([, name]) => name)).toEqual(['lo']);
    expect(stdout).not.toContain('warning: an MTA');
    expect(stdout).toMatch(/^ {2}mx\.example\.org .*1 session /m);
  });

  test('the files of the machine are as they were, and what is written stays', async () => {
    const { serve, read } = place();
    const before = readFileSync('/etc/resolv.conf', 'utf8');
    await serve(inside('cat /etc/resolv.conf > conf; ls /dev/shm > shared')).ended;
    expect(read('conf')).toMatch(/^nameserver 127\.0\.0\.1\n/);
    expect(read('shared')).toBe('');
    expect(readFileSync('/etc/resolv.conf', 'utf8')).toBe(before);
  });

  test('the exit code is that of the command line, and of a failed command', async () => {
    const { serve } = place();
    const failed = await serve(inside('exit 7')).ended;
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('warning: the command ended with exit code 7\n');
    expect((await serve(inside('exit 0')).ended).code).toBe(0);
    expect((await serve(['absent.yaml', '--isolate', '--', 'true']).ended).code).toBe(3);
  });

  test('a second isolation works', async () => {
    const { serve } = place();
    const again = `'${process.execPath}' '${MAIN}' serve fleet.yaml --isolate -- sh -c 'echo twice'`;
    const { code, stdout } = await serve(inside(again)).ended;
    expect(stdout).toContain('twice\n');
    expect(code).toBe(0);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s ends all of it, with the summary',
    async (signal) => {
      const { serve, has, read } = place();
      const script = 'setsid sh -c "while :; do sleep 0.05; done" & readlink /proc/self/ns/pid > space; wait';
      const { child, ended } = serve(inside(script));
      await until(() => has('space') && read('space') !== '');
      child.kill(signal);
      const { code, stdout } = await ended;
      expect(stdout).toMatch(/After .*: no client connected\./);
      expect(code).toBe(0);
      expect(livingIn(read('space'))).toEqual([]);
    },
  );

  test('the death of the process outside ends all of it', async () => {
    const { serve, has, read } = place();
    const { child, ended } = serve(
      inside('readlink /proc/self/ns/pid > space; while :; do sleep 0.05; done'),
    );
    await until(() => has('space') && read('space') !== '');
    expect(livingIn(read('space'))).not.toEqual([]);
    child.kill('SIGKILL');
    await ended;
    await until(() => livingIn(read('space')).length === 0);
    expect(livingIn(read('space'))).toEqual([]);
  });

  test('time ends it, whatever the command does', async () => {
    const { serve, read } = place();
    const script = 'trap "" TERM; readlink /proc/self/ns/pid > space; while :; do sleep 0.05; done';
    const { code, stdout } = await serve(inside(script, '--for', '1s')).ended;
    expect(stdout).toMatch(/warning: (a process|\d+ processes) of the command had to be killed\n/);
    expect(code).toBe(0);
    expect(livingIn(read('space'))).toEqual([]);
  });

  test.runIf(needs('libfaketime', hasFaketime()))('time is compressed', async () => {
    const { serve, read } = place();
    const { code } = await serve(inside('date +%s > a; sleep 600; date +%s > b', '--speed', '600')).ended;
    expect(code).toBe(0);
    expect(Number(read('b')) - Number(read('a'))).toBeGreaterThanOrEqual(599);
  });
});

test.runIf(needs('libfaketime', hasFaketime()))(
  'Ctrl-C without --isolate leaves no shared memory',
  async () => {
    const { serve, has, read } = place();
    const script = 'echo "$FAKETIME_SHARED" > shared; while :; do sleep 1; done';
    const { child, ended } = serve(['fleet.yaml', '--speed', '20', '--', 'sh', '-c', script], {}, true);
    await until(() => has('shared') && read('shared') !== '');
    const memory = read('shared').split(' ')[1]!.replace('/', '/dev/shm/');
    expect(existsSync(memory)).toBe(true);
    // As a terminal does: to all processes of the group.
    process.kill(-child.pid!, 'SIGINT');
    expect((await ended).code).toBe(0);
    await until(() => !existsSync(memory));
    expect(existsSync(memory)).toBe(false);
  },
);

/** Processes that live in a PID namespace. */
function livingIn(space: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/ns/pid`) === space;
    } catch {
      return false;
    }
  });
}

describe('is refused', () => {
  test.each([
    [['fleet.yaml', '--isolate'], '--isolate is for a sender that serve starts, and there is none'],
    [['fleet.yaml', '--isolate', '--dns', '5353', '--', 'true'], '--dns and --isolate exclude each other'],
    [
      ['fleet.yaml', '--isolate', '--smtp-port', '26', '--', 'true'],
      '--smtp-port and --isolate exclude each other',
    ],
    [['fleet.yaml', '--isolate', '--by-port', '--', 'true'], '--by-port and --isolate exclude each other'],
    [['fleet.yaml', 'other.yaml', '--', 'true'], 'serve takes one file, and there is also other.yaml'],
    [['fleet.yaml', '--', 'no-such-mailer'], 'no program no-such-mailer was found'],
    [['--', './no-such-mailer'], './no-such-mailer cannot be run: part of the path does not exist'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await place().serve(args).ended;
    expect(stderr).toContain(`error: ${message}\n  `.trimEnd());
    expect(stderr).not.toContain('    at ');
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test.runIf(process.platform === 'linux')('without `unshare`, with the way by ports', async () => {
    const { serve } = place();
    const { code, stderr } = await serve(inside('true'), { PATH: '/nowhere' }).ended;
    expect(stderr).toContain(
      'error: --isolate needs the program unshare of util-linux\n  Without --isolate, serve prints',
    );
    expect(code).toBe(2);
  });

  test('a variable that says that it is inside, when it is not', async () => {
    const { serve } = place();
    const before = readFileSync('/etc/hosts', 'utf8');
    const { ended } = serve(inside('true'), { BOUNCELAB_OUTSIDE: 'mnt:[1] net:[1]', PATH: '/nowhere' });
    expect((await ended).code).toBe(2);
    expect(readFileSync('/etc/hosts', 'utf8')).toBe(before);
  });
});
