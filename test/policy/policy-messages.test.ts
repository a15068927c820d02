// Messages for a wrong policy: each rule of the schema with a value just beyond it, the place and the text
// that is shown.

import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../src/policy/policy-file.js';
import { lineOf, scratch, write } from '../scenarios/load-scratch.js';

/** The problems of a policy of one line, each as `column+length message | hint`. */
function problems(line: string): string[] {
  const result = loadPolicy(`./${write('p.yaml', `${line}\n`)}`, scratch, scratch);
  return result && 'problems' in result
    ? result.problems.map((problem) => lineOf(problem).replace('p.yaml:1:', ''))
    : [];
}

const ITS_CAUSES =
  'one of user-unknown, mailbox-full, mailbox-disabled, throttled, greylisted, server-busy, spam-block, content-block, ip-blocklisted, auth-failure, policy, message-too-big, relay-denied, dns-failure, protocol-error, other';
const BOTH_FORMS =
  'write `attempts: { replied: 4, unreachable: unlimited }` with `counting: per-class`, or `attempts: 4` with `counting: total`';

describe('a policy whose `retry` is', () => {
  it.each([
    ['3', '8+1 `retry` must be a mapping, not `3`'],
    [
      '{ x: 1 }',
      '10+1 unknown key `x` | keys here: interval, jitter, attempts, counting, window, overrun, windowFrom',
    ],
    ['{ attempts: 0 }', '20+1 `attempts` must be a whole number of at least 1, or `unlimited`, not `0`'],
    [
      '{ attempts: 1.5 }',
      '20+3 `attempts` must be a number of attempts, `unlimited`, or a mapping { replied: ..., unreachable: ... }, not `1.5`',
    ],
    [
      '{ attempts: many }',
      '20+4 `attempts` must be a number of attempts, `unlimited`, or a mapping { replied: ..., unreachable: ... }, not `many`',
    ],
    [
      '{ attempts: [1] }',
      '20+3 `attempts` must be a number of attempts, `unlimited`, or a mapping { replied: ..., unreachable: ... }, not a list',
    ],
    [
      '{ attempts: { replied: 0 } }',
      '31+1 `replied` must be a whole number of at least 1, or `unlimited`, not `0`',
    ],
    [
      '{ attempts: { unreachable: never } }',
      '35+5 `unreachable` must be a whole number of at least 1, or `unlimited`, not `never`',
    ],
    ['{ attempts: { x: 1 } }', '22+1 unknown key `x` | keys here: replied, unreachable, counting'],
    ['{ attempts: { counting: x } }', '32+1 `counting` must be one of per-class, total, not `x`'],
    ['{ interval: 0s }', '20+2 `interval` must be a duration over 0s, not `0s`'],
    [
      '{ interval: [] }',
      '20+2 `interval` must be a duration over 0s such as 30m, or a list of them such as [30m, 1h, 4h], not an empty list',
    ],
    ['{ interval: [30m, 0s] }', '26+2 item 2 of `interval` must be a duration over 0s, not `0s`'],
    [
      '{ interval: {} }',
      '20+2 `interval` must be a duration over 0s such as 30m, or a list of them such as [30m, 1h, 4h], not an empty mapping',
    ],
    ['{ jitter: -0.1 }', '18+4 `jitter` must be a fraction from 0 to 1, not `-0.1`'],
    ['{ jitter: 1.1 }', '18+3 `jitter` must be a fraction from 0 to 1, not `1.1`'],
    ['{ jitter: much }', '18+4 `jitter` must be a fraction from 0 to 1, not `much`'],
    ['{ counting: x }', '20+1 `counting` must be one of per-class, total, not `x`'],
    ['{ counting: total }', `20+5 \`counting: total\` needs \`attempts\` as one number | ${BOTH_FORMS}`],
    [
      '{ counting: total, attempts: { replied: 1 } }',
      `37+14 \`attempts\` has a budget for each class, and \`counting\` is \`total\` | ${BOTH_FORMS}`,
    ],
    [
      '{ counting: total, attempts: { counting: per-class } }',
      `37+23 \`attempts\` has a budget for each class, and \`counting\` is \`total\` | ${BOTH_FORMS}`,
    ],
    [
      '{ attempts: { counting: total } }',
      `20+19 \`attempts\` has a budget for each class, and \`counting\` is \`total\` | ${BOTH_FORMS}`,
    ],
    [
      '{ counting: per-class, attempts: 4 }',
      `41+1 \`attempts\` is one budget over all, and \`counting\` is \`per-class\` | ${BOTH_FORMS}`,
    ],
    [
      '{ counting: per-class, attempts: unlimited }',
      `41+9 \`attempts\` is one budget over all, and \`counting\` is \`per-class\` | ${BOTH_FORMS}`,
    ],
    [
      '{ counting: total, attempts: null }',
      '37+4 `attempts` must be a number of attempts, `unlimited`, or a mapping { replied: ..., unreachable: ... }, not nothing',
    ],
    ['{ windowFrom: x }', '22+1 `windowFrom` must be one of mailing-start, first-attempt, not `x`'],
    ['{ window: x }', '18+1 `window` must be a duration such as 90s, 30m, 6h or 1h30m, not `x`'],
  ])('%s has this message', (written, ...expected) => {
    expect(problems(`retry: ${written}`)).toEqual(expected);
  });
});

describe('a policy whose `bounce` is', () => {
  it.each([
    ['{ x: 1 }', '11+1 unknown key `x` | keys here: hard, softBouncesToError, overrides'],
    ['{ hard: x }', '17+1 `hard` must be one of any-5xx, recipient-only, not `x`'],
    ['{ softBouncesToError: 0 }', '31+1 `softBouncesToError` must be a number of at least 1, not `0`'],
    ['{ softBouncesToError: 1.5 }', '31+3 `softBouncesToError` must be a whole number, not `1.5`'],
    [
      '{ overrides: [{ treatAs: deferred }] }',
      '23+21 this override has no condition, so that it matches no reply | add at least one of code, enhanced, stage, cause or domain',
    ],
    ['{ overrides: [{ code: 450 }] }', '23+13 `treatAs` is missing | `treatAs`: one of deferred, rejected'],
    [
      '{ overrides: [{ x: 1, treatAs: deferred }] }',
      '23+27 this override has no condition, so that it matches no reply | add at least one of code, enhanced, stage, cause or domain',
      '25+1 unknown key `x` | keys here: code, enhanced, stage, cause, domain, treatAs',
    ],
    [
      '{ overrides: [{ code: 399, treatAs: deferred }] }',
      '31+3 `code` must be a number of at least 400, not `399`',
    ],
    [
      '{ overrides: [{ code: 600, treatAs: deferred }] }',
      '31+3 `code` must be a number of at most 599, not `600`',
    ],
    [
      '{ overrides: [{ enhanced: 2.1.1, treatAs: deferred }] }',
      '35+5 `enhanced` must be an enhanced status code such as 4.2.2, not `2.1.1`',
    ],
    [
      '{ overrides: [{ enhanced: 4.1, treatAs: deferred }] }',
      '35+3 `enhanced` must be an enhanced status code such as 4.2.2, not `4.1`',
    ],
    [
      '{ overrides: [{ enhanced: x4.1.1, treatAs: deferred }] }',
      '35+6 `enhanced` must be an enhanced status code such as 4.2.2, not `x4.1.1`',
    ],
    [
      '{ overrides: [{ enhanced: 4.1.1x, treatAs: deferred }] }',
      '35+6 `enhanced` must be an enhanced status code such as 4.2.2, not `4.1.1x`',
    ],
    [
      '{ overrides: [{ enhanced: 4.1234.1, treatAs: deferred }] }',
      '35+8 `enhanced` must be an enhanced status code such as 4.2.2, not `4.1234.1`',
    ],
    [
      '{ overrides: [{ enhanced: 4.1.1234, treatAs: deferred }] }',
      '35+8 `enhanced` must be an enhanced status code such as 4.2.2, not `4.1.1234`',
    ],
    [
      '{ overrides: [{ enhanced: 7, treatAs: deferred }] }',
      '35+1 `enhanced` must be an enhanced status code such as 4.2.2, not `7`',
    ],
    [
      '{ overrides: [{ cause: network, treatAs: deferred }] }',
      `32+7 \`cause\` must be ${ITS_CAUSES}, not \`network\``,
    ],
    [
      '{ overrides: [{ stage: x, treatAs: deferred }] }',
      '32+1 `stage` must be one of connect, ehlo, starttls, mail, rcpt, data, message, not `x`',
    ],
    [
      '{ overrides: [{ domain: a@b, treatAs: deferred }] }',
      '33+3 `domain` must be a domain such as example.org, not `a@b`',
    ],
    [
      '{ overrides: [{ code: 450, treatAs: x }] }',
      '45+1 `treatAs` must be one of deferred, rejected, not `x`',
    ],
  ])('%s has this message', (written, ...expected) => {
    expect(problems(`bounce: ${written}`)).toEqual(expected);
  });
});

describe('a policy whose `destination` is', () => {
  it.each([
    [
      '{ x: 1 }',
      '16+1 unknown key `x` | keys here: by, connections, messagesPerConnection, providers, suspend, allSuspended, recover',
    ],
    ['{ by: x }', '20+1 `by` must be one of site, domain, not `x`'],
    [
      '{ providers: x }',
      '27+1 `providers` must be a list of patterns of MX names, such as [*.mx.example.net], not `x` | write it as a list: [x]',
    ],
    ['{ connections: 0 }', '29+1 `connections` must be a number of at least 1, not `0`'],
    [
      '{ providers: ["a b"] }',
      '28+5 item 1 of `providers` must be a name such as *.mx.example.net, not `a b`',
    ],
    ['{ suspend: x }', '25+1 `suspend` must be a duration such as 90s, 30m, 6h or 1h30m, not `x`'],
    ['{ allSuspended: x }', '30+1 `allSuspended` must be one of try, wait, not `x`'],
    ['{ recover: x }', '25+1 `recover` must be a duration such as 90s, 30m, 6h or 1h30m, not `x`'],
  ])('%s has this message', (written, ...expected) => {
    expect(problems(`destination: ${written}`)).toEqual(expected);
  });
});

describe('a policy whose `name` is', () => {
  it.each([['""', '7+2 `name` must be a text that is not empty, not an empty text']])(
    '%s has this message',
    (written, ...expected) => {
      expect(problems(`name: ${written}`)).toEqual(expected);
    },
  );
});

describe('a policy whose `causes` is', () => {
  it.each([
    [
      '3',
      '9+1 `causes` must be a list of at most 1000 rules, or the path of a file that has one under `causes:`, not `3`',
    ],
    [
      '""',
      '9+2 `causes` must be a list of at most 1000 rules, or the path of a file that has one under `causes:`, not an empty text',
    ],
    ['[3]', '10+1 item 1 of `causes` must be a mapping, not `3`'],
    ['[{ code: 550 }]', `10+13 \`cause\` is missing | \`cause\`: ${ITS_CAUSES}`],
    [
      '[{ cause: policy }]',
      '10+17 this rule has no condition, so that it matches no reply | add at least one of code, enhanced, stage, text, host or domain',
    ],
    [
      '[{ cause: policy, unless: x, why: y }]',
      '10+36 this rule has no condition, so that it matches no reply | add at least one of code, enhanced, stage, text, host or domain',
    ],
    [
      '[{ cause: policy, x: 1 }]',
      '10+23 this rule has no condition, so that it matches no reply | add at least one of code, enhanced, stage, text, host or domain',
      '27+1 unknown key `x` | keys here: cause, code, enhanced, stage, text, unless, host, domain, why',
    ],
    [
      '[{ cause: policy, code: 399 }]',
      '33+3 `code` must be a reply code from 400 to 599, a class of them such as 5xx, or a list of both, not `399`',
    ],
    [
      '[{ cause: policy, code: 600 }]',
      '33+3 `code` must be a reply code from 400 to 599, a class of them such as 5xx, or a list of both, not `600`',
    ],
    [
      '[{ cause: policy, code: 3xx }]',
      '33+3 `code` must be a reply code from 400 to 599, a class of them such as 5xx, or a list of both, not `3xx` | did you mean `4xx`?',
    ],
    [
      '[{ cause: policy, code: [] }]',
      '33+2 `code` must be a reply code from 400 to 599, a class of them such as 5xx, or a list of both, not an empty list',
    ],
    [
      '[{ cause: policy, enhanced: 2.1.1 }]',
      '37+5 `enhanced` must be an enhanced status code such as 5.2.2, x.2.2 or x.7.*, or a list of them, not `2.1.1`',
    ],
    [
      '[{ cause: policy, enhanced: 4.1 }]',
      '37+3 `enhanced` must be an enhanced status code such as 5.2.2, x.2.2 or x.7.*, or a list of them, not `4.1`',
    ],
    [
      '[{ cause: policy, enhanced: x4.1.1 }]',
      '37+6 `enhanced` must be an enhanced status code such as 5.2.2, x.2.2 or x.7.*, or a list of them, not `x4.1.1`',
    ],
    [
      '[{ cause: policy, enhanced: 4.1.1x }]',
      '37+6 `enhanced` must be an enhanced status code such as 5.2.2, x.2.2 or x.7.*, or a list of them, not `4.1.1x`',
    ],
    [
      '[{ cause: policy, enhanced: 4.1234.1 }]',
      '37+8 `enhanced` must be an enhanced status code such as 5.2.2, x.2.2 or x.7.*, or a list of them, not `4.1234.1`',
    ],
    [
      '[{ cause: policy, enhanced: 4.1.1234 }]',
      '37+8 `enhanced` must be an enhanced status code such as 5.2.2, x.2.2 or x.7.*, or a list of them, not `4.1.1234`',
    ],
    [
      '[{ cause: policy, enhanced: 7 }]',
      '37+1 `enhanced` must be an enhanced status code such as 5.2.2, x.2.2 or x.7.*, or a list of them, not `7`',
    ],
    [
      '[{ cause: policy, enhanced: [] }]',
      '37+2 `enhanced` must be an enhanced status code such as 5.2.2, x.2.2 or x.7.*, or a list of them, not an empty list',
    ],
    [
      '[{ cause: policy, text: "" }]',
      '33+2 `text` must be a pattern of 1 to 400 characters, or a list of them, not an empty text',
    ],
    [
      '[{ cause: policy, text: 3 }]',
      '33+1 `text` must be a pattern of 1 to 400 characters, or a list of them, not `3`',
    ],
    [
      '[{ cause: policy, text: "(" }]',
      '33+3 this pattern cannot be used: missing closing ): `(?i)(` | patterns are regular expressions in the syntax of RE2: no back-references, no look-around',
    ],
    [
      '[{ cause: policy, text: [] }]',
      '33+2 `text` must be a pattern of 1 to 400 characters, or a list of them, not an empty list',
    ],
    [
      '[{ cause: policy, text: a, unless: "(?=a)" }]',
      '44+7 this pattern cannot be used: invalid or unsupported Perl syntax: `(?=` | patterns are regular expressions in the syntax of RE2: no back-references, no look-around',
    ],
    [
      '[{ cause: policy, text: a, unless: [] }]',
      '44+2 `unless` must be a pattern of 1 to 400 characters, or a list of them, not an empty list',
    ],
    [
      '[{ cause: policy, host: a b }]',
      '33+3 `host` must be a name such as mx.example.org or *.example.org, or a list of them, not `a b`',
    ],
    [
      '[{ cause: policy, host: a@b }]',
      '33+3 `host` must be a name such as mx.example.org or *.example.org, or a list of them, not `a@b`',
    ],
    [
      '[{ cause: policy, host: <a }]',
      '33+2 `host` must be a name such as mx.example.org or *.example.org, or a list of them, not `<a`',
    ],
    [
      '[{ cause: policy, host: a) }]',
      '33+2 `host` must be a name such as mx.example.org or *.example.org, or a list of them, not `a)`',
    ],
    [
      '[{ cause: policy, host: 3 }]',
      '33+1 `host` must be a name such as mx.example.org or *.example.org, or a list of them, not `3`',
    ],
    [
      '[{ cause: policy, host: [] }]',
      '33+2 `host` must be a name such as mx.example.org or *.example.org, or a list of them, not an empty list',
    ],
    [
      '[{ cause: policy, domain: 3 }]',
      '35+1 `domain` must be a name such as mx.example.org or *.example.org, or a list of them, not `3`',
    ],
    [
      '[{ cause: policy, stage: x }]',
      '34+1 `stage` must be one of connect, ehlo, starttls, mail, rcpt, data, message, or a list of them, not `x`',
    ],
    [
      '[{ cause: policy, stage: [] }]',
      '34+2 `stage` must be one of connect, ehlo, starttls, mail, rcpt, data, message, or a list of them, not an empty list',
    ],
    [
      '[{ cause: policy, code: 550, why: "" }]',
      '43+2 `why` must be a text that is not empty, not an empty text',
    ],
  ])('%s has this message', (written, ...expected) => {
    expect(problems(`causes: ${written}`)).toEqual(expected);
  });
});

describe('a policy is right', () => {
  it.each([
    'retry: { attempts: { replied: 1 } }',
    'retry: { attempts: 1 }',
    'retry: { jitter: 0 }',
    'retry: { jitter: 1 }',
    'retry: { window: 0s }',
    'bounce: { softBouncesToError: 1 }',
    'bounce: { overrides: [{ code: 400, treatAs: deferred }, { code: 599, treatAs: rejected }] }',
    'bounce: { overrides: [{ enhanced: 4.123.123, treatAs: deferred }, { enhanced: 5.0.0, treatAs: rejected }] }',
    'destination: { suspend: 0s, allSuspended: try, recover: 0s }',
    'destination: { by: domain, providers: [], connections: 1, messagesPerConnection: 1 }',
    'destination: { by: site, providers: ["*.Mx.example.net", mx.example.org] }',
    'causes: []',
    'causes: [{ cause: policy, code: 400 }, { cause: policy, code: [599, 4xx, 5xx] }]',
    'causes: [{ cause: policy, enhanced: [x.1.1, 4.123.123, 5.123.*] }]',
    `causes: [{ cause: policy, text: ${'a'.repeat(400)}, host: ${'a'.repeat(255)} }]`,
    'causes: [{ cause: policy, host: "*.a.*.b.*.c.*.d.*.e" }]',
    `causes: [{ cause: policy, text: [${'a,'.repeat(100)}] }]`,
    `causes: [${'{ cause: policy, code: 550 },'.repeat(1000)}]`,
  ])('up to its limits: %.90s', (line) => {
    expect(problems(line)).toEqual([]);
  });

  it.each([
    [`text: ${'a'.repeat(401)}`, 'a pattern of 1 to 400 characters, or a list of them'],
    [`text: [${'a,'.repeat(101)}]`, 'a list of at most 100 items'],
    [`host: ${'a'.repeat(256)}`, 'a name such as mx.example.org or *.example.org, or a list of them'],
  ])('and not beyond them: %.40s', (condition, message) => {
    expect(problems(`causes: [{ cause: policy, ${condition} }]`).join()).toContain(`must be ${message}, not`);
  });

  it('with a thousand rules, and not with one more', () => {
    expect(problems(`causes: [${'{ cause: policy, code: 550 },'.repeat(1001)}]`).join()).toContain(
      '`causes` must be a list of at most 1000 rules, or the path of a file',
    );
  });
});
