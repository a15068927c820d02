// `bouncelab replies --explain`: what one reply means.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { displayWidth } from '../../src/reporters/terminal/layout.js';
import { Workplace } from './harness.js';

let at: Workplace;
beforeEach(() => {
  at = new Workplace();
});
afterEach(() => at.remove());

const explain = (...args: string[]) => at.run(['replies', '--explain', ...args]);

test('names outcome, cause, party and rule, and what each shipped policy does', async () => {
  const { code, stdout } = await explain('550 5.7.1 This message is likely unsolicited mail');
  expect(code).toBe(0);
  expect(stdout.split('\n')).toEqual([
    '550 5.7.1 This message is likely unsolicited mail',
    'at rcpt, from a server of no known provider',
    '',
    '  outcome    rejected (the code is 550)',
    '  code       5.7.1 (enhanced status code)',
    '  cause      spam-block',
    '  lies with  the content of the message',
    expect.stringMatching(/^ {2}rule {7}classification\/causes\.yaml, line \d+$/) as string,
    expect.stringContaining('text: ') as string,
    expect.stringContaining('why        free/spam-block') as string,
    '',
    'Under each shipped policy:',
    '  emma            hard bounce at once; the contact becomes error',
    '  four-attempts   hard bounce at once; the contact becomes error',
    '  postfix-like    hard bounce at once; the contact becomes error',
    '  recipient-only  hard bounce at once; the contact stays active',
    '  spread          hard bounce at once; the contact becomes error',
    '  thirty-hours    hard bounce at once; the contact becomes error',
    '',
  ]);
});

test('of a deferral gives the attempts, their end and the suspension of the host', async () => {
  const { stdout } = await explain('450 4.7.1 Too many connections', '--stage', 'mail');
  expect(stdout).toContain('deferred (the code is 450)');
  expect(stdout).toMatch(/emma +tried again, 4 attempts at most; soft bounce at 1h30m; the host is/);
  expect(stdout).toMatch(/thirty-hours +tried again, 61 attempts at most; soft bounce at 30h00m/);
  const full = await explain('452 4.2.2 Mailbox full');
  expect(full.stdout).not.toContain('suspended');
  expect((await explain('421 4.3.2 Busy', '--stage', 'connect')).stdout).toMatch(/emma +tried again, 61/);
});

test('depends on stage and provider, which may be the argument as well', async () => {
  const reply = 'Mailbox unavailable or access denied';
  const causes = await Promise.all(
    [[], ['--provider', 'qq']].map(
      async (more) => /cause +(\S+)/.exec((await explain(`550 ${reply}`, ...more)).stdout)?.[1],
    ),
  );
  expect(causes).toEqual(['user-unknown', 'throttled']);
  const named = await at.run(['replies', 'qq', '--explain', `550 ${reply}`]);
  expect(named.stdout).toContain('cause      throttled');
  expect((await explain('554 No', '--stage', 'connect')).stdout).toContain('cause      ip-blocklisted');
});

test('takes several lines, and shows them as they were said', async () => {
  const { stdout } = await explain('550-5.7.1 Not now\\n550 see \u001b[2J our page');
  expect(stdout).toMatch(/^550-5\.7\.1 Not now\n550 see \\x1b\[2J our page\n/);
  expect(stdout).toContain('5.7.1 (enhanced status code)');
});

test('without a rule says so', async () => {
  expect((await explain('554 No')).stdout).toContain('none of classification/causes.yaml matches');
});

test('--json has the same', async () => {
  const { stdout } = await explain('552 5.2.2 Over quota', '--json', '--provider', 'gmail');
  const found = JSON.parse(stdout) as { rule: { why: string }; policies: { policy: string }[] };
  expect(found).toMatchObject({
    reply: { code: 552, enhanced: '5.2.2', lines: ['Over quota'] },
    stage: 'rcpt',
    provider: 'gmail',
    outcome: 'rejected',
    cause: 'mailbox-full',
    liesWith: 'recipient',
    rule: { file: 'classification/causes.yaml', enhanced: ['x.2.2'], matched: null },
  });
  expect(found.policies.map(({ policy }) => policy)).toContain('recipient-only');
});

test.each([60, 120])('fits %i columns', async (columns) => {
  const text = `450 4.7.1 Too many connections from your host, ${'please try again later '.repeat(8)}`;
  const { stdout } = await at.run(['replies', '--explain', text], { isTTY: true, columns });
  for (const line of stdout.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
});

describe('bad input', () => {
  test.each<[args: string[], message: string]>([
    [['hello'], '`hello` is not an SMTP reply'],
    [[''], 'is not an SMTP reply'],
    [['999 much'], 'is not an SMTP reply'],
    [['550-a\\nb'], 'is not an SMTP reply'],
    [['250 Ok'], 'a 250 refuses nothing'],
    [['550 No', '--stage', 'rctp'], 'did you mean `rcpt`?'],
    [['550 No', '--provider', 'gmial'], 'did you mean `gmail`?'],
    [['550 No', '--class', 'throttled'], '`--class` does not go with `--explain`'],
  ])('%j is a usage error', async (args, message) => {
    const { code, stdout, stderr } = await explain(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  test('two providers, or a provider without a reply, are usage errors', async () => {
    const two = await at.run(['replies', 'qq', '--explain', '550 No', '--provider', 'gmail']);
    expect(two).toMatchObject({ code: 2, stdout: '' });
    const none = await at.run(['replies', '--provider', 'gmail']);
    expect(none).toMatchObject({ code: 2, stdout: '' });
    expect(none.stderr).toContain('bouncelab replies gmail');
  });
});

describe('with files of the user', () => {
  const CAUSES =
    "causes:\n  - { cause: greylisted, text: nothing }\n  - { cause: throttled, text: '^no\\b' }\n";

  test('reads the reply by its rules before the shipped ones', async () => {
    writeFileSync(join(at.dir, 'my-causes.yaml'), CAUSES);
    const { code, stdout } = await explain('550 No way', '--causes', 'my-causes.yaml');
    expect(code).toBe(0);
    expect(stdout).toContain('cause      throttled');
    expect(stdout).toContain('rule       my-causes.yaml, rule 2');
    expect(stdout).toContain('text: ^no\\b');
    expect(stdout).not.toContain('why ');
    expect((await explain('550 User unknown', '--causes', 'my-causes.yaml')).stdout).toContain(
      'cause      user-unknown',
    );
    const json = JSON.parse((await explain('550 No way', '--causes', 'my-causes.yaml', '--json')).stdout) as {
      rule: object;
    };
    expect(json.rule).toMatchObject({ file: 'my-causes.yaml', number: 2, cause: 'throttled' });
  });

  test('shows what a policy of its own does, and its rules come first', async () => {
    writeFileSync(join(at.dir, 'my-causes.yaml'), CAUSES);
    writeFileSync(
      join(at.dir, 'mine.yaml'),
      "bounce: { overrides: [{ cause: policy, treatAs: deferred }] }\ncauses: [{ cause: policy, text: 'no way' }]\n",
    );
    const { stdout } = await explain('550 No way', '--policy', './mine.yaml', '--causes', 'my-causes.yaml');
    expect(stdout).toContain('rule       ./mine.yaml, rule 1');
    expect(stdout).toContain('Under the policy:\n  ./mine.yaml  tried again');
    expect(stdout).not.toContain('thirty-hours');
    expect((await explain('550 No way', '--policy', 'spread')).stdout).toContain('  spread  hard bounce');
  });

  test('says what is wrong with them', async () => {
    writeFileSync(join(at.dir, 'bad.yaml'), 'causes: [{ cause: greylisted, text: "(" }]\n');
    for (const option of ['--causes', '--policy']) {
      const { code, stderr } = await explain('550 No', option, './bad.yaml');
      expect(code).toBe(3);
      expect(stderr).toContain('bad.yaml:1');
    }
    expect(await explain('550 No', '--causes', 'missing.yaml')).toMatchObject({ code: 3 });
    expect(await explain('550 No', '--policy', 'emmma')).toMatchObject({ code: 2 });
    const alone = await at.run(['replies', '--causes', 'bad.yaml']);
    expect(alone).toMatchObject({ code: 2 });
    expect(alone.stderr).toContain('`--causes` goes with `--explain` only');
  });
});
