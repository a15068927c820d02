// Patterns in which `*` matches any text, and no other character is special.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { wildcard } from '../../src/base/wildcard.js';

it.each<[pattern: string, yes: string[], no: string[]]>([
  ['bob', ['bob'], ['bobby', 'Bob', '', 'b*b']],
  ['ghost-*', ['ghost-', 'ghost-1', 'ghost-a*b'], ['ghost', 'a-ghost-1', 'ghosts']],
  ['*@yahoo.com', ['a@yahoo.com', '@yahoo.com'], ['a@yahoo-com', 'a@yahoo.com.au', 'a@yahooXcom']],
  ['*', ['', 'anything', 'two\nlines'], []],
  ['a*c*e', ['ace', 'abcde', 'acce'], ['ac', 'aec', 'acex']],
  ['**', ['', 'x'], []],
  ['a+b(c)[d].$^|\\{e}?*', ['a+b(c)[d].$^|\\{e}?x'], ['aab(c)[d].$^|\\{e}?x', 'a+bcd']],
])('%s', (pattern, yes, no) => {
  const matches = wildcard(pattern);
  for (const text of yes) expect(matches(text), text).toBe(true);
  for (const text of no) expect(matches(text), text).toBe(false);
});

it('matches only itself without a star, and any text in the place of its stars', () => {
  const literal = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !text.includes('*'));
  fc.assert(
    fc.property(literal, literal, (a, b) => {
      expect(wildcard(a)(b)).toBe(a === b);
      expect(wildcard(a)(a)).toBe(true);
    }),
  );
  fc.assert(
    fc.property(fc.array(literal, { minLength: 2, maxLength: 4 }), literal, (parts, filling) => {
      const matches = wildcard(parts.join('*'));
      expect(matches(parts.join(filling))).toBe(true);
      expect(matches(parts.join(''))).toBe(true);
    }),
  );
});

/** Counts how often characters of a text are looked at. */
function counted(text: string): { text: string; reads: () => number } {
  let reads = 0;
  const proxy = new Proxy(new String(text), {
    get(target, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) reads++;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
  return { text: proxy as unknown as string, reads: () => reads };
}

it('agrees with a regular expression on short texts', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 9 });
  fc.assert(
    fc.property(letters, letters, (pattern, text) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '[^]*')}$`);
      expect(wildcard(pattern)(text)).toBe(expression.test(text));
    }),
    { numRuns: 2000 },
  );
});

it.each([
  ['*a*a*a*a*b', 'a'],
  [`${'*a'.repeat(400)}*b`, 'a'],
  [`*${'a'.repeat(500)}b*`, 'a'],
  [`${'*ab'.repeat(200)}*c*`, 'ab'],
])('looks at each character a few times at most: %s', (pattern, filling) => {
  const length = 10_000;
  const { text, reads } = counted(filling.repeat(length / filling.length));
  expect(wildcard(pattern)(text)).toBe(false);
  expect(reads()).toBeLessThanOrEqual(4 * length);
});
