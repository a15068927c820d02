// The table of causes: how rules match, and the properties of the shipped ones.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Stage } from '../../src/events/types.js';
import { CauseTable, linearSearch, nativeSearch, type CauseRule } from '../../src/policy/cause-rules.js';
import { causesSchema } from '../../src/policy/cause-schema.js';
import { causeOf } from '../../src/policy/classify.js';
import { shippedCauseRules, shippedCauses } from '../../src/policy/shipped-causes.js';
import { namedReplies } from '../support/replies.js';
import { parseReply } from '../../src/sender/smtp/reply.js';

const cause = (
  rules: CauseRule[],
  reply: string,
  from: { stage?: Stage; host?: string; domain?: string } = {},
) => {
  const { stage = 'rcpt', ...origin } = from;
  return new CauseTable(rules, linearSearch).find({ reply: parseReply(reply)!, stage, ...origin })?.cause;
};

describe('a rule', () => {
  test('matches when all given criteria match', () => {
    const rule: CauseRule = {
      cause: 'throttled',
      code: ['5xx'],
      enhanced: ['x.7.1'],
      stage: ['rcpt', 'mail'],
      text: ['slow\\b', 'later$'],
      unless: ['not slow'],
      host: ['*.example.net'],
      domain: ['example.org'],
    };
    const from = { host: 'MX1.example.net', domain: 'example.org' };
    expect(cause([rule], '550 5.7.1 Slow down', from)).toBe('throttled');
    expect(cause([rule], '550 5.7.1 Come LATER', from)).toBe('throttled');
    for (const [reply, but] of [
      ['450 4.7.1 Slow down', {}],
      ['550 5.7.2 Slow down', {}],
      ['550 Slow down', {}],
      ['550 5.7.1 Slowly', {}],
      ['550 5.7.1 This is not slow', {}],
      ['550 5.7.1 Slow down', { stage: 'data' }],
      ['550 5.7.1 Slow down', { host: 'example.net' }],
      ['550 5.7.1 Slow down', { host: undefined }],
      ['550 5.7.1 Slow down', { domain: 'example.com' }],
    ] as const)
      expect(cause([rule], reply, { ...from, ...but })).toBeUndefined();
  });

  test.each(['bücher.example', 'xn--bcher-kva.example', '*.example', 'büch*.example', 'BÜCHER.*'])(
    'matches an internationalized domain in either spelling: %s',
    (domain) => {
      const at = { domain: 'xn--bcher-kva.example' };
      expect(cause([{ cause: 'policy', domain: [domain] }], '550 No', at)).toBe('policy');
      expect(
        cause([{ cause: 'policy', domain: [domain] }], '550 No', { domain: 'bucher.test' }),
      ).toBeUndefined();
    },
  );

  test('matches when one of several values does', () => {
    const rule: CauseRule = {
      cause: 'policy',
      code: ['451', '550'],
      enhanced: ['x.7.1', 'x.7.2'],
      stage: ['mail', 'rcpt'],
      host: ['mx1.example.net', 'mx2.example.net'],
    };
    for (const reply of ['451 4.7.1 No', '550 5.7.2 No'])
      for (const host of rule.host!) expect(cause([rule], reply, { host })).toBe('policy');
    expect(cause([rule], '552 5.7.2 No', { host: 'mx1.example.net' })).toBeUndefined();
  });

  test.each([
    ['5.2.2', '5.2.2', true],
    ['5.2.2', '4.2.2', false],
    ['x.2.2', '4.2.2', true],
    ['x.7.*', '5.7.26', true],
    ['x.7.*', '5.71.2', false],
    ['x.7.2', '5.7.26', false],
  ])('for %s and the code %s: %s', (enhanced, said, isMatch) => {
    const found = cause([{ cause: 'policy', enhanced: [enhanced] }], `${said[0]}50 ${said} No`);
    expect(found).toBe(isMatch ? 'policy' : undefined);
  });

  test('finds an enhanced code also within the text, when its class is that of the code', () => {
    const rules: CauseRule[] = [{ cause: 'policy', enhanced: ['x.7.1'] }];
    expect(cause(rules, '553 sorry, no (#5.7.1)')).toBe('policy');
    expect(cause(rules, '450 cuda_nsu 4.7.1 go away')).toBe('policy');
    expect(cause(rules, '550 5.7.1: go away')).toBe('policy');
    expect(cause([{ cause: 'policy', enhanced: ['5.10.126'] }], '550 No, 5.10.126')).toBe('policy');
    expect(cause(rules, '550 seen from 192.5.7.1')).toBeUndefined();
    expect(cause(rules, '550 version 4.7.1 said so')).toBeUndefined();
  });

  test('does not read addresses, which may contain any word', () => {
    const rules: CauseRule[] = [{ cause: 'spam-block', text: ['spam'] }];
    expect(cause(rules, '550 <spam@spam.example>: no such user')).toBeUndefined();
    expect(cause(rules, '550 (spam.list@x.example:spam)')).toBe('spam-block');
  });

  test('does not read paths of URLs, nor the name of the server at the beginning', () => {
    const rules: CauseRule[] = [{ cause: 'spam-block', text: ['spam'] }];
    expect(cause(rules, '550 No such user, see https://example.org/spam?x=spam')).toBeUndefined();
    expect(cause(rules, '421 antispam.example.org Service not available')).toBeUndefined();
    expect(cause(rules, '554 blocked using spam.example.org')).toBe('spam-block');
  });

  test('reads accents and underscores as servers leave them out', () => {
    const rules: CauseRule[] = [{ cause: 'mailbox-full', text: ['boîte pleine', 'is full'] }];
    for (const text of ['Boîte pleine', 'boite  pleine', 'mailbox_is_full'])
      expect(cause(rules, `552 ${text}`)).toBe('mailbox-full');
  });

  test('reads a reply of several lines as one text', () => {
    expect(cause([{ cause: 'policy', text: ['a b c'] }], '550-a\n550-  b\n550 c')).toBe('policy');
  });

  test('reads the beginning of a long reply, and not the rest', () => {
    const rules: CauseRule[] = [{ cause: 'policy', text: ['needle'] }];
    expect(cause(rules, `550 needle ${'x'.repeat(1_000_000)}`)).toBe('policy');
    expect(cause(rules, `550 ${'x'.repeat(1_000_000)} needle`)).toBeUndefined();
    expect(cause(rules, `${`550-${'x '.repeat(200)}\n`.repeat(2000)}550 needle`)).toBeUndefined();
  });

  test('wins over those after it, and the rules of a policy over the shipped ones', () => {
    const own: CauseRule[] = [
      { cause: 'greylisted', text: ['user unknown'] },
      { cause: 'policy', text: ['user'] },
    ];
    const unknown = parseReply('550 5.1.1 User unknown')!;
    expect(causeOf(unknown, 'rcpt')).toBe('user-unknown');
    expect(causeOf(unknown, 'rcpt', {}, own)).toBe('greylisted');
    expect(causeOf(parseReply('550 5.1.1 Mailbox full')!, 'rcpt', {}, own)).toBe('mailbox-full');
  });

  test('of a policy takes linear time for every pattern and text', () => {
    // Backtracking would take longer than the age of the universe.
    const rules: CauseRule[] = [{ cause: 'policy', text: ['(a+)+$', '(a|aa)+b', '(.*.*.*)*c'] }];
    expect(cause(rules, `550 ${'a'.repeat(1990)}!`)).toBeUndefined();
  });
});

describe('the shipped rules', () => {
  const rules = shippedCauseRules();
  const patterns = rules.flatMap(({ text = [], unless = [] }) => [...text, ...unless]);

  test('follow the schema of a file of causes', () => {
    const file = parse(readFileSync('classification/causes.yaml', 'utf8')) as unknown;
    expect(causesSchema.parse(file).causes).toEqual(rules);
    expect(rules.length).toBeGreaterThan(50);
  });

  // They run as JavaScript expressions, at a cost of at most text × gap × gap.
  test.each(patterns)('have no pattern that backtracks far: %s', (pattern) => {
    const bare = pattern.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x');
    expect(bare).not.toMatch(/\)[*+{]/);
    expect(bare).not.toMatch(/\.[*+]/);
    const gaps = [...bare.matchAll(/\{(\d+),(\d*)\}/g)];
    for (const [, , most] of gaps) expect(Number(most || Infinity)).toBeLessThanOrEqual(200);
    for (const alternative of bare.split('|'))
      expect((alternative.match(/\{|[*+]/g) ?? []).length).toBeLessThanOrEqual(2);
  });

  test('give the same result in both engines', () => {
    const words = patterns.map((pattern) =>
      pattern.replace(/[\\()|?{}.[\]*+^$]|\{.*?\}/g, ' ').toLowerCase(),
    );
    for (const pattern of patterns) {
      const [native, linear] = [nativeSearch(pattern), linearSearch(pattern)];
      for (const text of words.slice(0, 60))
        expect([pattern, text, linear(text)]).toEqual([pattern, text, native(text)]);
    }
  });

  const raw = (
    parse(readFileSync('classification/causes.yaml', 'utf8')) as {
      causes: { cause: string; stage?: Stage | Stage[]; why?: string }[];
    }
  ).causes;

  test.each(raw.map((rule, index) => ({ ...rule, index })))(
    'name a reply that made each necessary, and which it decides: $index, $cause',
    ({ why = '', stage, index }) => {
      const named = namedReplies(why, [stage ?? 'rcpt'].flat()[0]!);
      const table = shippedCauses();
      expect(named).not.toHaveLength(0);
      const decided = named.map((one) => [one.name, table.indexOf(table.find(one)!)]);
      expect(decided).toEqual(named.map(({ name }) => [name, index]));
    },
  );
});
