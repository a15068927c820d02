// The escaping of text for terminals, CI logs, XML and workflow commands.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  terminalLine,
  terminalLines,
  withoutCommands,
  workflowMessage,
  workflowProperty,
  xmlAttribute,
  xmlText,
} from '../../src/reporters/text.js';

const ESCAPE = '\u001b[31mred\u001b[0m';

describe('text for a terminal', () => {
  it('escapes control characters and escape sequences', () => {
    expect(terminalLine(ESCAPE)).toBe('\\x1b[31mred\\x1b[0m');
    expect(terminalLine('bell\u0007 c1 \u009b2J del \u007f')).toBe('bell\\x07 c1 \\x9b2J del \\x7f');
  });

  it('escapes bidirectional marks and invisible characters', () => {
    expect(terminalLine('abc\u202edef\u2066\u200f')).toBe('abc\\u202edef\\u2066\\u200f');
    expect(terminalLine('a\u200bb\ufeff\u{e0041}')).toBe('a\\u200bb\\ufeff\\u{e0041}');
    expect(terminalLine('half \ud83d pair')).toBe('half \\ud83d pair');
  });

  it('keeps accents, other scripts and joined emoji', () => {
    for (const text of ['José', '日本語', 'עברית', '👩‍💻', 'e\u0301']) expect(terminalLine(text)).toBe(text);
  });

  it('escapes line breaks in one line, or splits at them', () => {
    expect(terminalLine('a\r\nb\tc\u2028d')).toBe('a\\r\\nb\\tc\\u2028d');
    expect(terminalLines('a\r\n\tb\nc\rd')).toEqual(['a', ' b', 'c\\rd']);
  });

  it('contains no control character for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(terminalLine(text)).not.toMatch(
          /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u,
        );
      }),
    );
  });
});

describe('commands for a CI in a line', () => {
  it.each([
    ['::error::x', '\\x3a:error::x'],
    ['   ::add-mask::x', '   \\x3a:add-mask::x'],
    ['see ##[group]x', 'see #\\x23[group]x'],
  ])('%s is written as %s', (line, written) => {
    expect(withoutCommands(line)).toBe(written);
  });

  it('leaves other lines alone', () => {
    for (const line of ['a::b', ' 12 | x: y', '## title', ': x']) expect(withoutCommands(line)).toBe(line);
  });
});

describe('text for XML', () => {
  it('escapes characters that XML 1.0 forbids, and keeps line breaks and tabs', () => {
    expect(xmlText('a\u0000b\u001bc\r\n\td\ufffe\uffff\ud800')).toBe(
      'a\\x00b\\x1bc\n\td\\ufffe\\uffff\\ud800',
    );
    expect(xmlAttribute('a\r\nb\tc')).toBe('a\\nb\\tc');
    expect(xmlText('x\u202ey')).toBe('x\\u202ey');
  });

  it('contains only characters that XML 1.0 allows', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(xmlText(text)).toMatch(/^[\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u);
      }),
    );
  });
});

describe('text for a workflow command', () => {
  it('encodes characters that end the message or a property', () => {
    expect(workflowMessage('50% off\nsecond\r\n::stop-commands::x')).toBe(
      '50%25 off%0Asecond%0A::stop-commands::x',
    );
    expect(workflowProperty('a:b,c%d\ne')).toBe('a%3Ab%2Cc%25d\\ne');
  });

  it('is one line for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(workflowMessage(text)).not.toMatch(/[\r\n]/);
        expect(workflowProperty(text)).not.toMatch(/[\r\n:,]/);
      }),
    );
  });
});
