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

  it('cuts with an ellipsis and never splits a character', () => {
    expect(truncate('a long name', 6)).toBe('a lon…');
    expect(truncate('a long name', 11)).toBe('a long name');
    expect(truncate('日本語', 4)).toBe('日…');
    expect(truncate('abc', 0)).toBe('');
  });

  it('pads to a column', () => {
    expect(pad('日', 4)).toBe('日  ');
    expect(pad('abcdef', 3)).toBe('abcdef');
  });
});

describe('wrapping', () => {
  it('breaks at blanks and keeps the indent', () => {
    expect(wrap('  one two three four', 12)).toEqual(['  one two', '  three four']);
  });

  it('breaks inside a word only when it is too long alone', () => {
    expect(wrap('a abcdefghijklmnop b', 10)).toEqual(['a', 'abcdefghij', 'klmnop b']);
  });

  it('loses no text and exceeds no width', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.integer({ min: 10, max: 60 }),
        (text, columns) => {
          const line = text.replaceAll(/\s/g, ' ');
          const lines = wrap(line, columns);
          expect(lines.join('').replaceAll(' ', '')).toBe(line.replaceAll(' ', ''));
          for (const one of lines) expect(displayWidth(one)).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });
});

describe('figures', () => {
  it('says real time in the unit that fits', () => {
    expect(wallTime(0)).toBe('0 ms');
    expect(wallTime(412.4)).toBe('412 ms');
    expect(wallTime(999.7)).toBe('1.0 s');
    expect(wallTime(1800)).toBe('1.8 s');
    expect(wallTime(59_980)).toBe('1m');
    expect(wallTime(125_000)).toBe('2m05s');
  });

  it('says virtual time in whole hours once there are many', () => {
    expect(virtualTime(0)).toBe('0s');
    expect(virtualTime(5_400_000)).toBe('1h30m');
    expect(virtualTime(108_000_000)).toBe('30h');
    expect(virtualTime(612 * 3_600_000 * 10)).toBe('6,120h');
  });

  it('sums the deliveries of all mailings and leaves out what is zero', () => {
    expect(deliveryCounts(scenario())).toBe('1,000 delivered · 3 soft · 1 hard');
    const { november } = scenario().mailings;
    const open = { ...november!, delivered: 0, bounced: { soft: 0, hard: 0 }, withdrawn: 2, inProgress: 1 };
    expect(deliveryCounts(scenario({ mailings: { a: open, b: open } }))).toBe('4 withdrawn · 2 in progress');
    expect(deliveryCounts(scenario({ mailings: {} }))).toBe('');
  });

  it('counts in words', () => {
    expect(plural(1, 'scenario')).toBe('1 scenario');
    expect(plural(1200, 'attempt')).toBe('1,200 attempts');
  });
});
