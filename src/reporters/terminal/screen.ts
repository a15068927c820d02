// Output for people: whole lines, and on a terminal one live line below them, which is erased before
// anything else is written. Without a terminal no cursor movement is written.

import { displayWidth, truncate } from './layout.js';
import { withoutCommands } from '../text.js';

/** An output stream and its abilities. */
export interface Screen {
  write(text: string): void;
  isTTY: boolean;
  color: boolean;
  /** Current width, which changes when the window is resized. */
  columns(): number;
  /** Bytes that are written and not yet taken by what reads them; absent: always none. */
  pending?(): number;
}

const ERASE_LINE = '\r\x1b[2K';

/** Writes lines to a screen. */
export class Printer {
  private hasLiveLine = false;

  constructor(private readonly screen: Screen) {}

  /** Width to fit text to; at least 20 even in a smaller window. */
  get columns(): number {
    return Math.max(20, this.screen.columns());
  }

  /** Writes one line that stays. Text of unknown origin must be escaped by `text.ts`; colors are allowed. */
  line(text = ''): void {
    this.clearLive();
    this.screen.write(`${withoutCommands(text)}\n`);
  }

  /** Shows or replaces the live line; does nothing without a terminal. */
  live(text: string): void {
    if (!this.screen.isTTY) return;
    // The last column stays free: a full line would wrap, and then it could not be erased.
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
