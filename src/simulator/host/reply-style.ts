// The ways in which a server can write a reply: whole and at once, or late, in pieces, with another text
// or with something added.

import type { Reply } from '../../events/types.js';

/** Bytes that leave in one write, `afterMs` after the write before. */
export interface Piece {
  /** Latin-1: one character is one byte. */
  bytes: string;
  afterMs: number;
}

/** How a reply is written. */
export interface ReplyStyle {
  /** Pause before it, ms. */
  delayMs?: number;
  /** Written a few bytes at a time. */
  drip?: { bytes: number; everyMs: number };
  /** Split inside its code and between CR and LF; pause between the pieces, ms. */
  tornMs?: number;
  /** Replaces a 2xx or 3xx reply. */
  acceptance?: Reply;
  /** A second reply, to no command, that follows in the same write. */
  stray?: Reply;
  /** Further lines of the reply to EHLO. */
  capabilities?: readonly string[];
}

/** @returns the pieces in which the bytes of one reply are written */
export function inPieces(bytes: string, { drip, tornMs }: ReplyStyle): Piece[] {
  if (drip) {
    const pieces: Piece[] = [];
    for (let at = 0; at < bytes.length; at += drip.bytes) {
      const afterMs = at === 0 ? 0 : drip.everyMs;
      pieces.push({ bytes: bytes.slice(at, at + drip.bytes), afterMs });
    }
    return pieces;
  }
  if (tornMs === undefined) return [{ bytes, afterMs: 0 }];
  return [bytes.slice(0, 2), bytes.slice(2, -1), bytes.slice(-1)].map((part, index) => ({
    bytes: part,
    afterMs: index === 0 ? 0 : tornMs,
  }));
}

/** The reply in a style; a refusal keeps its code and text. */
export function styled(plain: Reply, { acceptance, capabilities = [] }: ReplyStyle): Reply {
  if (plain.code >= 400) return plain;
  const { lines, ...codes } = acceptance ?? plain;
  return { ...codes, lines: [...lines, ...capabilities] };
}
