// What is to be known of a message before it is put on the wire.

import { Readable } from 'node:stream';

/** Size of the blocks in which a long message is handed to the socket, characters. */
const BLOCK_CHARS = 64 * 1024;

/** What a server has said of itself at EHLO. */
interface Announced {
  /** It takes addresses beyond ASCII (RFC 6531). */
  takesUtf8: boolean;
  /** Bytes of the largest message that it takes (RFC 1870); 0: it has named no limit. */
  sizeMax: number;
}

/** Why a message cannot be sent to this server, by what it said at EHLO; undefined when it can. */
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

/** A long message goes out in blocks, so that the time given to each is not the time for all of them. */
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
