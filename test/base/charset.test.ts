// Decoding text whose charset is not given.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodedText } from '../../src/base/charset.js';

test('text is UTF-8 when it is valid UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(decodedText(Buffer.from(text, 'utf8'))).toBe(text);
    }),
  );
});

test('other bytes are windows-1252', () => {
  expect(decodedText(Buffer.from('\xc9t\xe9 \x80 \x93x\x94', 'latin1'))).toBe('Été € “x”');
});
