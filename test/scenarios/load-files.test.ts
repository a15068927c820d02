// Files that are not readable scenarios, forms of YAML that are accepted, hostile input, and several
// problems of one file at once.

import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROBLEMS_MAX } from '../../src/documents/problems.js';
import { loadScenario } from '../../src/scenarios/load.js';
import {
  folder,
  lineOf,
  load,
  planOf,
  problemsOf,
  scenario,
  scratch,
  unplaced,
  write,
} from './load-scratch.js';

const loadPath = (path: string) => loadScenario(path, { cwd: scratch });

describe('a file that cannot be read', () => {
  it('is reported when it does not exist', () => {
    const problem = {
      message: 'there is no such file',
      location: { file: 'no/such.yaml', line: 1, column: 1 },
    };
    expect(loadPath('no/such.yaml')).toEqual({ file: 'no/such.yaml', source: '', problems: [problem] });
  });

  it('is reported when it is a folder', () => {
    folder('folder.yaml');
    expect(loadPath('folder.yaml').problems?.map(lineOf)).toEqual([
      'folder.yaml:1:1+1 this is a folder, not a file',
    ]);
  });

  it.skipIf(process.platform === 'win32')('is reported when it is a named pipe, and is not opened', () => {
    execFileSync('mkfifo', [join(folder(), 'pipe.yaml')]);
    expect(loadPath('pipe.yaml').problems?.map(lineOf)).toEqual([
      'pipe.yaml:1:1+1 this is not a regular file',
    ]);
  });

  it('is reported when it is too large, and is not read', () => {
    // A sparse file of 50 GiB: reading it would exhaust the memory.
    const file = openSync(join(folder(), 'large.yaml'), 'w');
    ftruncateSync(file, 50 * 1024 ** 3);
    closeSync(file);
    expect(loadPath('large.yaml').problems?.map(lineOf)).toEqual([
      'large.yaml:1:1+1 the file is too large: 51200 MiB, and the limit is 1 MiB | large audiences belong in a CSV file (audience: { file: ... }) or in audience.generate',
    ]);
  });

  it.each([
    ['NUL bytes', new Uint8Array([0x61, 0, 0x62]), 'the file is binary: it holds NUL bytes'],
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x61, 0]), 'the file is binary: it holds NUL bytes'],
    ['Latin-1', new Uint8Array([0x61, 0x3a, 0x20, 0xe4]), 'the file is not valid UTF-8, first on line 1'],
    [
      'UTF-8 but for one character',
      Buffer.concat([Buffer.from('a: ä\nb: '), Buffer.from([0xe4]), Buffer.from('\nc: d\n')]),
      'the file is not valid UTF-8, first on line 2',
    ],
  ])('is reported when it contains %s', (_what, bytes, message) => {
    expect(problemsOf(bytes)).toEqual([`1:1+1 ${message} | save it as text in UTF-8`]);
  });
});

describe('a file that is not a mapping', () => {
  const hint = 'start with `name: ...`';
  it.each([
    ['nothing', '', `1:1+1 the file is empty: it holds no scenario | ${hint}`],
    ['comments only', '# nothing\n# here\n', `1:1+1 the file is empty: it holds no scenario | ${hint}`],
    ['a document mark', '---\n', `1:1+1 the file is empty: it holds no scenario | ${hint}`],
    ['a text', 'hello\n', '1:1+5 a scenario is a mapping of keys such as `name:`, and this is `hello`'],
    ['a list', '- name\n', '1:1+6 a scenario is a mapping of keys such as `name:`, and this is a list'],
  ])('is reported when it contains %s', (_what, text, expected) => {
    expect(problemsOf(text)).toEqual([expected]);
  });

  it('reports every required key that is missing', () => {
    expect(problemsOf('tags: []\n')).toEqual([
      '1:1+8 `name` is missing | `name`: Title of the experiment, in a few words',
      '1:1+8 `audience` is missing | `audience`: The contacts at the start of the run',
      '1:1+8 `mailings` is missing | `mailings`: The mailings that are sent, and when',
      '1:1+8 `expect` is missing | `expect`: What must be true, and when',
      '1:1+8 `fleet` is missing | `fleet`: The receiving servers by recipient domain; `default` receives for all other domains',
    ]);
  });
});

describe('ways to write a file', () => {
  const inPlace = (text: string | Uint8Array) => problemsOf(text)[0]?.split(' ')[0];

  it('accepts a byte order mark and counts columns without it', () => {
    expect(planOf(`\ufeff${scenario()}`).name).toBe('a test');
    expect(inPlace(`\ufeffnaem: x\n${scenario({ name: '' })}`)).toBe('1:1+4');
  });

  it('accepts Windows line ends', () => {
    expect(planOf(scenario().replaceAll('\n', '\r\n'))).toEqual(planOf(scenario()));
    const wrong = scenario({ more: 'tags: outage' });
    expect(problemsOf(wrong.replaceAll('\n', '\r\n'))).toEqual(problemsOf(wrong));
  });

  it('accepts anchors, aliases and merge keys', () => {
    const plan = planOf(
      scenario({
        fleet: [
          'fleet:',
          '  example.org: &full { mailboxes: { bob: &b { do: mailbox-full, until: 1h } } }',
          '  yahoo.com:',
          '    <<: *full',
          '    behaviors: [{ <<: *b, permanent: true }]',
        ].join('\n'),
      }),
    );
    const full = { do: 'mailbox-full', at: 'rcpt', when: { until: 3_600_000 }, params: { permanent: false } };
    expect(unplaced(plan.fleet['yahoo.com'])).toEqual({
      behaviors: [{ ...full, params: { permanent: true } }],
      mailboxes: [{ pattern: 'bob', behaviors: [full] }],
    });
  });

  it('accepts an alias that is used many times', () => {
    const names = Array.from({ length: 2000 }, (_, i) => `      m${i}: *full`).join('\n');
    const fleet = `fleet:\n  yahoo.com: {}\n  example.org:\n    mailboxes:\n      first: &full mailbox-full\n${names}`;
    expect(planOf(scenario({ fleet })).fleet['example.org']?.mailboxes).toHaveLength(2001);
  });

  it('marks an alias where it is used', () => {
    const more = 'description: &d 3\ntags: [*d]';
    expect(problemsOf(scenario({ more }))).toContain(
      '12:8+2 item 1 of `tags` must be a text, not `3` | put it in quotes: "3"',
    );
  });
});

describe('hostile files', () => {
  it('with exponentially nested aliases are refused', () => {
    const levels = 'abcdefghi'.split('').map((name, i, all) => {
      const item = i === 0 ? 'x' : `*${all[i - 1]}`;
      return `${name}: &${name} [${Array(9).fill(item).join(', ')}]`;
    });
    expect(problemsOf(levels.join('\n'))).toEqual([
      expect.stringMatching(
        /^\d:\d+\+\d+ aliases expand the file by more than 1,000,000 values \| use fewer aliases of aliases/,
      ),
    ]);
  });

  it('with mappings that each take in all before them are refused', () => {
    const levels = Array.from({ length: 3000 }, (_, i) => {
      const before = i === 0 ? '' : `<<: *a${i - 1}, `;
      return `a${i}: &a${i} {${before}k${i}: 1}`;
    });
    expect(problemsOf(levels.join('\n'))).toEqual([
      expect.stringMatching(/^\d+:\d+\+\d+ aliases expand the file by more than 1,000,000 values/),
    ]);
  });

  it('with patterns of many stars are matched at once', () => {
    const text = scenario({
      fleet: 'fleet: { example.org: { mailboxes: { "*a*a*a*a*a*a*a*a*b": nonexistent-user } } }',
      audience: `audience: { contacts: [${'a'.repeat(60)}@example.org] }`,
    });
    expect(problemsOf(text)).toEqual([]);
  });

  it('with thousands of unknown names are read up to the thousandth', () => {
    const events = Array.from({ length: 3000 }, (_, i) => `  - { at: 1s, opt-out: nobody${i}@a.test }`);
    const problems = problemsOf(scenario({ more: `events:\n${events.join('\n')}\n` }));
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)).toContain('(and 899 more problems after it)');
  });

  it.each([
    ['lists', '['.repeat(200_000)],
    ['mappings', '{a: '.repeat(100_000)],
    ['dashes', '- '.repeat(100_000)],
    ['indentation', Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('with %s nested too deeply are refused', (_what, text) => {
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(/ the file is nested too deeply \| no scenario needs/),
    ]);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'with the key `%s` are read without touching a prototype',
    (key) => {
      expect(problemsOf(scenario({ more: `${key}: 1` }))[0]).toMatch(
        `11:1+${key.length} unknown key \`${key}\``,
      );
      const inside = `expect:\n  - { at: end, november: { causes: { ${key}: 1 } }, statuses: { ${key}: 1 }, ${key}: { delivered: 1 } }`;
      expect(problemsOf(scenario({ expect: inside }))).toHaveLength(3);
      expect(problemsOf(scenario({ fleet: `fleet:\n  default: { behaviors: [${key}] }` }))[0]).toContain(
        `unknown behavior \`${key}\``,
      );
    },
  );

  it('have their control characters shown as text', () => {
    expect(problemsOf(scenario({ more: 'tags: "\\e[31m\\u202e"' }))[0]).toContain('not `\\x1b[31m\\u202e`');
  });

  it('with a mistake at every character or line are read', () => {
    expect(problemsOf(`tags: [${','.repeat(200_000)}]`)).toEqual([
      '1:9+1 not valid YAML: unexpected , in flow sequence',
    ]);
    expect(problemsOf('tags: []\n'.repeat(100_000))).toHaveLength(PROBLEMS_MAX + 1);
  });

  it('with many problems show the first ones and the number of the others', () => {
    const items = Array.from({ length: 1000 }, (_, i) => `  - ${i}`).join('\n');
    const problems = load(scenario({ more: `tags:\n${items}` })).problems ?? [];
    expect(problems).toHaveLength(PROBLEMS_MAX + 1);
    expect(problems.at(-1)?.message).toMatch(/\(and 899 more problems after it\)$/);
  });
});

describe('several problems', () => {
  it('are reported together, in the order of the file', () => {
    const text = [
      'name: a test',
      'polcy: emma',
      'fleet:',
      '  example.org: { behaviors: [{ do: busy, until: 30 }] }',
      'audience:',
      '  contacts: [bob@example.org, bob@example.org, eve@yahoo.com]',
      'mailings:',
      '  - { name: november, at: 1 }',
      '  - { name: november }',
      'events:',
      '  - { at: 1h, opt-out: nobody@example.org }',
      'expect:',
      '  - at: end',
      '    november: { delivered: many, attempts: { carl@example.org: 4 } }',
      '    december: { delivered: 1 }',
    ].join('\n');
    expect(problemsOf(text).map((line) => line.replace(/ \| .*/, ''))).toEqual([
      '2:1+5 unknown key `polcy`',
      '4:49+2 `until` must be a duration such as 90s, 30m, 6h or 1h30m, not `30`',
      '6:31+15 the contact `bob@example.org` is named twice',
      '6:48+13 no receiving server for `yahoo.com`',
      '8:27+1 `at` must be a duration such as 90s, 30m, 6h or 1h30m, not `1`',
      '9:13+8 there are two mailings `november`',
      '11:24+18 there is no contact `nobody@example.org` at any time',
      '14:28+4 `delivered` must be a number such as 3, a range such as "2..4", or a bound such as ">= 990", "<= 40", "> 1" or "< 5", not `many`',
      '14:46+16 there is no contact `carl@example.org` at any time',
      '15:5+8 there is no mailing `december`',
    ]);
  });

  it('are reported beside a syntax error when they are before it', () => {
    const text = ['name: 3', 'tags: [a', 'fleet: {}', 'audience: { contacts: bob }', 'mailings: 3'].join(
      '\n',
    );
    const problems = problemsOf(text);
    expect(problems[0]).toBe('1:7+1 `name` must be a text, not `3` | put it in quotes: "3"');
    expect(problems[1]).toMatch(/^3:1\+1 not valid YAML: a bracket that was opened/);
    // What follows the open bracket may be part of it: it is reported neither as missing nor as wrong.
    expect(problems).toHaveLength(2);
  });

  it('of one entry do not make references to that entry unknown', () => {
    const mailings = 'mailings:\n  - { name: november, at: soon }';
    expect(problemsOf(scenario({ mailings }))).toHaveLength(1);
    const audience = 'audience:\n  contacts: [{ address: bob@example.org, status: ok }, eve@yahoo.com]';
    const more = 'events:\n  - { at: 1h, opt-out: bob@example.org }';
    expect(problemsOf(scenario({ audience, more }))).toHaveLength(1);
  });

  it('in another file name that file', () => {
    write('mine.yaml', 'name: mine\nretry:\n  interval: 30\n  attemptz: 4\nbounce: { hard: all }\n');
    const result = load(scenario({ more: 'policy: ./mine.yaml\ntags: 3' }));
    expect(result.problems?.map((problem) => lineOf(problem).replace(/ \| .*/, ''))).toEqual([
      '12:7+1 `tags` must be a list, not `3`',
      expect.stringMatching(/^mine\.yaml:3:13\+2 `interval` must be a duration over 0s/),
      'mine.yaml:4:3+8 unknown key `attemptz`',
      'mine.yaml:5:17+3 `hard` must be one of any-5xx, recipient-only, not `all`',
    ]);
    expect(result.problems?.[1]?.source).toMatch(/^name: mine\nretry:/);
    expect(result.problems?.[0]?.source).toBeUndefined();
  });
});
