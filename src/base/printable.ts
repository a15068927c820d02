// Escapes characters that are invisible, control a terminal or reverse the direction of text: `\x1b`,
// `\u202e`. No character is dropped.

// Control and format characters, line and paragraph separators, lone surrogates and code points that are
// no characters. The two joiners (U+200C, U+200D) stay: emoji and several scripts are written with them.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Noncharacter_Code_Point}]/gu;
const JOINERS = new Set(['\u200c', '\u200d']);
const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The text on one line; a line break becomes `\n`. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    if (JOINERS.has(character)) return character;
    const short = SHORT[character];
    if (short !== undefined) return short;
    const code = character.codePointAt(0)!.toString(16);
    if (code.length <= 2) return `\\x${code.padStart(2, '0')}`;
    return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`;
  });
}
