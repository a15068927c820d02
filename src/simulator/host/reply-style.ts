// How a server gives its replies: whole and at once, or late, in pieces, with something added. One
// reply is under way at a time; what is said meanwhile waits behind it.

import type { Clock } from '../../clock/clock.js';
import type { Reply } from '../../events/types.js';

/** Bytes that leave in one write, `afterMs` after the write before. */
export interface Piece {
  /** Latin-1: one character is one byte. */
  bytes: string;
  afterMs: number;
}

/** How a reply is given. */
export interface Manner {
  /** Pause before it, ms. */
  delayMs?: number;
  /** It leaves a few bytes at a time. */
  drip?: { bytes: number; everyMs: number };
  /** It is torn inside its code, and between the two characters of its line end; pause between the pieces, ms. */
  tornMs?: number;
  /** When it says yes, it says so in these words. */
  yes?: Reply;
  /** One more reply that nobody asked for follows it. */
  stray?: Reply;
  /** Further lines of the reply to EHLO. */
  capabilities?: readonly string[];
}

/** @returns the pieces in which the bytes of one reply leave */
export function inPieces(bytes: string, { drip, tornMs }: Manner): Piece[] {
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

/** Says things one after the other, each in its pieces. */
export class Speech {
  private readonly waiting: { pieces: Piece[]; then?: () => void }[] = [];
  private isSaying = false;

  /** @param write puts bytes on the wire; not called any more once it returned false */
  constructor(
    private readonly clock: Clock,
    private readonly write: (bytes: string) => boolean,
  ) {}

  /** Whether something is still to be said. */
  get isBusy(): boolean {
    return this.isSaying;
  }

  /** @param then told when the last piece has left */
  say(pieces: readonly Piece[], then?: () => void): void {
    this.waiting.push({ pieces: [...pieces], ...(then ? { then } : {}) });
    if (!this.isSaying) this.goOn();
  }

  /** Runs `then` once everything before it was said; at once when nothing is under way. */
  after(then: () => void): void {
    if (this.isSaying) this.waiting.push({ pieces: [], then });
    else then();
  }

  private goOn(): void {
    this.isSaying = true;
    for (let next = this.waiting[0]; next; next = this.waiting[0]) {
      const piece = next.pieces.shift();
      if (!piece) {
        this.waiting.shift();
        next.then?.();
      } else if (piece.afterMs > 0) {
        this.clock.after(piece.afterMs, () => {
          if (this.write(piece.bytes)) this.goOn();
          else this.waiting.length = 0;
        });
        return;
      } else if (!this.write(piece.bytes)) this.waiting.length = 0;
    }
    this.isSaying = false;
  }
}
