// Policies: the shipped ones, keys that are left out, and the problems of a wrong file.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listPolicies, loadPolicy, unknownPolicy } from '../../src/policy/policy-file.js';
import type { RetryPolicy } from '../../src/policy/retry-policy.js';
import { folder, lineOf, planOf, scenario, scratch, write } from '../scenarios/load-scratch.js';

const M = 60_000;
const H = 60 * M;

const EMMA: RetryPolicy = {
  name: 'emma',
  retry: {
    intervalsMs: [30 * M],
    jitter: 0,
    attempts: { counting: 'per-class', replied: 4, unreachable: null },
    windowMs: 30 * H,
    overrunMs: 30 * M,
    windowFrom: 'mailing-start',
  },
  bounce: { hard: 'any-5xx', softBouncesToError: 4, overrides: [] },
  destination: {
    by: 'site',
    providers: [],
    connectionsMax: 5,
    messagesPerConnectionMax: 100,
    suspendMs: 5 * M,
    allSuspended: 'try',
    recoverMs: H,
  },
  causes: [],
};

function policy(name: string): RetryPolicy {
  const result = loadPolicy(name, scratch, scratch);
  if (!result || !('policy' in result)) throw new Error(JSON.stringify(result));
  return result.policy;
}

const inline = (written: string) => planOf(scenario({ more: `policy: ${written}` })).policy;
const problems = (text: string) => {
  const result = loadPolicy(`./${write('wrong.yaml', text)}`, scratch, scratch);
  return result && 'problems' in result ? result.problems.map(lineOf) : [];
};

describe('the shipped policies', () => {
  it('are six', () => {
    expect(listPolicies()).toEqual([
      'emma',
      'four-attempts',
      'postfix-like',
      'recipient-only',
      'spread',
      'thirty-hours',
    ]);
  });

  it('have the values of docs/semantics.md', () => {
    expect(policy('emma')).toEqual(EMMA);
    const counted = (name: string, total: number | null) => ({
      ...EMMA,
      name,
      retry: { ...EMMA.retry, attempts: { counting: 'total', total } },
    });
    expect(policy('four-attempts')).toEqual(counted('four-attempts', 4));
    expect(policy('thirty-hours')).toEqual(counted('thirty-hours', null));
  });
});

describe('a policy', () => {
  it('takes what it leaves out from emma', () => {
    expect(inline('{}')).toEqual({ ...EMMA, name: 'inline' });
    expect(inline('{ retry: { attempts: { replied: 2 } } }').retry.attempts).toEqual({
      counting: 'per-class',
      replied: 2,
      unreachable: null,
    });
    expect(inline('{ retry: { attempts: { replied: unlimited, unreachable: 7 } } }').retry.attempts).toEqual({
      counting: 'per-class',
      replied: null,
      unreachable: 7,
    });
  });

  it.each([
    ['{ attempts: 4 }', { counting: 'total', total: 4 }],
    ['{ attempts: 4, counting: total }', { counting: 'total', total: 4 }],
    ['{ attempts: unlimited, counting: total }', { counting: 'total', total: null }],
    ['{ counting: per-class }', EMMA.retry.attempts],
    ['{ attempts: { replied: 4, counting: per-class } }', EMMA.retry.attempts],
    ['{ attempts: { replied: 4 }, counting: per-class }', EMMA.retry.attempts],
  ])('has the budget %s', (written, expected) => {
    expect(inline(`{ retry: ${written} }`).retry.attempts).toEqual(expected);
  });

  it('may have every key', () => {
    const text = [
      'name: spread',
      'retry:',
      '  interval: [30m, 5h30m, 24h]',
      '  jitter: 0.1',
      '  window: 1h30m',
      '  windowFrom: first-attempt',
      '  overrun: 0s',
      'bounce:',
      '  hard: recipient-only',
      '  softBouncesToError: 2',
      '  overrides:',
      '    - { code: 554, stage: connect, domain: Yahoo.com, treatAs: deferred }',
      '    - { enhanced: 4.1.1, treatAs: rejected }',
      '    - { cause: mailbox-full, treatAs: deferred }',
      'destination: { suspend: 1m, allSuspended: wait }',
      'causes: [{ cause: throttled, code: [450, 5xx], text: slow down, why: known }]',
    ].join('\n');
    write('spread.yaml', text);
    expect(policy('./spread.yaml')).toEqual({
      name: 'spread',
      retry: {
        intervalsMs: [30 * M, 330 * M, 24 * H],
        jitter: 0.1,
        attempts: EMMA.retry.attempts,
        windowMs: 90 * M,
        overrunMs: 0,
        windowFrom: 'first-attempt',
      },
      bounce: {
        hard: 'recipient-only',
        softBouncesToError: 2,
        overrides: [
          { code: 554, stage: 'connect', domain: 'yahoo.com', treatAs: 'deferred' },
          { enhanced: '4.1.1', treatAs: 'rejected' },
          { cause: 'mailbox-full', treatAs: 'deferred' },
        ],
      },
      destination: {
        by: 'site',
        providers: [],
        connectionsMax: 5,
        messagesPerConnectionMax: 100,
        suspendMs: 60_000,
        allSuspended: 'wait',
        recoverMs: H,
      },
      causes: [{ cause: 'throttled', code: ['450', '5xx'], text: ['slow down'] }],
    });
  });

  it('of a file without a name is called after the file', () => {
    write('patient.yml', 'retry: { window: 5d }\n');
    expect(policy('patient.yml').name).toBe('patient');
  });

  it('is found relative to a folder, and shown relative to the working directory', () => {
    folder('p');
    write('p/near.yaml', 'name: 3\n');
    const result = loadPolicy('./near.yaml', join(scratch, 'p'), scratch);
    expect(result && 'problems' in result && result.problems.map(lineOf)).toEqual([
      'p/near.yaml:1:7+1 `name` must be a text, not `3` | put it in quotes: "3"',
    ]);
    expect(loadPolicy('./near.yaml', scratch, scratch)).toBeUndefined();
  });
});

describe('a wrong policy', () => {
  it('is undefined for an unknown name, and a hint lists the shipped ones', () => {
    expect(loadPolicy('emna', scratch, scratch)).toBeUndefined();
    expect(loadPolicy('../../policies/emma', scratch, scratch)).toBeUndefined();
    expect(unknownPolicy('emna')).toEqual({
      message: 'unknown policy `emna`',
      hint: 'did you mean `emma`? shipped policies: emma, four-attempts, postfix-like, recipient-only, spread, thirty-hours; a file is given by its path, such as ./mine.yaml',
    });
    expect(unknownPolicy('./x.yaml')).toEqual({
      message: 'there is no policy file `./x.yaml`',
      hint: 'shipped policies: emma, four-attempts, postfix-like, recipient-only, spread, thirty-hours',
    });
  });

  it('has all of its problems reported with their places', () => {
    const text =
      'nmae: x\nretry:\n  interval: 30\n  attempts: 4\n  counting: per-class\nbounce:\n  overrides:\n    - { code: 99 }\n';
    expect(problems(text).map((line) => line.replace(/ \| .*/, ''))).toEqual([
      'wrong.yaml:1:1+4 unknown key `nmae`',
      'wrong.yaml:3:13+2 `interval` must be a duration over 0s such as 30m, or a list of them such as [30m, 1h, 4h], not `30`',
      'wrong.yaml:8:7+12 `treatAs` is missing',
      'wrong.yaml:8:15+2 `code` must be a number of at least 400, not `99`',
    ]);
  });

  it.each([
    ['', 'wrong.yaml:1:1+1 the file is empty: it holds no policy | start with `name: ...`'],
    ['- a\n', 'wrong.yaml:1:1+3 a policy is a mapping of keys such as `name:`, and this is a list'],
    [
      'name: [a\n',
      'wrong.yaml:1:8+1 not valid YAML: a bracket that was opened before this is not closed | close it with ] or }, or put a text that starts with a bracket in quotes',
    ],
    ['a\0', 'wrong.yaml:1:1+1 the file is binary: it holds NUL bytes | save it as text in UTF-8'],
  ])('with %j has its problem reported', (text, expected) => {
    expect(problems(text)).toEqual([expected]);
  });

  it('carries the text of its file, for the frame', () => {
    const result = loadPolicy(`./${write('wrong.yaml', 'name: 3\n')}`, scratch, scratch);
    expect(result && 'problems' in result && result.problems[0]?.source).toBe('name: 3\n');
  });

  it.skipIf(process.platform === 'win32')('that would never end is told', () => {
    execFileSync('mkfifo', [join(folder(), 'pipe.yaml')]);
    const result = loadPolicy('./pipe.yaml', scratch, scratch);
    expect(result && 'problems' in result && result.problems.map(lineOf)).toEqual([
      'pipe.yaml:1:1+1 this is not a regular file',
    ]);
  });
});
