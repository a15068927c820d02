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
