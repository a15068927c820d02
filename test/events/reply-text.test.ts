// The one reading of enhanced status codes, and the lines of a reply as they are said.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { enhancedOf, saidLines, splitEnhanced } from '../../src/events/reply-text.js';

describe('the enhanced code of a reply', () => {
  test.each<[code: number, lines: string[], enhanced: string | undefined]>([
    [550, ['5.7.1 No'], '5.7.1'],
    [550, ['#5.7.1 No'], '5.7.1'],
    [550, ['(#5.7.1) No'], '5.7.1'],
    [550, ['<5.7.1> No'], '5.7.1'],
    [550, ['5.7.1: No'], '5.7.1'],
    [550, ['5.7.1'], '5.7.1'],
    [550, ['sorry (#5.7.1)'], '5.7.1'],
    [550, ['sorry (#5.7.1).'], '5.7.1'],
    [550, ['cuda_nsu 5.7.1 No'], '5.7.1'],
    [550, ['5.7.1 Not now', 'see our page'], '5.7.1'],
    [550, ['see our page', '5.7.1 Not now'], '5.7.1'],
    [550, ['5.1.1 one', '5.7.1 two'], '5.7.1'],
    [550, ['one (#5.1.1)', 'two (#5.7.1)'], '5.1.1'],
    [550, ['a word (#5.1.1)', '5.7.1 at the beginning'], '5.7.1'],
    // Of another class, no code at all, or a part of a longer number.
    [550, ['4.7.1 No'], undefined],
    [450, ['5.7.1 No', 'later 4.2.1'], '4.2.1'],
    [550, ['No'], undefined],
    [554, ['192.0.2.1 is listed'], undefined],
    [554, ['seen from 192.5.7.1'], undefined],
    [550, ['5.1.1.1 No'], undefined],
    [550, ['5.7.1234 No'], undefined],
    [550, ['v5.7.1 No'], undefined],
  ])('%i %j is %s', (code, lines, enhanced) => {
    expect(enhancedOf({ code, lines })).toBe(enhanced);
  });

  test('is read in time that grows with the reply, and from any text', () => {
    const lines = Array.from({ length: 3000 }, () => '(#5.7.'.repeat(2000));
    expect(enhancedOf({ code: 550, lines })).toBeUndefined();
    fc.assert(
      fc.property(fc.array(fc.string()), (any) => {
        const found = enhancedOf({ code: 550, lines: any });
        expect(found === undefined || found.startsWith('5.')).toBe(true);
      }),
    );
  });
});

describe('the lines of a reply', () => {
  test('are those that were split', () => {
    const word = fc.constantFrom('5.7.1', '5.7.2', '#5.7.1', 'No', ' ', '', '4.7.1');
    const line = fc.array(word, { maxLength: 4 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), (lines) => {
        const last = lines.length - 1;
        const said = lines.map((text, index) => `550${index < last ? '-' : ' '}${text}`);
        // A code alone on its line is said with the blank after it.
        expect(saidLines(splitEnhanced(550, lines)).map((one) => one.trimEnd())).toEqual(
          said.map((one) => one.trimEnd()),
        );
      }),
    );
  });

  test('have the code of each line where they differ', () => {
    expect(saidLines({ code: 450, codes: [550, 450], lines: ['no', 'later'] })).toEqual([
      '550-no',
      '450 later',
    ]);
  });
});
