// The frame around a location in a file: aligned for any content, and without control characters.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeFrame } from '../../src/documents/code-frame.js';
import type { CodeFrameOptions } from '../../src/documents/code-frame.js';

const SOURCE = [
  'name: x',
  'expect:',
  '  - at: end',
  '    november:',
  '      delivered: 1000',
  '      withdrawn: 0',
  '',
].join('\n');

const frame = (source: string, line: number, column: number, length?: number, options?: CodeFrameOptions) =>
  codeFrame(
    source,
    { file: 't.yaml', line, column, ...(length === undefined ? {} : { length }) },
    options,
  ).split('\n');

/** The text above the carets. */
function marked(lines: string[]): string {
  const at = lines.findIndex((line) => /^\s+\| +\^+/.test(line));
  const start = lines[at]!.indexOf('^');
  const end = lines[at]!.lastIndexOf('^') + 1;
  return lines[at - 1]!.slice(start, end);
}

describe('a code frame', () => {
  it('shows the line between its neighbors, with carets under the marked text', () => {
    expect(frame(SOURCE, 5, 18, 4)).toEqual([
      '  3 |   - at: end',
      '  4 |     november:',
      '> 5 |       delivered: 1000',
      '    |                  ^^^^',
      '  6 |       withdrawn: 0',
    ]);
  });

  it('shows a label after the carets, and as many lines around them as requested', () => {
    expect(frame(SOURCE, 5, 18, 4, { context: 0, label: 'found 998' })).toEqual([
      '> 5 |       delivered: 1000',
      '    |                  ^^^^ found 998',
    ]);
  });

  it('stays inside the file', () => {
    expect(frame('a: 1\n', 1, 1)).toEqual(['> 1 | a: 1', '    | ^']);
    expect(frame('a: 1', 1, 1, 4, { context: 9 })).toEqual(['> 1 | a: 1', '    | ^^^^']);
    expect(codeFrame('', { file: 't', line: 1, column: 1 })).toBe('> 1 |\n    | ^');
    expect(codeFrame('a\n', { file: 't', line: 9, column: 1 })).toBe('');
    expect(frame('abc', 1, 99, 5)).toEqual(['> 1 | abc', '    |    ^']);
    expect(marked(frame('abc', 1, 2, 99))).toBe('bc');
  });

  it('aligns the numbers of its lines', () => {
    const source = Array.from({ length: 12 }, (_, i) => `l${i + 1}`).join('\n');
    expect(frame(source, 10, 1, 3, { context: 1 })).toEqual([
      '   9 | l9',
      '> 10 | l10',
      '     | ^^^',
      '  11 | l11',
    ]);
  });

  it.each([
    ['tabs', 'a:\t\tb: x', 5, 1, 'b'],
    ['wide characters', '名前: 例え', 5, 2, ''],
    ['an emoji of several characters', 'a: "👩‍👩‍👧" b', 15, 1, 'b'],
    ['combining marks', 'e\u0301e\u0301: x', 7, 1, 'x'],
    ['control characters', 'a\x1b[31m: x', 9, 1, 'x'],
    ['marks that change the direction', 'a\u202e: x', 5, 1, 'x'],
    ['Windows line endings', 'a: x\r\nb: y\r', 4, 1, 'x'],
  ])('stays aligned with %s', (_what, source, column, length, expected) => {
    const lines = frame(source, 1, column, length, { context: 0 });
    // The columns that a terminal shows, which for wide characters are two.
    const before = widthOf(
      lines[0]!.slice(0, lines[0]!.lastIndexOf(source.slice(column - 1, column - 1 + length).trim())),
    );
    expect(lines[1]!.indexOf('^')).toBe(before);
    if (expected !== '') expect(source.slice(column - 1, column - 1 + length)).toBe(expected);
    expect(lines.join('')).not.toMatch(/\r|\t/);
  });

  it.each([
    ['half-width katakana', 'ﾒｰﾙ: x', 5],
    ['half-width katakana with a sound mark', 'ｶﾞ: x', 4],
    ['ideographic punctuation and space', '、。「」\u3000: x', 12],
    ['a full-width currency sign', '￥: x', 4],
    ['an emoji that only its selector makes one', '❤\ufe0f: x', 4],
    ['numbers in circles', '㊀: x', 4],
    ['a mark of a tag behind a wide character', '日\u{e0041}: x', 13],
  ])('puts the caret under the right column behind %s', (_what, source, columns) => {
    const [, carets] = frame(source, 1, source.indexOf('x') + 1, 1, { context: 0 });
    expect(carets).toBe(`    | ${' '.repeat(columns)}^`);
  });

  it('puts as many carets as what is meant takes columns', () => {
    expect(frame('a: ﾒｰﾙ', 1, 4, 3, { context: 0 })[1]).toBe('    |    ^^^');
    expect(frame('a: 「日」', 1, 4, 3, { context: 0 })[1]).toBe('    |    ^^^^^^');
  });

  it('shows control characters as text', () => {
    expect(frame('a: \x1b[31m\x07\u202e\u2028x', 1, 4, 1, { context: 0 })).toEqual([
      '> 1 | a: \\x1b[31m\\x07\\u202e\\u2028x',
      '    |    ^^^^',
    ]);
    expect(codeFrame('a', { file: 't', line: 1, column: 1 }, { label: 'b\x1b[2Jc' })).toContain(
      '^ b\\x1b[2Jc',
    );
  });

  it('crops long lines around the marked text', () => {
    const long = `${'a'.repeat(5000)}HERE${'b'.repeat(5000)}`;
    const lines = frame(`${'c'.repeat(500)}\n${long}`, 2, 5001, 4);
    expect(marked(lines)).toBe('HERE');
    expect(lines[1]).toMatch(/^> 2 \| …a+HEREb+…$/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual('> 2 | '.length + 101);
    expect(marked(frame(long, 1, 1, 4))).toBe('aaaa');
    expect(marked(frame(long, 1, 10_001, 4))).toBe('bbbb');
    expect(marked(frame(`x${'é'.repeat(3000)}!`, 1, 3002, 1))).toBe('!');
  });

  it('is no wider than the given width', () => {
    const lines = frame('x'.repeat(300), 1, 150, 3, { width: 40 });
    expect(marked(lines)).toBe('xxx');
    expect(lines[0]!.length).toBeLessThanOrEqual('> 1 | '.length + 41);
  });

  it('shows a line near the end of a large file', () => {
    const source = 'address,status\n'.repeat(500_000);
    expect(frame(source, 499_999, 1, 7)[2]).toBe('> 499999 | address,status');
  });

  it('has colors only on request', () => {
    expect(codeFrame(SOURCE, { file: 't', line: 5, column: 18 }, { color: true })).toContain('\x1b[31m');
    expect(codeFrame(SOURCE, { file: 't', line: 5, column: 18 })).not.toContain('\x1b');
  });

  it('accepts any text and any location', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(
        text,
        fc.nat(12),
        fc.nat(400),
        fc.nat(400),
        fc.string({ unit: 'binary' }),
        (source, line, column, length, label) => {
          const shown = codeFrame(
            source,
            { file: 't', line: line + 1, column: column + 1, length },
            { label },
          );
          // eslint-disable-next-line no-control-regex -- control characters are what must not be there
          expect(shown).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029]/);
          if (line < source.split('\n').length) expect(shown).toContain('^');
          else expect(shown).toBe('');
          expect(shown.split('\n').length).toBeLessThanOrEqual(6);
        },
      ),
    );
  });
});

/** Columns of a terminal, for the characters that these tests use. */
function widthOf(text: string): number {
  return [...new Intl.Segmenter().segment(text)].reduce(
    (sum, { segment }) => sum + (/[\u3000-\u9fff]|\p{Extended_Pictographic}/u.test(segment) ? 2 : 1),
    0,
  );
}
