// A message before it is sent: whether the server's EHLO reply excludes it, and its blocks on the wire.

import { Readable } from 'node:stream';

/** Size of the blocks in which a long message is written to the socket, characters. */
const BLOCK_CHARS = 64 * 1024;

/** Limits that a server announced at EHLO. */
interface Announced {
  /** Accepts internationalized addresses (RFC 6531). */
  takesUtf8: boolean;
  /** Message size limit (RFC 1870), bytes; 0 for none. */
  sizeMax: number;
}

/** @returns the error code when the EHLO reply excludes this message, else undefined */
export function whyUnfit(
  { takesUtf8, sizeMax }: Announced,
  from: string,
  to: string,
  message: string,
): string | undefined {
  // eslint-disable-next-line no-control-regex -- ASCII is what is meant
  if (!takesUtf8 && /[^\x00-\x7f]/.test(`${from}${to}`)) return 'ESMTPUTF8';
  return sizeMax > 0 && sizeOf(message) > sizeMax ? 'EMESSAGESIZE' : undefined;
}

/** Divides a long message into blocks, so that the timeout for a block applies to each of them. */
export function inBlocks(message: string): string | Readable {
  if (message.length <= BLOCK_CHARS) return message;
  const blocks: string[] = [];
  for (let at = 0; at < message.length; at += BLOCK_CHARS) blocks.push(message.slice(at, at + BLOCK_CHARS));
  return Readable.from(blocks, { objectMode: false });
}

/** Bytes of a message on the wire, without the final dot (RFC 1870, 3). */
function sizeOf(message: string): number {
  return Buffer.byteLength(message.replace(/\r?\n/g, '\r\n'));
}
