// Converts replies between their parts (code, enhanced code, lines) and their bytes on the wire.

import { pathIn } from '../../base/smtp-path.js';
import type { Reply } from '../../events/types.js';

/** A refusal in the form that smtp-server expects. */
export interface ReplyError {
  responseCode: number;
  message: string[];
}

export function replyError({ code, enhanced, lines }: Reply): ReplyError {
  const prefix = enhanced === undefined ? '' : `${enhanced} `;
  return { responseCode: code, message: lines.map((line) => `${prefix}${line}`) };
}

/** The bytes of a reply in Latin-1: one character is one byte. */
export function bytesOf(reply: Reply): string {
  const { responseCode, message } = replyError(reply);
  const last = message.length - 1;
  const text = message.map((line, i) => `${responseCode}${i < last ? '-' : ' '}${line}\r\n`).join('');
  return Buffer.from(text, 'utf8').toString('latin1');
}

const ENHANCED = /^([245]\.\d{1,3}\.\d{1,3})(?: |$)/;

/** Separates the enhanced code from the lines that begin with it. */
export function splitEnhanced(code: number, lines: string[]): Reply {
  const enhanced = ENHANCED.exec(lines[0]!)?.[1];
  if (enhanced === undefined) return { code, lines };
  return {
    code,
    enhanced,
    lines: lines.map((line) => (line.startsWith(enhanced) ? line.slice(enhanced.length + 1) : line)),
  };
}

/** The address between angle brackets of MAIL or RCPT, as written. */
export function addressIn(command: Buffer): string {
  return pathIn(command.toString()) ?? '';
}
