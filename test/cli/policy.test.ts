// `bouncelab policy`, and `bouncelab validate` for policies and files of causes.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { moments } from '../../src/cli/policy/policy-lines.js';
import { displayWidth } from '../../src/reporters/terminal/layout.js';
import { scenarioText, Workplace } from './harness.js';

const MINUTE = 60_000;

let at: Workplace;
beforeEach(() => {
  at = new Workplace();
});
afterEach(() => at.remove());

describe('policy list', () => {
  it('lists the shipped policies, each with a one-line summary', async () => {
    const { code, stdout } = await at.run(['policy', 'list']);
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/)[0])).toEqual([
      'emma',
      'four-attempts',
      'postfix-like',
      'recipient-only',
      'spread',
      'thirty-hours',
      '',
    ]);
    for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/ {2}[A-Z][^.]+\.$/);
    const json = JSON.parse((await at.run(['policy', 'list', '--json'])).stdout) as { name: string }[];
    expect(json).toHaveLength(6);
    expect(json[0]).toEqual({ name: 'emma', summary: expect.stringContaining('two limits') as string });
  });
});

describe('policy show', () => {
  it('prints the times of attempts and the end of a delivery for each kind of failure', async () => {
    const { code, stdout } = await at.run(['policy', 'show', 'emma']);
    expect(code).toBe(0);
    expect(stdout).toContain(
      [
        '4xx to a command: 4 attempts',
        '  0m, 30m, 1h00m, 1h30m',
        '  soft bounce at 1h30m: its attempts are used up',
        '',
        '4xx at connect: 61 attempts',
        '  0m, 30m, 1h00m, then every 30m to 30h00m',
        '  soft bounce at 30h00m: the next one would be after the window',
      ].join('\n'),
    );
  });

  it('prints the other rules of a policy file', async () => {
    at.write({
      'mine.yaml': [
        'name: "mi\\e[2Jne"',
        'retry: { attempts: 2, jitter: 0.25, windowFrom: first-attempt }',
        'bounce: { hard: recipient-only, softBouncesToError: 2, overrides: [{ code: 554, stage: connect, treatAs: deferred }] }',
        'causes: [{ cause: policy, text: x }]',
      ].join('\n'),
    });
    const { stdout } = await at.run(['policy', 'show', './mine.yaml']);
    expect(stdout).toMatch(/^Policy mi\\x1b\[2Jne\n\n4xx to a command: 2 attempts\n {2}0m, 30m\n/);
    expect(stdout).toContain('after the first attempt of the delivery');
    expect(stdout).toContain('Each retry is up to 25% of its interval later (seeded).');
    expect(stdout).toContain('only if the cause lies with it');
    expect(stdout).toContain('2 soft bounces in a row');
    expect(stdout).toContain('Override: code 554 and stage connect is deferred.');
    expect(stdout).toContain('1 rule of the policy for the cause of a refusal');
  });

  it('prints the policy and its times in milliseconds as JSON', async () => {
    const { stdout } = await at.run(['policy', 'show', 'spread', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      policy: { name: 'spread', bounce: { hard: 'any-5xx' } },
      timetables: [
        {
          failure: 'answered',
          attempts: [0, 30 * MINUTE, 360 * MINUTE, 1800 * MINUTE],
          gaveUp: 'budget spent',
        },
        { failure: 'greeting' },
        { failure: 'unreachable' },
        { failure: 'mixed' },
      ],
    });
  });

  it.each([40, 80, 120])('fits into %i columns', async (columns) => {
    for (const name of ['emma', 'postfix-like', 'spread']) {
      const { stdout } = await at.run(['policy', 'show', name], { columns, isTTY: true });
      for (const line of stdout.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
    }
  });

  it('exits 2 for an unknown policy and 3 for an invalid file', async () => {
    const unknown = await at.run(['policy', 'show', 'emm']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('did you mean `emma`?');
    at.write({ 'wrong.yaml': 'retry: { intervl: 30m }\n' });
    const wrong = await at.run(['policy', 'show', './wrong.yaml']);
    expect(wrong.code).toBe(3);
    expect(wrong.stderr).toMatch(/wrong\.yaml:1:10\n[^]*did you mean `interval`\?/);
  });
});

describe('a list of times', () => {
  it.each([
    [[0], '0m'],
    [[0, 1, 2, 3, 4, 5, 6, 7], '0m, 1m, 2m, 3m, 4m, 5m, 6m, 7m'],
    [[0, 1, 2, 3, 4, 5, 6, 7, 8], '0m, 1m, 2m, then every 1m to 8m'],
    [[0, 5, 6, 9, 11, 20, 30, 40, 50, 60], '0m, 5m, 6m, 9m, 11m, 20m, then every 10m to 1h00m'],
    [[0, 1, 3, 6, 10, 15, 21, 28, 36, 45], '0m, 1m, 3m, 6m, 10m, 15m, 21m, 28m, 36m, 45m'],
  ])('%j reads %s', (minutes, text) => {
    expect(moments(minutes.map((minute) => minute * MINUTE))).toBe(text);
  });
});

describe('validate', () => {
  it('recognizes the kind of a file by its keys', async () => {
    at.write({
      'a.yaml': scenarioText('a'),
      'p1.yaml': 'retry: { interval: 10m }\n',
      'p2.yaml': 'name: x\nbounce: { hard: recipient-only }\n',
      'p3.yaml': 'causes: ./c.yaml\n',
      'c.yaml': 'causes:\n  - { cause: policy, text: go away }\n',
    });
    expect(await at.run(['validate', '.'])).toEqual({
      code: 0,
      stdout: '1 scenario, 3 policies, 1 file of causes valid\n',
      stderr: '',
    });
  });

  it('shows each problem in a code frame', async () => {
    at.write({
      'p.yaml': 'name: x\nretry:\n  window: soon\ncauses: ./c.yaml\n',
      'c.yaml': 'causes:\n  - { cause: policy, text: "(" }\n',
    });
    const { code, stdout } = await at.run(['validate', 'p.yaml', 'c.yaml']);
    expect(code).toBe(3);
    expect(stdout).toMatch(/c\.yaml:2:28\nthis pattern cannot be used: missing closing \)[^]*> 2 \|/);
    expect(stdout).toMatch(/p\.yaml:3:11\n`window` must be a duration[^]*> 3 \|/);
    expect(stdout).toMatch(/\n2 problems in 2 of 1 policy, 1 file of causes\n$/);
  });
});
