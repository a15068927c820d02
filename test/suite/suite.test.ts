import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HtmlReport } from '../../src/reporters/html/report.js';
import type { Reporter, ScenarioEnd } from '../../src/reporters/reporter.js';
import { exitCodeOf } from '../../src/results/exit-code.js';
import { readLatest, RunOutput } from '../../src/suite/report-folder.js';
import type { RunResult, ScenarioStatus } from '../../src/results/result.js';
import type { SuiteEntry } from '../../src/suite/select.js';
import { runSuite, type SuiteOptions } from '../../src/suite/suite.js';
import { FakeExecutor, plan, resultOf } from './plans.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bouncelab-suite-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const entry = (name: string, file = `${name}.yaml`): SuiteEntry => ({
  file,
  source: `name: ${name}\n`,
  plan: plan(name, { file }),
});
const invalid = (name: string): SuiteEntry => ({
  file: `${name}.yaml`,
  source: 'nam: x\n',
  problems: [
    {
      message: 'unknown key',
      hint: 'did you mean name?',
      location: { file: `${name}.yaml`, line: 1, column: 1 },
    },
  ],
});
const passing = () => new FakeExecutor(({ plan: played }) => resultOf(played));

function suite(change: Partial<SuiteOptions> = {}): Promise<RunResult> {
  return runSuite({
    entries: [entry('a')],
    version: '9.9.9',
    outputDir: join(dir, 'reports'),
    outputName: 'reports',
    bail: false,
    reporters: [],
    executor: passing(),
    ...change,
  });
}

function listening(): Reporter & { told: string[]; ends: ScenarioEnd[] } {
  const told: string[] = [];
  const ends: ScenarioEnd[] = [];
  return {
    told,
    ends,
    onRunStart: ({ total, workers, reportDir }) =>
      told.push(`start ${total} on ${workers}, ${reportDir.split('/')[0]}`),
    onScenarioStart: ({ name }) => told.push(`play ${name}`),
    onProgress: ({ name, virtualMs, attempts }) => told.push(`${name} at ${virtualMs}, ${attempts} attempts`),
    onScenarioEnd: (end) => {
      ends.push(end);
      told.push(`${end.result.name} ${end.result.status}`);
    },
    onRunEnd: (run) => void told.push(`end ${run.passed}/${run.failed}/${run.errors}`),
  };
}

/** A promise that a test settles. */
function gate(): { opened: Promise<void>; open: (this: void) => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('suite', () => {
  it('lists results in the order of the files, however they end', async () => {
    const first = gate();
    const executor = new FakeExecutor(async ({ plan: played }) => {
      if (played.name === 'a') await first.opened;
      else first.open();
      return resultOf(played);
    }, 2);
    const reporter = listening();
    const run = await suite({
      entries: [entry('a'), invalid('b'), entry('c')],
      executor,
      reporters: [reporter],
    });
    expect(run.scenarios.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'a passed',
      'b.yaml invalid',
      'c passed',
    ]);
    expect(run).toMatchObject({
      version: '9.9.9',
      seed: null,
      passed: 2,
      failed: 0,
      errors: 1,
      interrupted: false,
      virtualMs: 7_200_000,
    });
    expect(reporter.told).toEqual([
      'start 3 on 2, reports',
      'b.yaml invalid',
      'play a',
      'play c',
      'c passed',
      'a passed',
      'end 2/0/1',
    ]);
  });

  it('reports the problems of an invalid file as failures with their place', async () => {
    const run = await suite({ entries: [invalid('b')] });
    expect(run.scenarios[0]!.failures).toEqual([
      {
        file: 'b.yaml',
        line: 1,
        column: 1,
        message: 'unknown key',
        expected: '',
        actual: '',
        hint: 'did you mean name?',
      },
    ]);
  });

  it('plays no more scenarios at once than there are workers', async () => {
    const reporter = listening();
    let now = 0;
    let most = 0;
    const executor = new FakeExecutor(async ({ plan: played }) => {
      most = Math.max(most, ++now);
      await Promise.resolve();
      now--;
      return resultOf(played);
    }, 3);
    await suite({
      entries: ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => entry(name)),
      executor,
      reporters: [reporter],
    });
    expect(most).toBe(3);
    await suite({
      entries: [entry('a'), entry('b')],
      executor: new FakeExecutor(({ plan: p }) => resultOf(p), 8),
      reporters: [reporter],
    });
    expect(reporter.told.filter((line) => line.startsWith('start'))).toEqual([
      'start 6 on 3, reports',
      'start 2 on 2, reports',
    ]);
  });

  it('passes progress on', async () => {
    const reporter = listening();
    const executor = new FakeExecutor(({ plan: played }, _, onProgress) => {
      onProgress?.({ virtualMs: 5, attempts: 6 });
      return resultOf(played);
    });
    await suite({ executor, reporters: [reporter] });
    expect(reporter.told).toContain('a at 5, 6 attempts');
  });

  it('gives the command that repeats a run, quoted for a shell', async () => {
    const reporter = listening();
    const odd = "it's $HOME.yaml";
    await suite({
      entries: [
        { file: odd, source: '', plan: plan('a', { file: odd, seed: 'a b' }) },
        entry('b', '-x.yaml'),
      ],
      policy: 'four-attempts',
      reporters: [reporter],
    });
    expect(reporter.ends.map(({ repeat }) => repeat)).toEqual([
      `bouncelab run 'it'\\''s $HOME.yaml' --seed 'a b' --policy four-attempts`,
      'bouncelab run ./-x.yaml --seed 42 --policy four-attempts',
    ]);
  });

  it('gives reporters the text of each file that a failure points into', async () => {
    const reporter = listening();
    const bad = invalid('b');
    bad.problems![0] = {
      message: 'x',
      location: { file: 'p.yaml', line: 1, column: 1 },
      source: 'retry: no',
    };
    await suite({ entries: [bad], reporters: [reporter] });
    expect([...reporter.ends[0]!.sources]).toEqual([
      ['b.yaml', 'nam: x\n'],
      ['p.yaml', 'retry: no'],
    ]);
  });
});

describe('bail', () => {
  it('starts nothing after the first that did not pass, and finishes the others', async () => {
    const slow = gate();
    const executor = new FakeExecutor(async ({ plan: played }) => {
      if (played.name === 'b') await slow.opened;
      if (played.name === 'a') setImmediate(() => slow.open());
      return resultOf(played, played.name === 'a' ? 'failed' : 'passed');
    }, 2);
    const run = await suite({
      entries: ['a', 'b', 'c', 'd'].map((name) => entry(name)),
      bail: true,
      executor,
    });
    expect(run.scenarios.map(({ name, status }) => `${name} ${status}`)).toEqual(['a failed', 'b passed']);
    expect(executor.played).toEqual(['a', 'b']);
  });

  it('an invalid file is a failure too', async () => {
    const executor = passing();
    const run = await suite({ entries: [entry('a'), invalid('b'), invalid('c')], bail: true, executor });
    expect(run.scenarios.map(({ status }) => status)).toEqual(['invalid', 'invalid']);
    expect(executor.played).toEqual([]);
  });
});

describe('interruption', () => {
  it('reports what has ended, and says that it is partial', async () => {
    const interrupt = new AbortController();
    const executor = new FakeExecutor(({ plan: played }) => {
      if (played.name !== 'b') return resultOf(played);
      setImmediate(() => interrupt.abort());
      return new Promise(() => {});
    });
    const reporter = listening();
    const run = await suite({
      entries: ['a', 'b', 'c'].map((name) => entry(name)),
      executor,
      reporters: [reporter],
      signal: interrupt.signal,
    });
    expect(run).toMatchObject({ interrupted: true, passed: 1 });
    expect(run.unfinished).toEqual([{ file: 'b.yaml', name: 'b' }]);
    expect(run.scenarios.map(({ name }) => name)).toEqual(['a']);
    expect(executor.played).toEqual(['a', 'b']);
    expect(reporter.told.at(-1)).toBe('end 1/0/0');
    expect(exitCodeOf(run)).toBe(130);
    expect(readLatest(join(dir, 'reports'))).toEqual(run);
  });

  it('plays nothing when it was interrupted before it began', async () => {
    const run = await suite({ entries: [entry('a'), invalid('b')], signal: AbortSignal.abort() });
    expect(run).toMatchObject({ interrupted: true, scenarios: [] });
  });
});

describe('a reporter that fails', () => {
  it('does not leave the executor running', async () => {
    const executor = passing();
    const broken: Reporter = {
      onScenarioEnd() {
        throw new Error('no paper');
      },
    };
    await expect(suite({ executor, reporters: [broken] })).rejects.toThrow('no paper');
    expect(executor.stops).toBe(1);
  });
});

describe('exit code', () => {
  const run = (...statuses: ScenarioStatus[]): RunResult => ({
    version: '1',
    seed: null,
    startedAt: '',
    wallMs: 0,
    virtualMs: 0,
    passed: 0,
    failed: 0,
    errors: 0,
    skipped: 0,
    interrupted: false,
    unfinished: [],
    scenarios: statuses.map((status) => resultOf(plan('x'), status)),
  });

  it.each<[number, ScenarioStatus[]]>([
    [0, ['passed', 'passed']],
    [1, ['passed', 'failed']],
    [5, ['failed', 'inconclusive']],
    [3, ['inconclusive', 'invalid', 'failed']],
    [4, ['invalid', 'error', 'inconclusive', 'failed']],
    [0, ['passed', 'skipped']],
    [1, ['failed', 'skipped']],
    [5, ['skipped', 'skipped']],
  ])('%i for %j', (code, statuses) => {
    expect(exitCodeOf(run(...statuses))).toBe(code);
    expect(exitCodeOf(run(...statuses.toReversed()))).toBe(code);
    expect(exitCodeOf({ ...run(...statuses), interrupted: true })).toBe(130);
  });
});

describe('report folder', () => {
  const reports = (): string => join(dir, 'reports');

  it('holds run.json, junit.xml and a place for events, and latest points to it', async () => {
    const run = await suite();
    const latest = join(reports(), 'latest');
    const runId = await readlink(latest);
    expect(runId).toMatch(/^\d{8}-\d{6}-[0-9a-f]{6}$/);
    expect((await readdir(join(reports(), runId))).sort()).toEqual([
      '.bouncelab-run',
      'events',
      'junit.xml',
      'run.json',
    ]);
    expect(JSON.parse(await readFile(join(latest, 'run.json'), 'utf8'))).toEqual(run);
    expect(await readFile(join(latest, 'junit.xml'), 'utf8')).toContain('<testsuites');
    expect((await readdir(reports())).sort()).toEqual([runId, 'latest'].sort());
  });

  it('keys of run.json are in the order of the documentation', async () => {
    await suite();
    const text = await readFile(join(reports(), 'latest', 'run.json'), 'utf8');
    expect(Object.keys(JSON.parse(text) as object)).toEqual([
      'version',
      'seed',
      'startedAt',
      'wallMs',
      'virtualMs',
      'passed',
      'failed',
      'errors',
      'skipped',
      'interrupted',
      'unfinished',
      'scenarios',
    ]);
  });

  it('many runs at once each have their own folder, and latest is one of them at any moment', async () => {
    await suite();
    let watching = true;
    const watcher = (async () => {
      while (watching) {
        expect(readLatest(reports())).toBeDefined();
        await new Promise(setImmediate);
      }
    })();
    await Promise.all(Array.from({ length: 12 }, () => suite()));
    watching = false;
    await watcher;
    const names = (await readdir(reports())).filter((name) => name !== 'latest');
    expect(names).toHaveLength(13);
    expect(names).toContain(await readlink(join(reports(), 'latest')));
  });

  it('makes folders above it, also when two runs do so at once', async () => {
    const outputDir = join(dir, 'a', 'b', 'c');
    await Promise.all([suite({ outputDir }), suite({ outputDir }), suite({ outputDir })]);
    expect(await readdir(outputDir)).toHaveLength(4);
  });

  it('names the folder in a file where links are not allowed', async () => {
    const refuse = (): Promise<void> => Promise.reject(Object.assign(new Error('no'), { code: 'EPERM' }));
    const run = await suite();
    for (const seed of ['1', '2']) {
      const output = await RunOutput.create(reports(), refuse);
      await output.write({ ...run, seed });
      expect((await lstat(join(reports(), 'latest'))).isFile()).toBe(true);
      expect(readLatest(reports())).toMatchObject({ seed });
    }
  });

  it('gives every scenario a separate file for events', async () => {
    const output = await RunOutput.create(reports());
    const files = [
      'a/b.yaml',
      'a--b.yaml',
      'a-b.yaml',
      'A/b.yaml',
      'a/b.yml',
      'a b.yaml',
      'a_b.yaml',
      '../a/b.yaml',
      '/a/b.yaml',
      'a-/b.yaml',
      'a/-b.yaml',
      'é.yaml',
      `${'x'.repeat(300)}.yaml`,
      `${'x'.repeat(301)}.yaml`,
    ];
    const names = files.map((file) => output.eventsFile(file).slice(join(output.dir, 'events').length + 1));
    expect(names[0]).toBe('a--b.ndjson');
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(files.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9_][a-z0-9_-]{0,150}\.ndjson$/);
  });

  it.each([
    ['a file in its place', 'blocked', 'there is a file of that name'],
    ['a file above it', 'blocked/reports', 'part of the path is a file'],
    ['a file system that takes nothing', '/proc/bouncelab', 'cannot be written'],
  ])('refuses before anything runs: %s', async (_what, path, message) => {
    await writeFile(join(dir, 'blocked'), '');
    const executor = passing();
    const outputDir = path.startsWith('/') ? path : join(dir, path);
    await expect(suite({ outputDir, executor })).rejects.toMatchObject({
      code: 'E_OUTPUT',
      exitCode: 2,
      message: expect.stringContaining(message) as string,
    });
    expect(executor.played).toEqual([]);
  });

  it.each<[what: string, put: (path: string) => Promise<unknown>]>([
    ['a folder', (path) => mkdir(path)],
    ['a file that names no run', (path) => writeFile(path, 'my notes\n')],
    ['a link to something else', (path) => symlink('/', path)],
    ['a link to something else', (path) => symlink('../20261123-094512-ab12cd', path)],
  ])('refuses %s called latest before anything runs, and leaves it there', async (what, put) => {
    await mkdir(reports());
    const latest = join(reports(), 'latest');
    await put(latest);
    const before = await lstat(latest);
    const executor = passing();
    await expect(suite({ executor })).rejects.toMatchObject({
      code: 'E_OUTPUT',
      message: expect.stringContaining(`latest is ${what}`) as string,
    });
    expect(executor.played).toEqual([]);
    expect(await readdir(reports())).toEqual(['latest']);
    expect((await lstat(latest)).ino).toBe(before.ino);
  });

  it('does not replace what was put there during the run', async () => {
    const latest = join(reports(), 'latest');
    const executor = new FakeExecutor(async ({ plan: played }) => {
      await writeFile(latest, 'mine');
      return resultOf(played);
    });
    await expect(suite({ executor })).rejects.toMatchObject({ code: 'E_OUTPUT' });
    expect(await readFile(latest, 'utf8')).toBe('mine');
  });

  it('reports an error of writing at the end, after the reporters have run', async () => {
    const reporter = listening();
    const executor = new FakeExecutor(async ({ plan: played }) => {
      for (const name of await readdir(reports())) await rm(join(reports(), name), { recursive: true });
      return resultOf(played);
    });
    await expect(suite({ executor, reporters: [reporter] })).rejects.toMatchObject({
      code: 'E_OUTPUT',
      exitCode: 2,
    });
    expect(reporter.told.at(-1)).toBe('end 1/0/0');
  });
});

describe('the last run', () => {
  const RUN = '20261123-094512-ab12cd';

  it('is nothing when there was none, or its folder is gone', async () => {
    expect(readLatest(join(dir, 'nowhere'))).toBeUndefined();
    await symlink(RUN, join(dir, 'latest'));
    expect(readLatest(dir)).toBeUndefined();
  });

  it.each([
    ['{ not json', '1:3: the file is damaged: it is not JSON'],
    ['{\n  "scenarios": [', '2:17: the file is damaged: it is cut off'],
    ['', '1:1: the file is damaged: it is cut off'],
    ['null', '1:1: the file is damaged: this must be the results of a run, not nothing'],
    ['{}', '1:1: the file is damaged: this must be a list `scenarios`, not nothing'],
    ['{"scenarios": null}', '1:15: the file is damaged: this must be a list `scenarios`, not nothing'],
    [
      '{"scenarios":\n [null]}',
      '2:3: the file is damaged: this must be the result of a scenario, not nothing',
    ],
    [
      '{"scenarios": [{"file":"a","status":7}]}',
      '1:37: the file is damaged: this must be a text `status`, not `7`',
    ],
  ])('is damaged: %j', async (text, message) => {
    await mkdir(join(dir, RUN));
    await writeFile(join(dir, RUN, 'run.json'), text);
    await symlink(RUN, join(dir, 'latest'));
    expect(() => readLatest(dir)).toThrow(
      expect.objectContaining({
        code: 'E_RUN_FILE',
        exitCode: 3,
        message: `${join(dir, 'latest', 'run.json')}:${message}`,
      }) as Error,
    );
  });

  it('is damaged: latest names no run', async () => {
    await writeFile(join(dir, 'latest'), '../../elsewhere\n');
    expect(() => readLatest(dir)).toThrow(
      expect.objectContaining({
        code: 'E_RUN_FILE',
        message: `${join(dir, 'latest')}:1:1: the file is damaged: it is a file that names no run`,
      }) as Error,
    );
  });
});

describe('a page that cannot be made', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each<[string, Error, object]>([
    [
      'is too long for one text',
      new RangeError('Invalid string length'),
      { code: 'E_HARNESS', message: 'the page of the run could not be made: Invalid string length' },
    ],
    [
      'is refused by the file system',
      Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' }),
      {
        code: 'E_OUTPUT',
        message: expect.stringMatching(/^the page .*index\.html cannot be written: no space/) as string,
      },
    ],
  ])('%s: the verdict and run.json come first', async (_what, error, expected) => {
    vi.spyOn(HtmlReport.prototype, 'onRunEnd').mockRejectedValue(error);
    const reporter = listening();
    const played = suite({ entries: [entry('a')], reporters: [reporter], html: true });
    await expect(played).rejects.toMatchObject(expected);
    expect(reporter.told.at(-1)).toBe('end 1/0/0');
    expect(readLatest(join(dir, 'reports'))?.scenarios).toMatchObject([{ status: 'passed' }]);
  });
});
