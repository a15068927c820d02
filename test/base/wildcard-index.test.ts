// An index of patterns finds what a search through all of them finds, and compares a text with few of them.

import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { WildcardIndex } from '../../src/base/wildcard-index.js';
import { wildcard } from '../../src/base/wildcard.js';

let comparisons = 0;
vi.mock(import('../../src/base/wildcard.js'), async (original) => {
  const real = await original();
  return {
    wildcard: (pattern) => {
      const matches = real.wildcard(pattern);
      return (text) => {
        comparisons++;
        return matches(text);
      };
    },
  };
});
beforeEach(() => void (comparisons = 0));

function indexOf(patterns: readonly string[]): WildcardIndex<number> {
  const index = new WildcardIndex<number>();
  for (const [rank, pattern] of patterns.entries()) index.add(pattern, rank);
  return index;
}

it('finds the first pattern that matches, as a search through all of them does', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '-', '*'), maxLength: 6 });
  let found = 0;
  fc.assert(
    fc.property(fc.array(text, { maxLength: 12 }), fc.array(text, { maxLength: 6 }), (patterns, texts) => {
      const index = indexOf(patterns);
      for (const one of texts) {
        const expected = patterns.findIndex((pattern) => wildcard(pattern)(one));
        if (expected >= 0) found++;
        expect(index.find(one)).toBe(expected < 0 ? undefined : expected);
      }
    }),
    { numRuns: 3000 },
  );
  expect(found).toBeGreaterThan(1000);
});

describe('of 5,000 patterns, a text is compared with', () => {
  const many = Array.from({ length: 5000 }, (_, nth) => nth);

  it.each<[string, (nth: number) => string, (nth: number) => string, number]>([
    ['none, when they are names', (nth) => `reader-${nth}`, (nth) => `reader-${nth}`, 0],
    ['one, when they begin differently', (nth) => `group-${nth}-*`, (nth) => `group-${nth}-7`, 1],
    ['one, when they end differently', (nth) => `*-of-${nth}`, (nth) => `bob-of-${nth}`, 1],
    ['one, when their ends differ in both', (nth) => `g-*-${nth}`, (nth) => `g-x-${nth}`, 1],
    ['none, when none can match', (nth) => `group-${nth}-*`, (nth) => `reader-${nth}`, 0],
  ])('%s', (_, patternOf, textOf, most) => {
    const index = indexOf(many.map(patternOf));
    comparisons = 0;
    for (const nth of many) index.find(textOf(nth));
    expect(comparisons).toBe(most * many.length);
  });
});

it('keeps no pattern that an earlier one with the same ends covers', () => {
  const index = indexOf(['a*b', ...Array.from({ length: 100 }, (_, nth) => `a*${nth}*b`)]);
  comparisons = 0;
  expect(index.find('a57b')).toBe(0);
  expect(comparisons).toBe(1);
});
