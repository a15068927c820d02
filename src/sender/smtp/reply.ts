// Parses a server's reply in the form in which nodemailer returns it: lines joined by line feeds.

import type { Reply } from '../../events/types.js';

const LINE = /^(\d{3})(?:[ -]|$)(.*)$/;
const ENHANCED = /^([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)/;

/**
 * Characters of a reply that are kept. Each attempt puts its reply into the log and the store, and a server
 * may give a reply of 1 MB to each of a million contacts.
 */
export const REPLY_LENGTH_MAX = 8000;

/**
 * Parses a reply (RFC 5321, 4.2). When the lines of a reply have different codes, the last line counts,
 * since it ends the reply.
 *
 * @returns undefined when it is not an SMTP reply
 */
export function parseReply(text: string): Reply | undefined {
  const lines = text.split(/\r?\n/);
  const last = LINE.exec(lines.at(-1)!);
  if (!last) return undefined;
  const code = Number(last[1]);
  if (code < 200 || code > 599) return undefined;
  const enhanced = ENHANCED.exec(last[2]!)?.[1];
  const texts = beginningOf(lines).map((line) => LINE.exec(line)?.[2] ?? line);
  // An enhanced code must be of the class of the reply code (RFC 2034, 4).
  if (enhanced === undefined || enhanced[0] !== String(code)[0]) return { code, lines: texts };
  return { code, enhanced, lines: texts.map((line) => line.replace(ENHANCED, '')) };
}

function beginningOf(lines: string[]): string[] {
  let left = REPLY_LENGTH_MAX;
  const kept: string[] = [];
  for (const line of lines) {
    kept.push(line.slice(0, left));
    left -= line.length;
    if (left <= 0) break;
  }
  return kept;
}
