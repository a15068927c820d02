// `list`, `validate` and `schema`, and the help, version and colors of all commands.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wantsColor } from '../../src/cli/io.js';
import { displayWidth } from '../../src/reporters/terminal/layout.js';
import { scenarioText, Workplace } from './harness.js';

let at: Workplace;
beforeEach(() => {
  at = new Workplace();
});
afterEach(() => at.remove());

describe('list', () => {
  beforeEach(() => {
    at.write({
      'scenarios/outages/yahoo.yaml': scenarioText('Yahoo is down', { tags: 'outage, big' }),
      'scenarios/z.yaml': scenarioText('Evil "\\e[2J"').replace('Evil "\\e[2J"', '"Evil \\e[2J"'),
    });
  });

  it('shows file, name, policy and tags', async () => {
    const { code, stdout } = await at.run(['list']);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'scenarios/outages/yahoo.yaml  Yahoo is down  (emma)  [outage, big]',
      'scenarios/z.yaml              Evil \\x1b[2J  (emma)',
      '',
    ]);
  });

  it('is limited by -g and by files', async () => {
    expect((await at.run(['list', '-g', 'BIG'])).stdout.trim().split('\n')).toHaveLength(1);
    expect((await at.run(['list', 'scenarios/z.yaml'])).stdout.trim().split('\n')).toHaveLength(1);
    expect(await at.run(['list', '-g', 'nothing'])).toMatchObject({ code: 2, stdout: '' });
  });

  it('is cut to the width of a terminal, and whole without one', async () => {
    const name = 'A long name '.repeat(20).trim();
    at.write({ 'scenarios/long.yaml': scenarioText(name) });
    for (const columns of [40, 60]) {
      const { stdout } = await at.run(['list'], { isTTY: true, columns });
      for (const line of stdout.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
    }
    expect((await at.run(['list'], { columns: 40 })).stdout).toContain(name);
  });

  it('prints all scenarios with --json, and exits 3 when a file is invalid', async () => {
    at.write({ 'scenarios/a.yaml': 'nam: x\n' });
    const { code, stdout } = await at.run(['list', '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toEqual([
      { file: 'scenarios/a.yaml', problems: expect.any(Number) as number },
      {
        file: 'scenarios/outages/yahoo.yaml',
        name: 'Yahoo is down',
        description: '',
        tags: ['outage', 'big'],
        policy: 'emma',
        seed: expect.any(String) as string,
      },
      expect.objectContaining({ file: 'scenarios/z.yaml', name: 'Evil \u001b[2J' }),
    ]);
    expect((await at.run(['list'])).stdout).toMatch(
      /^scenarios\/a\.yaml +invalid: \d+ problems?, see bouncelab validate$/m,
    );
  });
});

describe('a scenario that skips bad rows of its audience', () => {
  it('prints what its file was taken for, each bad row and their number', async () => {
    const skipping = scenarioText('a').replace(
      'contacts: [bob@example.org]',
      'file: audience.csv\n  onBadLine: skip',
    );
    at.write({
      'scenarios/a.yaml': skipping,
      'scenarios/audience.csv': 'address\nbob@example.org\n"ann@example.org\nnobody\n',
    });
    const left = '2 bad rows left out, as `onBadLine: skip` says\n';
    const validated = await at.run(['validate']);
    expect(validated.code).toBe(0);
    const taken = [
      'scenarios/audience.csv: 3 rows, 2 bad; UTF-8, separator comma',
      '  columns: address from `address`',
      '  statuses: (none) is active: 1',
      '',
    ].join('\n');
    expect(validated.stdout.slice(0, taken.length)).toBe(taken);
    expect(validated.stdout.slice(taken.length)).toMatch(
      /^scenarios\/audience\.csv:3:1\n.*\n[^]*\nscenarios\/audience\.csv:4:1\n/,
    );
    expect(validated.stdout).toContain(left);
    const { code, stderr } = await at.run(['run', '--no-html']);
    expect(code).toBe(0);
    expect(validated.stdout.slice(taken.length).startsWith(stderr)).toBe(true);
  });
});

describe('validate', () => {
  it('prints the number of valid files', async () => {
    at.write({ 'scenarios/a.yaml': scenarioText('a'), 'scenarios/b.yaml': scenarioText('b') });
    expect(await at.run(['validate'])).toEqual({ code: 0, stdout: '2 scenarios valid\n', stderr: '' });
  });

  it('shows every problem of every file in a code frame, and exits 3', async () => {
    at.write({
      'scenarios/a.yaml': scenarioText('a').replace('delivered:', 'deliverd:').replace('tags:', 'tgas:'),
      'scenarios/b.yaml': scenarioText('b', {
        more: 'events:\n  - { at: soon, opt-out: bob@example.org }\n',
      }),
      'scenarios/c.yaml': scenarioText('c'),
      'scenarios/d.yaml': '',
      'scenarios/e.yaml': '\u0000\u0001binary',
    });
    const { code, stdout, stderr } = await at.run(['validate']);
    expect(code).toBe(3);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/a\.yaml:2:1\n[^]*> 2 \| tgas: \[\]/);
    expect(stdout).toMatch(/a\.yaml:11:\d+\n[^]*deliverd/);
    expect(stdout).toMatch(/b\.yaml:10:\d+\n[^]*soon/);
    expect(stdout).toMatch(/d\.yaml:1:1\n[^\n]+\n[^>]/);
    expect(stdout).toMatch(/e\.yaml:1:1\n/);
    expect(stdout).not.toContain('c.yaml:');
    expect(stdout).not.toContain('\u0001');
    expect(stdout).toMatch(/\n\d problems in 4 of 5 scenarios\n$/);
  });

  it('plays nothing and writes nothing', async () => {
    at.write({ 'scenarios/a.yaml': scenarioText('a', { delivered: 99 }) });
    expect((await at.run(['validate', 'scenarios/a.yaml'])).code).toBe(0);
    expect(() => at.lastRun()).toThrow();
  });

  it('exits 2 for a file that does not exist', async () => {
    expect(await at.run(['validate', 'nix.yaml'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('`nix.yaml`') as string,
    });
  });
});

describe('schema', () => {
  it.each(['scenario', 'policy'])('prints the schema of a %s', async (name) => {
    const { code, stdout } = await at.run(['schema', name]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      $schema: expect.stringContaining('draft-07') as string,
      title: expect.stringContaining(name) as string,
    });
  });

  it('prints the schema of a scenario by default', async () => {
    expect((await at.run(['schema'])).stdout).toBe((await at.run(['schema', 'scenario'])).stdout);
  });

  it('suggests a similar name for an unknown one', async () => {
    expect(await at.run(['schema', 'polcy'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean `policy`?') as string,
    });
  });

  it('passes --check for the shipped files', async () => {
    expect(await at.run(['schema', '--check'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

describe('help and version', () => {
  it.each([
    [['--help']],
    [['run', '--help']],
    [['list', '--help']],
    [['validate', '-h']],
    [['schema', '--help']],
  ])('%j has examples, and fits a narrow terminal in its options', async (argv) => {
    const { code, stdout, stderr } = await at.run(argv, { columns: 60, isTTY: true });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: bouncelab/);
    expect(stdout).toMatch(/Examples:\n {2}\$ bouncelab/);
  });

  it('prints its version', async () => {
    expect(await at.run(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
  });
});

describe('colors', () => {
  it.each<[boolean, Record<string, string>, boolean]>([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [true, { TERM: 'dumb' }, false],
  ])('terminal %s with %j: %s', (isTTY, env, wanted) => {
    expect(wantsColor(isTTY, env)).toBe(wanted);
  });
});
