// Parsing replies as servers write them.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseReply, REPLY_LENGTH_MAX } from '../../src/sender/smtp/reply.js';

describe('a reply', () => {
  test('is a code, an enhanced code and a text', () => {
    expect(parseReply('452 4.2.2 Mailbox full')).toEqual({
      code: 452,
      enhanced: '4.2.2',
      lines: ['Mailbox full'],
    });
  });

  test('may be a bare code', () => {
    expect(parseReply('250')).toEqual({ code: 250, lines: [''] });
  });

  test('may be a code and an enhanced code alone', () => {
    expect(parseReply('421 4.7.0')).toEqual({ code: 421, enhanced: '4.7.0', lines: [''] });
  });

  test.each(['5.7.26', '5.1.10', '5.7.509'])(
    'may have the two- or three-digit enhanced code %s',
    (enhanced) => {
      expect(parseReply(`550 ${enhanced} No`)).toEqual({ code: 550, enhanced, lines: ['No'] });
    },
  );

  test('has no enhanced code left in its text, on any line', () => {
    expect(parseReply('550-5.7.26 one\n550-5.7.26 two\n550 5.7.26 three')).toEqual({
      code: 550,
      enhanced: '5.7.26',
      lines: ['one', 'two', 'three'],
    });
  });

  test('keeps its lines as they were said when not all begin with the same enhanced code', () => {
    for (const lines of [
      ['5.7.1 Not now', 'see our page'],
      ['see our page', '5.7.1 Not now'],
      ['5.7.1 one', '5.7.2 two'],
      ['#5.7.1 one', '#5.7.1 two'],
    ])
      expect(parseReply(`550-${lines[0]}\n550 ${lines[1]}`)).toEqual({ code: 550, lines });
  });

  test('may have its lines ended by CRLF as well as by LF', () => {
    expect(parseReply('450-4.2.0 one\r\n450 4.2.0 two')).toEqual(parseReply('450-4.2.0 one\n450 4.2.0 two'));
  });

  test('whose lines have different codes has the code of its last line', () => {
    expect(parseReply('550-5.1.1 no such user\n450 4.2.1 try later')).toEqual({
      code: 450,
      lines: ['5.1.1 no such user', '4.2.1 try later'],
    });
  });

  test('has no enhanced code when that is of another class than the code', () => {
    expect(parseReply('550 4.2.2 Mailbox full')).toEqual({ code: 550, lines: ['4.2.2 Mailbox full'] });
    expect(parseReply('450 5.1.1 Unknown')).toEqual({ code: 450, lines: ['5.1.1 Unknown'] });
  });

  test('has no enhanced code when that is not one', () => {
    for (const text of ['5.7', '5.7.1234', '3.1.1', '5.1.1.1', '5.1.x']) {
      expect(parseReply(`550 ${text} No`)).toEqual({ code: 550, lines: [`${text} No`] });
    }
  });

  test('keeps an address that looks like a number in its text', () => {
    expect(parseReply('554 192.0.2.1 is listed')).toEqual({ code: 554, lines: ['192.0.2.1 is listed'] });
  });

  test.each([
    '',
    'hello',
    '000 nothing',
    '999 too much',
    '199 x',
    '600 x',
    '45 x',
    '4500 x',
    '4x0 x',
    ' 450 x',
    '250OK',
  ])('is not %j', (text) => {
    expect(parseReply(text)).toBeUndefined();
  });

  test('may be 354, as after DATA', () => {
    expect(parseReply('354 Go ahead')).toEqual({ code: 354, lines: ['Go ahead'] });
  });

  test('is cut off when it is very long', () => {
    const { lines, ...rest } = parseReply(`550-5.1.1 ${'x'.repeat(6000)}\n`.repeat(100) + '550 5.1.1 no')!;
    expect(rest).toEqual({ code: 550, enhanced: '5.1.1' });
    expect(lines.join('').length).toBeLessThanOrEqual(REPLY_LENGTH_MAX);
    expect(lines.map((line) => line.length)).toEqual([6000, 2000]);
  });

  test('is parsed into the parts that it was written from', () => {
    const line = fc.stringMatching(/^[A-Za-z][ -~]{0,60}$/);
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 599 }),
        fc.option(fc.tuple(fc.nat(999), fc.nat(999)), { nil: undefined }),
        fc.array(line, { minLength: 1, maxLength: 5 }),
        (code, detail, lines) => {
          const digit = String(code)[0]!;
          const enhanced = detail && '245'.includes(digit) ? `${digit}.${detail[0]}.${detail[1]}` : undefined;
          const text = lines
            .map(
              (one, index) =>
                `${code}${index < lines.length - 1 ? '-' : ' '}${enhanced ? `${enhanced} ` : ''}${one}`,
            )
            .join('\n');
          expect(parseReply(text)).toEqual({ code, ...(enhanced ? { enhanced } : {}), lines });
        },
      ),
    );
  });

  test('never throws, whatever its text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const reply = parseReply(text);
        expect(reply === undefined || (reply.code >= 200 && reply.code <= 599)).toBe(true);
      }),
    );
  });
});
