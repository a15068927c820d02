// The scenarios that `bouncelab run` selects: by file, pattern, name and tag, without files of other kinds, and
// by the result of the last run.

import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pretend, scenarioText, Workplace } from './harness.js';

let at: Workplace;
beforeEach(() => {
  at = new Workplace();
});
afterEach(() => at.remove());

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
  ])('names the kind of such a file once when it is given by name: %s', async (name, message) => {
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
