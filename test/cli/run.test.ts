import { existsSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readXml } from '../reporters/strict-xml.js';
import type { ScenarioStatus } from '../../src/results/result.js';
import { pretend, scenarioText, Workplace } from './harness.js';

let at: Workplace;
beforeEach(() => {
  at = new Workplace();
});
afterEach(() => at.remove());

/** An executor that gives each scenario the status in the first word of its name. */
const byName = () => pretend((name) => name.split(' ')[0] as ScenarioStatus);

describe('run, with real workers', () => {
  it('plays all scenarios under scenarios/ and writes a report', async () => {
    at.write({ 'scenarios/a/one.yaml': scenarioText('One'), 'scenarios/two.yaml': scenarioText('Two') });
    const { code, stdout, stderr } = await at.run(['run']);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^✓ a › One +1 delivered +[\d.]+ m?s$/m);
    expect(stdout).toMatch(
      /^2 passed, 0 failed\n.* virtual time in .*\nreport: reports\/\d{8}-\d{6}-\w{6}\n$/m,
    );
    expect(code).toBe(0);
    const run = at.lastRun();
    expect(run.scenarios.map(({ file }) => file)).toEqual(['scenarios/a/one.yaml', 'scenarios/two.yaml']);
    expect(run.scenarios[0]).toMatchObject({
      status: 'passed',
      policy: 'emma',
      statuses: { active: 1, error: 0, optOut: 0 },
      lost: { total: 0, notTheirs: 0, causes: {}, expected: false, groups: [] },
    });
    expect(readXml(at.read('reports', 'latest', 'junit.xml')).attributes).toMatchObject({
      tests: '2',
      failures: '0',
    });
    const events = at.read('reports', 'latest', 'events', 'scenarios--a--one.ndjson').trim().split('\n');
    expect(JSON.parse(events[0]!)).toMatchObject({ seq: 0, type: 'run.started', scenario: 'One' });
  });

  it('shows a wrong number in a code frame with the found value and a command that repeats the scenario', async () => {
    at.write({ 'scenarios/wrong.yaml': scenarioText('Wrong', { delivered: 2 }) });
    const { code, stdout } = await at.run(['run', '--seed', '7']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/scenarios\/wrong\.yaml:\d+:\d+/);
    expect(stdout).toMatch(/> 1\d \| {5}november: \{ delivered: 2 \}\n.*\^+ expected 2, found 1/);
    const command = /repeat with: bouncelab (.*)/.exec(stdout)![1]!;
    expect(command).toBe('run scenarios/wrong.yaml --seed 7');
    const first = at.lastRun().scenarios[0]!;
    expect((await at.run(command.split(' '))).code).toBe(1);
    expect(at.lastRun().scenarios[0]!.fingerprint).toBe(first.fingerprint);
  });

  it('gives the same fingerprints with one and with two workers', async () => {
    for (const name of ['a', 'b', 'c']) at.write({ [`scenarios/${name}.yaml`]: scenarioText(name) });
    const prints = async (workers: string): Promise<string[]> => {
      expect((await at.run(['run', '--workers', workers])).code).toBe(0);
      return at.lastRun().scenarios.map(({ fingerprint }) => fingerprint);
    };
    expect(await prints('2')).toEqual(await prints('1'));
  });

  it('plays the same scenario under another policy', async () => {
    const down = scenarioText('Down', { delivered: 0 }).replace(
      'example.org: {}',
      'example.org: { behaviors: [{ do: down }] }',
    );
    at.write({ 'scenarios/down.yaml': down });
    const minutes = async (argv: string[]): Promise<number> => {
      expect((await at.run(['run', ...argv])).code).toBe(0);
      const { startedAt, completedAt } = at.lastRun().scenarios[0]!.mailings.november!;
      return Math.round((completedAt! - startedAt!) / 60_000);
    };
    expect(await minutes([])).toBe(1800);
    expect(await minutes(['--policy', 'four-attempts'])).toBe(90);
    expect(at.lastRun().scenarios[0]!.policy).toBe('four-attempts');
  });
});

describe('exit codes', () => {
  it.each<[number, ScenarioStatus[]]>([
    [0, ['passed']],
    [1, ['passed', 'failed']],
    [5, ['failed', 'inconclusive']],
    [4, ['failed', 'inconclusive', 'error']],
  ])('%i when scenarios end as %j', async (code, statuses) => {
    for (const status of statuses)
      at.write({ [`scenarios/${status}.yaml`]: scenarioText(`${status} it is`) });
    expect((await at.run(['run'], byName())).code).toBe(code);
  });

  it('3 for an invalid file even if others failed; the others are played and reported', async () => {
    at.write({
      'scenarios/bad.yaml': 'nam: x\n',
      'scenarios/empty.yaml': '',
      'scenarios/failed.yaml': scenarioText('failed'),
      'scenarios/inconclusive.yaml': scenarioText('inconclusive'),
    });
    const { code, stdout, stderr } = await at.run(['run'], byName());
    expect(code).toBe(3);
    expect(stdout).toContain('0 passed, 1 failed\n2 invalid, 1 inconclusive\n');
    expect(stdout).toMatch(/scenarios\/bad\.yaml:1:\d/);
    expect(stdout).toContain('> 1 | nam: x');
    expect(`${stdout}${stderr}`).not.toMatch(/^ +at /m);
    expect(at.lastRun().scenarios.map(({ status }) => status)).toEqual([
      'invalid',
      'invalid',
      'failed',
      'inconclusive',
    ]);
  });

  it('130 when interrupted even if a scenario failed', async () => {
    at.write({ 'scenarios/bad.yaml': 'nam: x\n' });
    expect((await at.run(['run'], { signal: AbortSignal.abort() })).code).toBe(130);
    expect(at.lastRun()).toMatchObject({ interrupted: true });
  });

  it('5 for a scenario that exceeds its real time; the others are played', async () => {
    const many = scenarioText('Many').replace(
      'contacts: [bob@example.org]',
      'generate: [{ count: 20000, at: example.org, prefix: r }]',
    );
    at.write({
      'scenarios/a.yaml': many.replace('delivered: 1', 'delivered: 20000'),
      'scenarios/b.yaml': scenarioText('Quick'),
    });
    const { code, stdout } = await at.run(['run', '--timeout', '1ms', '--workers', '1']);
    expect(code).toBe(5);
    expect(at.lastRun().scenarios[0]!.status).toBe('inconclusive');
    expect(at.lastRun().scenarios).toHaveLength(2);
    expect(stdout).toContain('real time');
  });
});

describe('wrong usage ends with exit code 2 before anything is played', () => {
  beforeEach(() => {
    at.write({ 'scenarios/yahoo-down.yaml': scenarioText('Yahoo is down', { tags: 'outage' }), blocked: '' });
  });

  it.each<[string, string[], RegExp]>([
    [
      'an unknown file',
      ['run', 'scenarios/yahoo-dwon.yaml'],
      /no file or folder `scenarios\/yahoo-dwon\.yaml`\n {2}did you mean `scenarios\/yahoo-down\.yaml`\?/,
    ],
    ['several unknown files', ['run', 'nix.yaml', 'nada.yaml'], /`nix\.yaml`[^]*`nada\.yaml`/],
    ['a glob without a match', ['run', 'scenarios/**/x*.yaml'], /`scenarios\/\*\*\/x\*\.yaml`/],
    [
      'a pattern without a match',
      ['run', '-g', 'gmail'],
      /no scenario matches scenarios and the pattern "gmail"/,
    ],
    ['an unknown policy', ['run', '--policy', 'ema'], /unknown policy `ema`\n {2}did you mean `emma`\?/],
    [
      'a sender module that does not exist',
      ['run', '--sender', 'mine.js'],
      /the sender `mine\.js` cannot be read: there is no such file\n {2}it is a JavaScript module/,
    ],
    [
      'an unknown reporter',
      ['run', '--reporter', 'terminal,jsn'],
      /no reporter `jsn`\n {2}did you mean `json`\?/,
    ],
    ['two reporters for one stream', ['run', '--reporter', 'json,junit'], /both write to standard output/],
    ['an unknown option', ['run', '--sed', '3'], /unknown option '--sed'\n\(Did you mean --seed\?\)/],
    ['an unknown command', ['rnu'], /unknown command 'rnu'\n\(Did you mean run\?\)/],
    ['no workers', ['run', '--workers', '0'], /whole number from 1/],
    ['half a worker', ['run', '--workers', '1.5'], /whole number from 1/],
    ['a time without unit', ['run', '--timeout', '60'], /a duration such as 30s/],
    ['a time beyond reason', ['run', '--timeout', '900d'], /at most 24h/],
    ['an empty seed', ['run', '--seed', ''], /must not be empty/],
    ['an output folder without a name', ['run', '--output', ''], /must not be empty/],
    ['an option without its value', ['run', '--output'], /argument missing/],
    [
      'an output folder that is a file',
      ['run', '--output', 'blocked'],
      /cannot be written to .*blocked: there is a file of that name/,
    ],
    [
      'an output folder that is not writable',
      ['run', '--output', '/proc/nothing'],
      /cannot be written to \/proc\/nothing/,
    ],
    [
      '--export-contacts in a folder that does not exist',
      ['run', '--export-contacts', 'no/after.csv'],
      /contacts cannot be written to no\/after\.csv: there is no folder[^]*create the folder/,
    ],
    [
      '--export-contacts to a folder',
      ['run', '--export-contacts', 'scenarios'],
      /contacts cannot be written to scenarios: it is not a file/,
    ],
    [
      '--export-contacts in a folder that is not writable',
      ['run', '--export-contacts', '/proc/after.csv'],
      /contacts cannot be written to \/proc\/after\.csv: [^]*name another file with --export-contacts/,
    ],
    ['last failed without a last run', ['run', '--last-failed'], /no last run[^]*without --last-failed/],
    [
      '--watch with a reporter for programs',
      ['run', '--watch', '--reporter', 'json'],
      /--watch cannot be used with the reporter json/,
    ],
    ['too many words', ['schema', 'scenario', 'policy'], /too many arguments/],
    ['no command', [], /Usage: bouncelab/],
  ])('%s', async (_what, argv, message) => {
    const executor = byName();
    const { code, stdout, stderr } = await at.run(argv, executor);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).not.toMatch(/^ +at /m);
    expect(executor.played).toEqual([]);
    expect(existsSync(at.path('reports'))).toBe(false);
  });

  it('a folder without scenarios', async () => {
    at.write({ 'empty/readme.txt': '' });
    const { code, stderr } = await at.run(['run', 'empty']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('holds no scenario')]);
  });

  it('escapes control characters of arguments', async () => {
    const { code, stderr } = await at.run(['run', '-g', 'a\u001b[2Jb', '--output', 'x\u001b[2J']);
    expect(code).toBe(2);
    expect(stderr).not.toContain('\u001b');
    expect(stderr).toContain('\\x1b[2J');
  });

  it('ends with exit code 3 for an invalid policy file, and shows its problem once', async () => {
    for (const name of ['b', 'c']) at.write({ [`scenarios/${name}.yaml`]: scenarioText(name) });
    at.write({ 'mine.yaml': 'name: mine\nretry: { intervall: 5m }\n' });
    const { code, stderr } = await at.run(['run', '--policy', './mine.yaml']);
    expect(code).toBe(3);
    expect(stderr.match(/mine\.yaml:2:/g)).toHaveLength(1);
    expect(stderr).toContain('intervall');
  });
});

describe('choosing scenarios', () => {
  beforeEach(() => {
    at.write({
      'scenarios/outages/yahoo.yaml': scenarioText('passed: Yahoo (down)', { tags: 'outage, big' }),
      'scenarios/outages/gmail.yaml': scenarioText('passed: Gmail'),
      'scenarios/status/streak.yaml': scenarioText('passed: Streak'),
      'scenarios/status/broken.yaml': 'name: Broken Yahoo\nnix: 1\n',
    });
  });

  const everything = ['outages/gmail', 'outages/yahoo', 'status/broken', 'status/streak'];
  it.each<[string[], string[]]>([
    [[], everything],
    [['scenarios/outages'], ['outages/gmail', 'outages/yahoo']],
    [
      ['scenarios/outages', 'scenarios/outages/yahoo.yaml'],
      ['outages/gmail', 'outages/yahoo'],
    ],
    [['scenarios/*/{gmail,streak}.yaml'], ['outages/gmail', 'status/streak']],
    [
      ['-g', 'OUTAGES'],
      ['outages/gmail', 'outages/yahoo'],
    ],
    [['-g', 'big'], ['outages/yahoo']],
    [['-g', 'Yahoo (down)'], ['outages/yahoo']],
    [['-g', 'yahoo ('], ['outages/yahoo']],
    [
      ['-g', 'passed: (gm|str)'],
      ['outages/gmail', 'status/streak'],
    ],
    [['-g', 'broken yahoo'], ['status/broken']],
  ])('run %j', async (argv, files) => {
    await at.run(
      ['run', ...argv],
      pretend(() => 'passed'),
    );
    expect(at.lastRun().scenarios.map(({ file }) => file)).toEqual(
      files.map((file) => `scenarios/${file}.yaml`),
    );
  });
});

describe('files of other kinds beside scenarios', () => {
  const others = {
    'scenarios/patient.yaml': 'name: patient\nretry: { interval: 1h }\n',
    'scenarios/causes.yaml': 'causes:\n  - { cause: throttled, code: 550, why: known }\n',
    'scenarios/mail.yaml': `name: Example Mail
sources: [{ title: Their page }]
replies: { full: { class: mailbox-full, code: 452, text: full, source: 0 } }
`,
    'scenarios/baseline.yaml': 'bouncelab-baseline: 1\ninputs: [scenarios]\nscenarios: {}\n',
  };
  beforeEach(() => at.write({ ...others, 'scenarios/a.yaml': scenarioText('passed') }));
  const play = (...argv: string[]) =>
    at.run(
      argv,
      pretend(() => 'passed'),
    );

  it.each([[['scenarios']], [['scenarios/*.yaml']], [['.']], [[]]])(
    'run %j leaves them out',
    async (files) => {
      const { code } = await play('run', ...files);
      expect(at.lastRun().scenarios.map(({ file }) => file)).toEqual(['scenarios/a.yaml']);
      expect(code).toBe(0);
    },
  );

  it('list leaves them out too, and validate names their kinds', async () => {
    const { code, stdout } = await play('list');
    expect(stdout.trimEnd().split('\n')).toEqual([expect.stringMatching(/^scenarios\/a\.yaml {2}passed/)]);
    expect(code).toBe(0);
    expect(await play('validate')).toMatchObject({
      code: 0,
      stdout: '1 scenario, 1 policy, 1 file of causes, 1 profile, 1 baseline valid\n',
    });
  });

  it.each([
    ['patient', /this is a policy, not a scenario[^]*`--policy FILE`/],
    ['causes', /this is a file of causes, not a scenario[^]*a policy names it with `causes`/],
    ['mail', /this is a profile, not a scenario[^]*a domain of a fleet names it with `profile`/],
    ['baseline', /this is a baseline, not a scenario[^]*`--baseline FILE`/],
  ])('one that is named is told, once: %s', async (name, message) => {
    const { code, stdout } = await play('run', 'scenarios/a.yaml', `scenarios/${name}.yaml`);
    expect(stdout).toMatch(message);
    expect(stdout).toContain('invalid: 1 problem');
    expect(code).toBe(3);
  });

  it('a folder with only such files holds no scenario', async () => {
    at.write({ 'mine/patient.yaml': others['scenarios/patient.yaml'] });
    expect(await play('run', 'mine')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no scenario matches mine') as string,
    });
  });

  it('validate checks each by the schema of its kind', async () => {
    at.write({
      'scenarios/mail.yaml': others['scenarios/mail.yaml'].replace('source: 0', 'source: 1'),
      'scenarios/baseline.yaml': 'bouncelab-baseline: 99\n',
    });
    const { code, stdout } = await play('validate');
    expect(stdout).toMatch(/there is no source 1/);
    expect(stdout).toMatch(/is a baseline of format 99/);
    expect(code).toBe(3);
  });
});

describe('options of run', () => {
  it('reach the executor and the plan', async () => {
    at.write({ 'scenarios/a.yaml': scenarioText('a') });
    const executor = pretend(() => 'passed');
    await at.run(
      ['run', '--workers', '3', '--timeout', '1m30s', '--seed', 'abc', '--policy', 'thirty-hours'],
      executor,
    );
    await at.run(['run'], executor);
    expect(executor.asked[0]).toMatchObject({ workers: 3, wallLimitMs: 90_000 });
    expect(executor.asked[1]).toMatchObject({ workers: availableParallelism(), wallLimitMs: 60_000 });
    const [first] = readdirSync(at.path('reports'))
      .filter((name) => name !== 'latest')
      .map((name) => JSON.parse(at.read('reports', name, 'run.json')) as { seed: string | null })
      .filter(({ seed }) => seed !== null);
    expect(first).toMatchObject({ seed: 'abc', scenarios: [{ seed: 'abc', policy: 'thirty-hours' }] });
  });

  it('--output chooses the folder', async () => {
    at.write({ 'scenarios/a.yaml': scenarioText('a') });
    const { stdout } = await at.run(
      ['run', '--output', 'deep/er/out/'],
      pretend(() => 'passed'),
    );
    expect(stdout).toMatch(/report: deep\/er\/out\/\d/);
    expect(at.lastRun('deep/er/out').passed).toBe(1);
    expect(existsSync(at.path('reports'))).toBe(false);
  });

  it('--export-contacts writes the contacts of one scenario and replaces an existing file', async () => {
    at.write({ 'scenarios/a.yaml': scenarioText('a'), 'after.csv': 'before' });
    const { code, stderr } = await at.run(['run', 'scenarios/a.yaml', '--export-contacts', 'after.csv']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(at.read('after.csv')).toBe('address,status,softBounceStreak\nbob@example.org,active,0\n');
    expect(readdirSync(at.dir).sort()).toEqual(['after.csv', 'reports', 'scenarios']);
  });

  it('--export-contacts is for one scenario', async () => {
    at.write({ 'scenarios/a.yaml': scenarioText('a'), 'scenarios/b.yaml': scenarioText('b') });
    const { code, stderr } = await at.run(['run', '--export-contacts', 'after.csv']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/is for one scenario, and 2 are selected\n.*such as scenarios\/a\.yaml/);
    expect(existsSync(at.path('after.csv'))).toBe(false);
  });

  it('-x stops after the first that does not pass', async () => {
    for (const name of ['a', 'b', 'c']) at.write({ [`scenarios/${name}.yaml`]: scenarioText(name) });
    const executor = pretend((name) => (name === 'b' ? 'failed' : 'passed'));
    const { code, stdout } = await at.run(['run', '-x', '--workers', '1'], executor);
    expect(code).toBe(1);
    expect(executor.played).toEqual(['a', 'b']);
    expect(stdout).toContain('1 passed, 1 failed\n1 not run\n');
  });

  it('shows the stack of an internal error only with --debug', async () => {
    at.write({ 'scenarios/a.yaml': scenarioText('a') });
    const createExecutor = (): never => {
      throw new TypeError('a bug of ours');
    };
    const quiet = await at.run(['run'], { createExecutor });
    expect(quiet).toMatchObject({
      code: 4,
      stderr: 'error: a bug of ours\n  this is a bug in Bouncelab; --debug shows more\n',
    });
    for (const loud of [
      await at.run(['run', '--debug'], { createExecutor }),
      await at.run(['run'], { createExecutor, env: { BOUNCELAB_DEBUG: '1' } }),
    ]) {
      expect(loud.code).toBe(4);
      expect(loud.stderr).toMatch(/TypeError: a bug of ours\n +at /);
    }
  });
});

describe('--last-failed', () => {
  const files = {
    'scenarios/a.yaml': scenarioText('a'),
    'scenarios/b.yaml': scenarioText('b'),
    'other/c.yaml': scenarioText('c'),
  };

  it('plays the scenarios that did not pass, in any folder, until all pass', async () => {
    at.write({ ...files, 'scenarios/bad.yaml': 'nam: x\n' });
    await at.run(
      ['run', 'scenarios', 'other'],
      pretend((name) => (name === 'a' ? 'passed' : 'failed')),
    );
    await at.run(
      ['run', '--last-failed'],
      pretend((name) => (name === 'b' ? 'inconclusive' : 'passed')),
    );
    expect(at.lastRun().scenarios.map(({ file }) => file)).toEqual([
      'other/c.yaml',
      'scenarios/b.yaml',
      'scenarios/bad.yaml',
    ]);
    at.write({ 'scenarios/bad.yaml': scenarioText('good') });
    const executor = pretend(() => 'passed');
    expect((await at.run(['run', '--last-failed'], executor)).code).toBe(0);
    expect(executor.played).toEqual(['b', 'good']);
    const last = await at.run(['run', '--last-failed'], executor);
    expect(last).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing to repeat') as string });
    expect(executor.played).toHaveLength(2);
  });

  it('can be combined with other selections', async () => {
    at.write(files);
    await at.run(
      ['run', 'scenarios', 'other'],
      pretend(() => 'failed'),
    );
    const executor = pretend(() => 'passed');
    await at.run(['run', 'scenarios', '--last-failed', '-g', 'b'], executor);
    expect(executor.played).toEqual(['b']);
  });

  it('reports failed scenarios whose files were deleted', async () => {
    at.write(files);
    await at.run(
      ['run'],
      pretend(() => 'failed'),
    );
    rmSync(at.path('scenarios/a.yaml'));
    const executor = pretend(() => 'failed');
    expect((await at.run(['run', '--last-failed'], executor)).stderr).toContain('1 of 2');
    expect(executor.played).toEqual(['b']);
    rmSync(at.path('scenarios/b.yaml'));
    expect(await at.run(['run', '--last-failed'], executor)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('any more') as string,
    });
  });
});

describe('reporters of run', () => {
  beforeEach(() => {
    at.write({
      'scenarios/failed.yaml': scenarioText('failed'),
      'scenarios/passed.yaml': scenarioText('passed'),
    });
  });

  it('json writes run.json and nothing else to standard output', async () => {
    const { stdout, stderr, code } = await at.run(['run', '--reporter', 'json'], byName());
    expect(code).toBe(1);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(at.lastRun());
  });

  it('json writes nothing else for an interrupted run either', async () => {
    const { stdout } = await at.run(['run', '--reporter', 'json'], { signal: AbortSignal.abort() });
    expect(JSON.parse(stdout)).toMatchObject({ interrupted: true, scenarios: [] });
  });

  it('junit writes junit.xml and nothing else to standard output; text for people goes to standard error', async () => {
    const { stdout, stderr } = await at.run(['run', '--reporter', 'terminal,junit'], byName());
    expect(stdout).toBe(at.read('reports', 'latest', 'junit.xml'));
    expect(stderr).toContain('1 passed, 1 failed');
  });

  it('annotations are added where GITHUB_ACTIONS is true, with paths from the root of the repository', async () => {
    const env = { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: at.path('..') };
    const folder = at.dir.split('/').at(-1);
    const inActions = await at.run(['run'], { ...byName(), env });
    expect(inActions.stdout).toContain(
      `::error file=${folder}/scenarios/failed.yaml,line=1,col=1,title=failed::`,
    );
    expect(
      (await at.run(['run'], { ...byName(), env: { ...env, GITHUB_WORKSPACE: '/elsewhere' } })).stdout,
    ).toContain('::error file=scenarios/failed.yaml,');
    expect((await at.run(['run'], byName())).stdout).not.toContain('::error');
    const json = await at.run(['run', '--reporter', 'json'], { ...byName(), env });
    expect(JSON.parse(json.stdout)).toMatchObject({ failed: 1 });
    expect(json.stderr).toContain('::error file=');
  });
});
