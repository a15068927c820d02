// Parses a server's reply in the form in which nodemailer returns it: lines joined by line feeds.

import { splitEnhanced } from '../../events/reply-text.js';
import type { Reply } from '../../events/types.js';

const LINE = /^(\d{3})(?:[ -]|$)(.*)$/;

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
  const texts = lines.map((line) => LINE.exec(line)?.[2] ?? line);
  const reply = splitEnhanced(code, texts);
  return { ...reply, lines: beginningOf(reply.lines) };
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
