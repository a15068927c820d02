// Converts replies between their parts (code, enhanced code, lines) and their bytes on the wire.

import { pathIn } from '../../base/smtp-path.js';
import { saidLines } from '../../events/reply-text.js';
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
  const text = saidLines(reply)
    .map((line) => `${line}\r\n`)
    .join('');
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The address between angle brackets of MAIL or RCPT, as written. */
export function addressIn(command: Buffer): string {
  return pathIn(command.toString()) ?? '';
}
