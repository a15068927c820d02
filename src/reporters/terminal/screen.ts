// Where a reporter for people writes: whole lines, and on a terminal one live line below them
// that is erased before anything else is written. Without a terminal there is no cursor movement.

import { displayWidth, truncate } from './layout.js';
import { withoutCommands } from '../text.js';

/** A place to write to and what it can show. */
export interface Screen {
  write(text: string): void;
  isTTY: boolean;
  color: boolean;
  /** Width at this moment; a person may resize the window. */
  columns(): number;
}

const ERASE_LINE = '\r\x1b[2K';

/** Writes lines to a screen. */
export class Printer {
  private hasLiveLine = false;

  constructor(private readonly screen: Screen) {}

  /** Width to fit text to; at least 20, however small the window says it is. */
  get columns(): number {
    return Math.max(20, this.screen.columns());
  }

  /** Writes one line for good. Its text must have gone through `text.ts`; colors are allowed. */
  line(text = ''): void {
    this.clearLive();
    this.screen.write(`${withoutCommands(text)}\n`);
  }

  /** Shows or replaces the live line; nothing happens where there is no terminal. */
  live(text: string): void {
    if (!this.screen.isTTY) return;
    // The last column stays free: a full line would wrap and could not be erased.
    const fitted = displayWidth(text) < this.columns ? text : truncate(text, this.columns - 1);
    this.screen.write(`${ERASE_LINE}${fitted}`);
    this.hasLiveLine = true;
  }

  /** Erases the live line, if there is one. */
  clearLive(): void {
    if (this.hasLiveLine) this.screen.write(ERASE_LINE);
    this.hasLiveLine = false;
  }
}
