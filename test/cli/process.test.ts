// Behavior of the whole process: signals, closed pipes, full devices, the exit code.

import { execFile, spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SmtpClient } from '../support/smtp-client.js';
import { scenarioText, Workplace } from './harness.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Far more attempts than fit into the time of a test. */
const ENDLESS = scenarioText('Endless')
  .replace('example.org: {}', 'example.org: { behaviors: [{ do: busy, stage: rcpt }] }')
  .replace('contacts: [bob@example.org]', 'generate: [{ count: 20000, at: example.org, prefix: reader }]');

function dataOf(html: string, id: string): unknown {
  const found = new RegExp(`<script type="application/json" id="${id}">(.*)</script>`).exec(html);
  return JSON.parse(found?.[1] ?? 'null');
}

let at: Workplace;
const children: ChildProcessByStdio<null, Readable, Readable>[] = [];
beforeEach(() => {
  at = new Workplace();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  at.remove();
});

function start(argv: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, ...argv], {
    cwd: at.dir,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  }
  const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => ({
    code,
    signal,
    ...output,
  }));
  const until = async (sign: string): Promise<void> => {
    let running = true;
    void ended.then(() => (running = false));
    while (running && !output.stdout.includes(sign)) await Promise.race([once(child.stdout, 'data'), ended]);
    expect(output.stdout, output.stderr).toContain(sign);
  };
  return { child, ended, until };
}

describe('the process', () => {
  it('ends with the exit code of the command', async () => {
    at.write({ 'scenarios/a.yaml': scenarioText('a', { delivered: 7 }) });
    expect(await start(['run']).ended).toMatchObject({ code: 1, stderr: '' });
    expect(await start(['--version']).ended).toMatchObject({ code: 0 });
    expect(await start(['rnu']).ended).toMatchObject({ code: 2, stdout: '' });
  });

  // Something that was loaded into the process acts as soon as the first scenario is about to be played.
  it.each([
    ['is ended', 'process.exit(0)'],
    ['throws', "throw new Error('out of nowhere')"],
  ])('that %s before there is a verdict ends with 4, and says so', async (_, act) => {
    at.write({
      'scenarios/a.yaml': scenarioText('a'),
      'act.mjs': `process.on('worker', () => { ${act}; });`,
    });
    const { code, stderr } = await start(['run'], { NODE_OPTIONS: '--import=./act.mjs' }).ended;
    expect(code).toBe(4);
    expect(stderr).toContain('error: the process was ended before the command was over');
  });

  it('that is interrupted ends the process of an external sender, even one that is blocked', async () => {
    at.write({
      'a.yaml': scenarioText('a'),
      'busy.mjs': `import { renameSync, writeFileSync } from 'node:fs';
        export function createSender() {
          writeFileSync('pid.tmp', String(process.pid));
          renameSync('pid.tmp', 'pid');
          for (;;) {}
        }`,
    });
    const { child, ended } = start(['run', 'a.yaml', '--sender', 'busy.mjs']);
    while (!existsSync(at.path('pid'))) await new Promise((resolve) => setImmediate(resolve));
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 130, stderr: '' });
    expect(() => process.kill(Number(at.read('pid')), 0)).toThrow('ESRCH');
  });

  it.each([
    ['SIGINT', 'run'],
    ['SIGTERM', 'validate'],
    ['SIGHUP', 'run'],
  ] as const)('%s ends %s at once while files are read', async (signal, command) => {
    // As deaf as a computation that does not end, from the first file on.
    const block = `
      import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      fs.fstatSync = () => {
        fs.writeSync(1, 'reading');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      };
      syncBuiltinESMExports();`;
    at.write({ 'scenarios/a.yaml': scenarioText('a'), 'block.mjs': block });
    const { child, ended, until } = start([command], { NODE_OPTIONS: `--import ${at.path('block.mjs')}` });
    await until('reading');
    child.kill(signal);
    expect(await ended).toMatchObject({ code: null, signal });
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s stops a run, and the scenarios that ended are reported',
    async (signal) => {
      at.write({
        'scenarios/a.yaml': scenarioText('Quick one'),
        'scenarios/b.yaml': ENDLESS,
        'scenarios/c.yaml': scenarioText('Never'),
      });
      const { child, ended, until } = start(['run', '--workers', '1']);
      await until('✓ Quick one');
      child.kill(signal);
      const { code, stdout, stderr } = await ended;
      expect(code).toBe(130);
      expect(stderr).toBe('');
      expect(stdout).toContain(
        '1 passed, 0 failed\ninterrupted: 1 of 3 ran, the report is partial\n  not finished: Endless\n',
      );
      const run = at.lastRun();
      expect(run).toMatchObject({ interrupted: true, passed: 1 });
      expect(run.scenarios.map(({ name }) => name)).toEqual(['Quick one']);
      expect(run.unfinished).toEqual([{ file: 'scenarios/b.yaml', name: 'Endless' }]);
      // The data of the page; test/web looks at the page in a browser.
      const html = at.read('reports', 'latest', 'index.html');
      expect(dataOf(html, 'run')).toMatchObject({ total: 3, run });
      expect(dataOf(html, 'view-0')).toMatchObject({ scenario: 'Quick one', ended: 'idle' });
      expect(html).not.toContain('id="view-1"');
      expect((await readdir(at.path('reports', 'latest'))).toSorted()).toEqual([
        '.bouncelab-run',
        'events',
        'index.html',
        'junit.xml',
        'run.json',
      ]);
      expect(at.read('reports', 'latest', 'junit.xml')).toContain('name="interrupted" value="true"');
    },
  );

  it('ends a scenario that takes too long, from outside or inside, and then exits', async () => {
    at.write({ 'scenarios/b.yaml': ENDLESS, 'scenarios/c.yaml': scenarioText('After it') });
    const { code, stdout } = await start(['run', '--workers', '1', '--timeout', '2s']).ended;
    expect(code).toBe(5);
    expect(stdout).toContain('1 passed, 0 failed\n1 inconclusive\n');
  });

  it('goes on when its output pipe is closed', async () => {
    at.write({ 'scenarios/a.yaml': scenarioText('a', { delivered: 7 }) });
    const schema = start(['schema']);
    schema.child.stdout.destroy();
    expect(await schema.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    const run = start(['run']);
    run.child.stdout.destroy();
    expect(await run.ended).toMatchObject({ code: 1, signal: null, stderr: '' });
    expect(at.lastRun().failed).toBe(1);
  });

  describe.skipIf(process.platform === 'win32')('with a limited file size, as on a full disk', () => {
    const WHY = 'it would be larger than this user may write';
    /** Runs Node; the write that exceeds the file size limit is written only in part. */
    const limited = (limitKb: number, ...argv: string[]) => {
      const args = ['-c', `ulimit -f ${limitKb} && exec "$@"`, 'bash', process.execPath, ...argv];
      return promisify(execFile)('bash', args, { cwd: at.dir }).then(
        ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
        ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
          code,
          stdout,
          stderr,
        }),
      );
    };
    const forty = scenarioText('forty').replace(
      'contacts: [bob@example.org]',
      'generate: [{ count: 40, at: example.org, prefix: reader }]',
    );

    it('reports events that were written only in part', async () => {
      at.write({ 'forty.yaml': forty.replace('delivered: 1', 'delivered: 40') });
      const { code, stdout } = await limited(20, MAIN, 'run', '--no-html', 'forty.yaml');
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`.ndjson: ${WHY}`);
      expect(code).toBe(4);
    });

    it('stops the run at the first scenario that cannot be written', async () => {
      const files = ['a', 'b', 'c', 'd'].map((name) => [`scenarios/${name}.yaml`, forty] as const);
      at.write({ ...Object.fromEntries(files), 'scenarios/0.yaml': scenarioText('small') });
      const { code, stdout } = await limited(20, MAIN, 'run', '--no-html', '--workers', '1');
      expect(code).toBe(4);
      expect(stdout).toContain('1 passed, 0 failed\n1 with an internal error, 3 not run\n');
      expect(at.lastRun().scenarios.map(({ file }) => file)).toEqual([
        'scenarios/0.yaml',
        'scenarios/a.yaml',
      ]);
    });

    it('reports a page that was written only in part', async () => {
      at.write({ 'forty.yaml': forty.replace('delivered: 1', 'delivered: 40') });
      const { code, stderr } = await limited(100, MAIN, 'run', 'forty.yaml');
      expect(code).toBe(2);
      expect(stderr).toMatch(new RegExp(`^error: the page .* cannot be written: ${WHY}\\n`));
      expect(at.lastRun().passed).toBe(1);
      const pages = await readdir(path.join(at.dir, 'reports', 'latest'));
      expect(pages.sort()).toEqual(['.bouncelab-run', 'events', 'junit.xml', 'run.json']);
    });

    it('reports contacts that were written only in part', async () => {
      const module = new URL('../../dist/results/contacts-file.js', import.meta.url).href;
      const program = `import { writeContacts } from ${JSON.stringify(module)};
        const contacts = Array.from({ length: 2000 }, () => ({ address: 'bob@example.org', status: 'active', softBounceStreak: 0 }));
        try { writeContacts('contacts.csv', contacts); } catch ({ code, message }) { console.log(code, message); }`;
      const { stdout } = await limited(20, '--input-type=module', '--eval', program);
      expect(stdout).toBe(`E_OUTPUT the contacts cannot be written to contacts.csv: ${WHY}\n`);
      expect(await readdir(at.dir)).toEqual([]);
    });
  });

  it.skipIf(process.platform !== 'linux').each(['run', 'validate', 'list'])(
    '%s reports a limit of open files that is too low',
    (command) => {
      at.write({ 'scenarios/a.yaml': scenarioText('a') });
      const args = ['-c', 'ulimit -n 64 && exec "$@"', 'bash', process.execPath, MAIN, command];
      const { status, stderr } = spawnSync('bash', args, { cwd: at.dir, encoding: 'utf8' });
      expect(stderr).toBe(
        'error: this process may open 64 files, and needs 256 at least\n' +
          '  allow more, such as `ulimit -n 1024`, or in systemd `LimitNOFILE=1024`\n',
      );
      expect(status).toBe(2);
    },
  );

  it('validate reports that SQLite is not installed, where a scenario asks for it', async () => {
    const missing = `
      const Module = require('node:module');
      const resolve = Module._resolveFilename;
      Module._resolveFilename = (name, ...rest) => {
        if (name !== 'libsql') return resolve(name, ...rest);
        throw Object.assign(new Error("Cannot find module 'libsql'"), { code: 'MODULE_NOT_FOUND' });
      };`;
    at.write({ 'a.yaml': `${scenarioText('a')}store: sqlite\n`, 'missing.cjs': missing });
    const env = { NODE_OPTIONS: `--require ${at.path('missing.cjs')}` };
    const { code, stdout } = await start(['validate', 'a.yaml'], env).ended;
    expect(stdout).toMatch(
      /^a\.yaml:\d+:8\nSQLite cannot be loaded: the package `libsql` is not installed\n/,
    );
    expect(code).toBe(3);
    const run = await start(['run', '--store', 'sqlite', 'a.yaml'], env).ended;
    expect(run.stderr).toMatch(/^error: SQLite cannot be loaded: the package `libsql` is not installed\n/);
    expect(run.code).toBe(2);
  });

  it('reports output that cannot be written', async () => {
    const child = spawn(process.execPath, [MAIN, 'schema'], {
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    });
    let stderr = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number];
    expect(stderr).toMatch(/^error: the output cannot be written: .*ENOSPC.*\n$/);
    expect(code).toBe(2);
  });

  it('keeps the reports of two simultaneous runs apart', async () => {
    at.write({ 'scenarios/a.yaml': scenarioText('a') });
    const outcomes = await Promise.all([start(['run']).ended, start(['run']).ended]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
    const reports = outcomes.map(({ stdout }) => /report: (\S+)/.exec(stdout)![1]!);
    expect(new Set(reports).size).toBe(2);
    for (const report of reports) expect(at.read(report, 'run.json')).toContain('"passed": 1');
    expect(await readdir(at.path('reports'))).toHaveLength(3);
    expect(at.lastRun().passed).toBe(1);
  });

  it('writes no escape sequences into a pipe, unless colors are forced', async () => {
    at.write({ 'scenarios/a.yaml': scenarioText('a', { delivered: 7 }) });
    expect((await start(['run']).ended).stdout).not.toContain('\u001b');
    expect((await start(['run'], { FORCE_COLOR: '1' }).ended).stdout).toContain('\u001b[31m');
    expect((await start(['run'], { FORCE_COLOR: '1', NO_COLOR: '1' }).ended).stdout).not.toContain('\u001b');
  });

  it('ends a watch on SIGINT', async () => {
    at.write({ 'scenarios/a.yaml': scenarioText('a') });
    const { child, ended, until } = start(['run', '--watch']);
    await until('Waiting for changes.');
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 130, stderr: '' });
  });

  it('ends after a signal although its output is not read', async () => {
    const child = spawn(process.execPath, [MAIN, 'serve', '--by-port', '--verbose'], {
      cwd: at.dir,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    const exited = once(child, 'exit');
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    let stdout = '';
    while (!stdout.includes('mails real people'))
      stdout += String(((await once(child.stdout, 'data')) as [Buffer])[0]);
    child.stdout.pause();
    const client = await SmtpClient.to(Number(/127\.0\.0\.1:(\d+)/.exec(stdout)![1]));
    await client.reply();
    // More than a pipe takes; the fleet answers all the same.
    for (let n = 0; n < 30; n++) {
      client.socket.write(`NOOP ${'x'.repeat(400)}\r\n`.repeat(20));
      for (let reply = 0; reply < 20; reply++) await client.reply();
    }
    child.kill('SIGINT');
    expect(await exited).toEqual([2, null]);
    expect(stderr).toContain('the output cannot be written: it is not read');
  });
});
