// Text in an unknown charset: replies of servers and fields of bounce messages name none.

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The characters of windows-1252 from 0x80 to 0x9F; all others are those of Latin-1. Not a TextDecoder: in
 * some versions of Node, the one for windows-1252 decodes Latin-1.
 */
const FROM_0X80 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/**
 * Decodes bytes as UTF-8 where they are valid UTF-8, and otherwise as windows-1252, which contains the
 * printable characters of Latin-1. Text of another 8-bit charset is rarely valid UTF-8 by chance.
 */
export function decodedText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return Buffer.from(bytes)
      .toString('latin1')
      .replace(/[\x80-\x9f]/g, (character) => FROM_0X80[character.charCodeAt(0) - 0x80]!);
  }
}
