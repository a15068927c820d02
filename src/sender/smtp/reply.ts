// Reads a server's reply as nodemailer hands it on: its lines joined by line feeds.

import type { Reply } from '../../events/types.js';

const LINE = /^(\d{3})(?:[ -]|$)(.*)$/;
const ENHANCED = /^([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)/;

/**
 * Parses a reply (RFC 5321, 4.2). Of a multi-line reply whose lines carry different codes the last
 * line counts, since it is the one that ends the reply.
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
  const enhanced = ENHANCED.exec(texts.at(-1)!)?.[1];
  // An enhanced code of another class than the reply code is noise (RFC 2034, 4).
  if (enhanced === undefined || enhanced[0] !== String(code)[0]) return { code, lines: texts };
  return { code, enhanced, lines: texts.map((line) => line.replace(ENHANCED, '')) };
}
