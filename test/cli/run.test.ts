// `bouncelab run`: what it plays, writes and prints, its exit codes, and its options.

import { existsSync, readdirSync } from 'node:fs';
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
      throw new TypeError('an internal bug');
    };
    const quiet = await at.run(['run'], { createExecutor });
    expect(quiet).toMatchObject({
      code: 4,
      stderr: 'error: an internal bug\n  this is a bug in Bouncelab; --debug shows more\n',
    });
    for (const loud of [
      await at.run(['run', '--debug'], { createExecutor }),
      await at.run(['run'], { createExecutor, env: { BOUNCELAB_DEBUG: '1' } }),
    ]) {
      expect(loud.code).toBe(4);
      expect(loud.stderr).toMatch(/TypeError: an internal bug\n +at /);
    }
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
