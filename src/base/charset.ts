// Text in an unknown charset: replies of servers and fields of bounce messages name none.

import { createRequire } from 'node:module';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The characters of windows-1252 from 0x80 to 0x9F; all others are those of Latin-1. Not a TextDecoder: in
 * some versions of Node, the one for windows-1252 decodes Latin-1.
 */
const FROM_0X80 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** Names of jschardet, and the decoder for each. Others are charsets that no mail server writes. */
const CHARSETS: Record<string, string> = {
  GB18030: 'gb18030',
  Big5: 'big5',
  SHIFT_JIS: 'shift_jis',
  CP932: 'shift_jis',
  'EUC-JP': 'euc-jp',
  'EUC-KR': 'euc-kr',
  CP949: 'euc-kr',
  'Windows-1251': 'windows-1251',
  'KOI8-R': 'koi8-r',
  'koi8-u': 'koi8-u',
  'ISO-8859-5': 'iso-8859-5',
  'Windows-1253': 'windows-1253',
  'ISO-8859-7': 'iso-8859-7',
  'Windows-1255': 'windows-1255',
  'ISO-8859-8': 'iso-8859-8',
  'Windows-1256': 'windows-1256',
  'ISO-8859-6': 'iso-8859-6',
  CP874: 'windows-874',
};

/** Latin alphabets other than the western one. */
const LATIN: Record<string, string> = {
  'Windows-1250': 'windows-1250',
  'ISO-8859-2': 'iso-8859-2',
  'Windows-1254': 'windows-1254',
  'ISO-8859-9': 'windows-1254',
};

/** Three bytes in a row beyond ASCII: a word of another script. Latin words have accents one by one. */
const OTHER_SCRIPT = /[\x80-\xff]{3}/;

/**
 * What windows-1252 shows for letters of eastern Europe and Turkey: a sign next to a letter, as in `pe³na`, or
 * letters that only Icelandic has, as in `Kullanýcý`.
 */
const SIGN_IN_WORD = /[a-z][¡-¬®-¿×÷]|[¡-¬®-¹¼-¾×÷][a-z]|[ýþð]/i;

/** Bytes that are looked at for it: the reason is at the beginning of a text. */
const DETECTED_MAX = 2000;
/** Charsets that are kept: many recipients get the same reply, which takes a millisecond to recognize. */
const KEPT_MAX = 500;

const kept = new Map<string, string>();

/** Addresses and numbers, which differ from one recipient to the next and are not of a language. */
const NOT_WORDS = /[\w.+-]+@[\w.-]+|\d+/g;

/**
 * Decodes bytes as UTF-8 where they are valid UTF-8, and otherwise in the charset that their letters make
 * likely, or else as windows-1252, which contains the printable characters of Latin-1. Text of another 8-bit
 * charset is rarely valid UTF-8 by chance. The same bytes always give the same text.
 */
export function decodedText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return decoded(bytes, Buffer.from(bytes).toString('latin1'));
  }
}

function decoded(bytes: Uint8Array, latin1: string): string {
  const western = latin1.replace(/[\x80-\x9f]/g, (character) => FROM_0X80[character.charCodeAt(0) - 0x80]!);
  const table = OTHER_SCRIPT.test(latin1) ? CHARSETS : SIGN_IN_WORD.test(western) ? LATIN : undefined;
  if (!table) return western;
  const label = table[detected(latin1)];
  if (label === undefined) return western;
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    // The bytes are not valid in it, or this build of Node does not have it.
    return western;
  }
}

interface Detector {
  detect: (bytes: Uint8Array) => { encoding: string | null };
}

let detector: Detector | undefined;

/** The detector is loaded when the first such text is read: few runs have one. */
function detected(latin1: string): string {
  const words = latin1.slice(0, DETECTED_MAX).replace(NOT_WORDS, '');
  const known = kept.get(words);
  if (known !== undefined) return known;
  detector ??= createRequire(import.meta.url)('jschardet') as Detector;
  const found = detector.detect(Buffer.from(words, 'latin1')).encoding ?? '';
  if (kept.size >= KEPT_MAX) kept.clear();
  kept.set(words, found);
  return found;
}
