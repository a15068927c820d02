// Writes the replies of one connection in their pieces, one reply after the other: a slow reply is never
// mixed with the one after it.

import type { Clock } from '../../clock/clock.js';
import type { Piece } from './reply-style.js';

export class ReplyWriter {
  private readonly waiting: { pieces: Piece[]; then?: () => void }[] = [];
  private isWriting = false;

  /** @param put writes bytes to the socket; false when the socket is closed, and what waits is dropped */
  constructor(
    private readonly clock: Clock,
    private readonly put: (bytes: string) => boolean,
  ) {}

  /** Whether pieces are still waiting to be written. */
  get isBusy(): boolean {
    return this.isWriting;
  }

  /** Queues the pieces of one reply. */
  write(pieces: readonly Piece[]): void {
    this.waiting.push({ pieces: [...pieces] });
    if (!this.isWriting) this.writeNext();
  }

  /** Runs `then` once all queued replies are written; at once when there is none. */
  after(then: () => void): void {
    if (this.isWriting) this.waiting.push({ pieces: [], then });
    else then();
  }

  private writeNext(): void {
    this.isWriting = true;
    for (let next = this.waiting[0]; next; next = this.waiting[0]) {
      const piece = next.pieces.shift();
      if (!piece) {
        this.waiting.shift();
        next.then?.();
      } else if (piece.afterMs > 0) {
        this.clock.after(piece.afterMs, () => {
          if (this.put(piece.bytes)) this.writeNext();
          else this.waiting.length = 0;
        });
        return;
      } else if (!this.put(piece.bytes)) this.waiting.length = 0;
    }
    this.isWriting = false;
  }
}
