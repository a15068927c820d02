// Recipient addresses in delivery reports, in every form that the RFCs allow.

import { addressKey } from '../../base/addresses.js';

/** Address types that can name a contact (RFC 3464, 2.1.2; RFC 6533, 3). */
const TYPED = /^(?:([\w-]+)[ \t]*;)?(.*)$/s;
/** A comment or quoted string; a comment may contain others (RFC 822, 3.4.3), here up to three deep. */
const QUOTED_OR_COMMENT = commentPattern();
/** `\x{FC}`: a character of an address beyond ASCII in a 7-bit report (RFC 6533, 3). */
const EMBEDDED = /\\x\{([0-9a-f]{2,6})\}/gi;
/** `+2B`: an octet in xtext (RFC 3461, 4), as ORCPT carries it. */
const XTEXT = /(?:\+[0-9a-f]{2})+/gi;

/** A field without its comments (RFC 3464, 2.1.1); what is in quotes stays. */
export function withoutComments(field: string): string {
  return field.replace(QUOTED_OR_COMMENT, (found) => (found.startsWith('"') ? found : ' ')).trim();
}

/** Address in `rfc822; bob@example.org`, in lower case; undefined for another address type (RFC 3464, 2.1.2). */
export function reportedAddress(field: string): string | undefined {
  const [, type = 'rfc822', value = ''] = TYPED.exec(withoutComments(field))!;
  if (!/^(rfc822|utf-8)$/i.test(type)) return undefined;
  return value
    .trim()
    .replace(/^<(.*)>$/s, '$1')
    .toLowerCase();
}

/**
 * Whether an address in a report is a contact: as it stands, or with its encodings undone, since servers copy
 * ORCPT with or without decoding it.
 *
 * @param key of the contact
 */
export function isReported(address: string, key: string): boolean {
  const decoded = fromXtext(address);
  return [address, fromEmbedded(address), decoded, fromEmbedded(decoded)].some(
    (spelling) => addressKey(spelling) === key,
  );
}

function fromEmbedded(text: string): string {
  return text.replace(EMBEDDED, (whole, hex: string) => {
    const code = parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function fromXtext(text: string): string {
  return text.replace(XTEXT, (octets) => Buffer.from(octets.replaceAll('+', ''), 'hex').toString('utf8'));
}

function commentPattern(): RegExp {
  const plain = String.raw`[^()\\]|\\.`;
  const inner = String.raw`\((?:${plain})*\)`;
  const middle = String.raw`\((?:${plain}|${inner})*\)`;
  return new RegExp(String.raw`"(?:[^"\\]|\\.)*"|\((?:${plain}|${middle})*\)`, 'gs');
}
