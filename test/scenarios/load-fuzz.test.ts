// For any content of a file the loader returns a plan, or problems that have a location in the file and
// can be shown.

import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { codeFrame } from '../../src/documents/code-frame.js';
import { load, write } from './load-scratch.js';

const FULL = readFileSync(new URL('../fixtures/load/full.yaml', import.meta.url), 'utf8');

/** Text that is inserted into a valid file to break it: pieces with a meaning in YAML or in the format. */
const PIECES = [
  ...[
    '',
    ' ',
    '\n',
    '\t',
    '\r\n',
    ':',
    ': ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '&a ',
    '*a',
    '<<: *a',
    '!x ',
    '"',
    "'",
    '#',
    '|',
    '>',
    '?',
    '%',
  ],
  ...[
    '---\n',
    '...\n',
    '\0',
    '\ud800',
    '\ufeff',
    '\u202e',
    '\u2028',
    'null',
    '.nan',
    '-1',
    '1e400',
    '0x1F',
    '__proto__',
    'do',
    'at',
  ],
  ...[
    'end',
    'default',
    '*@x',
    '0h..0h',
    '9999999999999999d',
    '1..0',
    'constructor',
    '@',
    'bob@example.org',
    'active',
    'accept',
    'reply',
  ],
];

function check(text: string): void {
  const result = load(text);
  if (result.plan) return;
  expect(result.problems.length).toBeGreaterThan(0);
  for (const { message, hint, location, source } of result.problems) {
    expect(message).not.toMatch(/undefined|\[object|NaN must|Error:/);
    expect(hint ?? '').not.toMatch(/undefined|\[object/);
    // Nothing was read, so there is no line to show.
    if (result.source === '' && location.line === 1 && location.column === 1) continue;
    const line = (source ?? result.source).split('\n')[location.line - 1];
    expect(line, `${location.line} is a line`).toBeDefined();
    expect(location.column).toBeGreaterThanOrEqual(1);
    // A missing quote or bracket is located after the last character of its line.
    expect(location.column).toBeLessThanOrEqual(line!.length + 1);
    const end = location.column + (location.length ?? 1) - 1;
    expect(end).toBeLessThanOrEqual(Math.max(location.column, line!.length));
    const frame = codeFrame(source ?? result.source, location);
    expect(frame).toMatch(new RegExp(`^> *${location.line} \\|`, 'm'));
    // eslint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(frame).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  }
}

describe('the loader', () => {
  it('reads the unchanged file', () => {
    write('audience.csv', 'address\nzoe@example.org\n');
    expect(load(FULL).problems).toBeUndefined();
  });

  it('returns for any text', () => {
    const word = fc.oneof(
      fc.constantFrom(...PIECES),
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom(...FULL.split(/\s+/)),
    );
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 60 }).map((words) => words.join('')),
        check,
      ),
      { numRuns: 200 },
    );
  });

  it('returns for a valid file with some text replaced', () => {
    const place = fc.nat({ max: FULL.length });
    const change = fc.record({ at: place, remove: fc.nat({ max: 12 }), insert: fc.constantFrom(...PIECES) });
    const mutated = fc
      .array(change, { minLength: 1, maxLength: 3 })
      .map((changes) =>
        changes.reduce(
          (text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove),
          FULL,
        ),
      );
    fc.assert(fc.property(mutated, check), { numRuns: 300 });
  });

  it('returns for a valid file with a value replaced by one of another type', () => {
    const values = [
      '',
      '~',
      '3',
      '-1',
      '1.5',
      '.inf',
      'true',
      '""',
      'text',
      '[]',
      '[a]',
      '{}',
      '{ a: 1 }',
      '[[]]',
      '2024-01-01',
      '*x',
    ];
    const lines = FULL.split('\n');
    const keyed = lines.flatMap((line, i) => (/^\s*(?:- )?[\w-]+:/.test(line) ? [i] : []));
    const replaced = fc
      .tuple(fc.constantFrom(...keyed), fc.constantFrom(...values))
      .map(([i, value]) =>
        lines.map((line, j) => (i === j ? line.replace(/:.*/, `: ${value}`) : line)).join('\n'),
      );
    fc.assert(fc.property(replaced, check), { numRuns: 200 });
  });

  it('returns for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const result = load(bytes);
        expect(result.plan).toBeUndefined();
        expect(result.problems?.length).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
  });

  it('returns for any audience file', () => {
    const csv = fc.array(
      fc.constantFrom(
        'address',
        'status',
        ',',
        '"',
        '\n',
        '\r\n',
        '\r',
        ' ',
        'a@example.org',
        'b@example.org',
        'error',
        '3',
        '""',
        ';',
      ),
      {
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(csv, fc.boolean(), (parts, headed) => {
        write('audience.csv', `${headed ? 'address,status\n' : ''}${parts.join('')}`);
        check(FULL);
      }),
      { numRuns: 300 },
    );
  });
});
