// Durations, windows, shares and sizes: texts that are read, texts that are refused, and that reading and
// writing agree.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DURATION_PATTERN,
  formatDuration,
  parseDuration,
  parseShare,
  parseSize,
  parseWindow,
} from '../../src/base/units.js';

describe('durations', () => {
  it.each([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['1h30m', 5_400_000],
    ['1d', 86_400_000],
    ['1.5h', 5_400_000],
    ['20ms', 20],
    ['1m5ms', 60_005],
    ['0s', 0],
    ['0h', 0],
    ['1d2h3m4s5ms', 93_784_005],
    ['0.0005s', 1],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each([
    '',
    '5',
    'm',
    '1h 30m',
    ' 5m',
    '5m ',
    '-5m',
    '30m1h',
    '5m5m',
    '1e3s',
    '1.s',
    '.5s',
    '5M',
    '5min',
    '1w',
    'PT5M',
    '∞',
  ])('refuses %j', (text) => expect(parseDuration(text)).toBeUndefined());

  it.each([
    [0, '0s'],
    [5, '5ms'],
    [999, '999ms'],
    [20_000, '20s'],
    [1500, '1s'],
    [65_000, '1m05s'],
    [45 * 60_000, '45m'],
    [5_400_000, '1h30m'],
    [30 * 3_600_000, '30h00m'],
    [3_605_000, '1h00m05s'],
    [-5_400_000, '-1h30m'],
  ])('writes %d ms', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it('reads back what it writes, to the second', () => {
    fc.assert(
      fc.property(fc.nat(100 * 86_400), (seconds) => {
        expect(parseDuration(formatDuration(seconds * 1000))).toBe(seconds * 1000);
      }),
    );
    for (let ms = 1; ms < 1000; ms++) expect(parseDuration(formatDuration(ms))).toBe(ms);
  });

  it('adds its parts up', () => {
    const part = fc.nat(999);
    fc.assert(
      fc.property(part, part, part, part, part, (d, h, m, s, ms) => {
        const text = `${d}d${h}h${m}m${s}s${ms}ms`;
        expect(parseDuration(text)).toBe((((d * 24 + h) * 60 + m) * 60 + s) * 1000 + ms);
      }),
    );
  });

  it('gives a whole number for what its pattern allows, which editors check by, and nothing for the rest', () => {
    const pattern = new RegExp(DURATION_PATTERN);
    const text = fc.string({ unit: fc.constantFrom(...'0123456789.dhms '), maxLength: 8 });
    fc.assert(
      fc.property(text, (t) => {
        const ms = parseDuration(t);
        expect(pattern.test(t)).toBe(ms !== undefined);
        if (ms !== undefined) expect(Number.isInteger(ms)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('windows', () => {
  it('reads a start and an end', () => {
    expect(parseWindow('0h..6h')).toEqual({ from: 0, to: 21_600_000 });
    expect(parseWindow('1h30m .. 2h')).toEqual({ from: 5_400_000, to: 7_200_000 });
  });

  it.each(['', '6h', '6h..', '..6h', '0h..1h..2h', '6h..0h', '1h..1h', '0..6', '0h-6h'])(
    'refuses %j',
    (text) => expect(parseWindow(text)).toBeUndefined(),
  );
});

describe('shares', () => {
  it.each<[string | number, number]>([
    ['10%', 0.1],
    ['0%', 0],
    ['100%', 1],
    ['2.5%', 0.025],
    [0.25, 0.25],
    [0, 0],
    [1, 1],
  ])('reads %j', (value, fraction) => expect(parseShare(value)).toBe(fraction));

  it.each<string | number>([
    '101%',
    '-1%',
    '10',
    '%',
    '10 %',
    'ten%',
    '1e1%',
    '.5%',
    1.01,
    -0.1,
    NaN,
    Infinity,
  ])('refuses %j', (value) => expect(parseShare(value)).toBeUndefined());
});

describe('sizes', () => {
  it.each<[string | number, number]>([
    [0, 0],
    [512, 512],
    ['100b', 100],
    ['20kb', 20_480],
    ['1MB', 1_048_576],
    ['1.5kb', 1536],
  ])('reads %j', (value, bytes) => expect(parseSize(value)).toBe(bytes));

  it.each<string | number>(['', '20', 'kb', '20 kb', '-1kb', '1gb', -1, 1.5, NaN, Infinity])(
    'refuses %j',
    (value) => expect(parseSize(value)).toBeUndefined(),
  );
});
