// The width, cutting and wrapping of terminal text, and figures as text.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliveryCounts, plural, virtualTime, wallTime } from '../../../src/reporters/figures.js';
import { displayWidth, pad, truncate, wrap } from '../../../src/reporters/terminal/layout.js';
import { scenario } from '../samples.js';

describe('width', () => {
  it('counts columns, not characters', () => {
    expect(displayWidth('abc')).toBe(3);
    expect(displayWidth('日本')).toBe(4);
    expect(displayWidth('e\u0301')).toBe(1);
    expect(displayWidth('👩‍💻')).toBe(2);
    expect(displayWidth('\u001b[31mred\u001b[0m')).toBe(3);
  });

  it.each([
    ['half-width katakana', 'ﾒｰﾙ', 3],
    ['half-width katakana with a sound mark', 'ｶﾞ', 2],
    ['katakana', 'メール', 6],
    ['an ideographic space', 'a\u3000b', 4],
    ['ideographic punctuation', '、。「」', 8],
    ['a full-width currency sign', '￥', 2],
    ['an emoji that only its selector makes one', '❤\ufe0f', 2],
    ['the same sign as text', '❤', 1],
    ['a key', '1\ufe0f\u20e3', 2],
    ['a flag', '🇯🇵', 2],
    ['Hangul as jamo', '한'.normalize('NFD'), 2],
    ['signs of the reports', '✓✗…·→│▁█', 8],
    ['a combining mark alone', '\u0301', 0],
  ])('counts %s', (_what, text, columns) => {
    expect(displayWidth(text)).toBe(columns);
  });

  it('cuts with an ellipsis and never splits a character', () => {
    expect(truncate('a long name', 6)).toBe('a lon…');
    expect(truncate('a long name', 11)).toBe('a long name');
    expect(truncate('日本語', 4)).toBe('日…');
    expect(truncate('abc', 0)).toBe('');
    expect(truncate('日本、東京', 6)).toBe('日本…');
    expect(truncate('ｶﾞｶﾞｶﾞ', 4)).toBe('ｶﾞ…');
    expect(truncate('❤\ufe0f❤\ufe0f', 3)).toBe('❤\ufe0f…');
    expect(truncate('👩‍💻👩‍💻👩‍💻', 4)).toBe('👩‍💻…');
  });

  it('cuts any text to the given columns, and removes only its end', () => {
    fc.assert(
      fc.property(graphemes(100), fc.integer({ min: 1, max: 60 }), (text, columns) => {
        const cut = truncate(text, columns);
        expect(displayWidth(cut)).toBeLessThanOrEqual(columns);
        if (cut === text) return;
        expect(cut.endsWith('…')).toBe(true);
        const kept = segmentsOf(cut.slice(0, -1));
        expect(segmentsOf(text).slice(0, kept.length)).toEqual(kept);
      }),
    );
  });

  it('pads to a column', () => {
    expect(pad('日', 4)).toBe('日  ');
    expect(pad('「ﾒｰﾙ」', 9)).toBe('「ﾒｰﾙ」  ');
    expect(pad('abcdef', 3)).toBe('abcdef');
  });
});

describe('wrapping', () => {
  it('breaks at blanks and keeps the indent', () => {
    expect(wrap('  one two three four', 12)).toEqual(['  one two', '  three four']);
  });

  it('breaks inside a word only when the word is longer than a line', () => {
    expect(wrap('a abcdefghi b', 10)).toEqual(['a', 'abcdefghi', 'b']);
    expect(wrap('a abcdefghijklmnop b', 10)).toEqual(['a abcdefgh', 'ijklmnop b']);
    expect(wrap('  abcdefghijklmnop', 10)).toEqual(['  abcdefgh', '  ijklmnop']);
    expect(wrap('、。「」日本語', 11)).toEqual(['、。「」日', '本語']);
  });

  it('keeps the blanks between words of a line', () => {
    expect(wrap('  attempt 1  0m  no host', 40)).toEqual(['  attempt 1  0m  no host']);
  });

  it('breaks a line of combining marks, which have no width', () => {
    expect(wrap('abcdefghij \u0301', 10)).toEqual(['abcdefghij', '\u0301']);
    const lines = wrap(`a${' \u0301'.repeat(30)}`, 10);
    expect(lines.join('').match(/\u0301/g)).toHaveLength(30);
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(10);
  });

  it('returns one line for an empty text, and no blanks at the end of a line', () => {
    expect(wrap('', 10)).toEqual(['']);
    expect(wrap('one two    three', 10)).toEqual(['one two', 'three']);
  });

  it('keeps all text and never exceeds the width', () => {
    fc.assert(
      fc.property(graphemes(200), fc.integer({ min: 10, max: 60 }), (text, columns) => {
        const line = text.replaceAll(/\s/g, ' ');
        const lines = wrap(line, columns);
        // Composed and decomposed characters are canonically equivalent (Unicode).
        expect(lines.join('').replaceAll(' ', '').normalize()).toBe(line.replaceAll(' ', '').normalize());
        for (const one of lines) expect(displayWidth(one)).toBeLessThanOrEqual(columns);
      }),
    );
  });
});

/** Random text of any script, with many wide and half-width characters. */
function graphemes(maxLength: number): fc.Arbitrary<string> {
  const wide = fc.constantFrom(
    '日',
    '、',
    '「',
    '\u3000',
    'ｶﾞ',
    'ﾒ',
    '￥',
    '❤\ufe0f',
    '👩‍💻',
    '🇯🇵',
    'e\u0301',
    '\u0301',
    ' ',
  );
  return fc.string({
    unit: fc.oneof(wide, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })),
    maxLength,
  });
}

function segmentsOf(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}

describe('figures', () => {
  it('formats real time in a suitable unit', () => {
    expect(wallTime(0)).toBe('0 ms');
    expect(wallTime(412.4)).toBe('412 ms');
    expect(wallTime(999.7)).toBe('1.0 s');
    expect(wallTime(1800)).toBe('1.8 s');
    expect(wallTime(59_980)).toBe('1m');
    expect(wallTime(125_000)).toBe('2m05s');
  });

  it('formats virtual time in whole hours from ten hours on', () => {
    expect(virtualTime(0)).toBe('0s');
    expect(virtualTime(5_400_000)).toBe('1h30m');
    expect(virtualTime(108_000_000)).toBe('30h');
    expect(virtualTime(612 * 3_600_000 * 10)).toBe('6,120h');
  });

  it('sums the deliveries of all mailings and omits zeros', () => {
    expect(deliveryCounts(scenario())).toBe('1,000 delivered · 3 soft · 1 hard');
    const waited = { ...scenario().mailings['november']!, unattempted: 2 };
    expect(deliveryCounts(scenario({ mailings: { november: waited } }))).toBe(
      '1,000 delivered · 3 soft (2 unattempted) · 1 hard',
    );
    const { november } = scenario().mailings;
    const open = { ...november!, delivered: 0, bounced: { soft: 0, hard: 0 }, withdrawn: 2, inProgress: 1 };
    expect(deliveryCounts(scenario({ mailings: { a: open, b: open } }))).toBe('4 withdrawn · 2 in progress');
    expect(deliveryCounts(scenario({ mailings: {} }))).toBe('');
  });

  it('formats counts with their noun', () => {
    expect(plural(1, 'scenario')).toBe('1 scenario');
    expect(plural(1200, 'attempt')).toBe('1,200 attempts');
  });
});
