// The event log: one ordered stream with everything that happened in a run. It gives each fact a number
// and a time, writes it as one line of NDJSON, hashes the lines, and calls its readers in order.

import { createHash } from 'node:crypto';
import type { Emit, Fact, RunEvent } from './types.js';

/** A gap in virtual time of at least this long is logged as a jump of the clock. */
const JUMP_MS = 1000;

/** Lines are hashed and handed on in blocks of about this many characters. */
const BLOCK_CHARS = 1 << 16;

export interface EventLogOptions {
  /** Virtual ms since the start of the run. */
  now: () => number;
  /** Called with every event in order. */
  readers?: ((event: RunEvent) => void)[];
  /** Called with the NDJSON text in blocks of whole lines. */
  write?: (ndjson: string) => void;
}

export class EventLog {
  private readonly hash = createHash('sha256');
  private readonly readers: ((event: RunEvent) => void)[];
  private seq = 0;
  private lastAt = 0;
  private block = '';
  private digest: string | undefined;

  constructor(private readonly options: EventLogOptions) {
    this.readers = options.readers ?? [];
  }

  /** Logs one fact at the present time. Bound, so that it can be passed on. */
  readonly emit: Emit = (fact) => {
    const t = this.options.now();
    if (t - this.lastAt >= JUMP_MS) this.append({ type: 'clock.jumped', from: this.lastAt }, t);
    this.lastAt = t;
    this.append(fact, t);
  };

  /** Events logged so far. */
  get length(): number {
    return this.seq;
  }

  /**
   * Ends the log: writes the last block.
   *
   * @returns the fingerprint of the run: SHA-256 over its NDJSON text, hex
   */
  close(): string {
    this.flush();
    this.digest ??= this.hash.digest('hex');
    return this.digest;
  }

  private append(fact: Fact, t: number): void {
    // seq and t first, for people who read the file. A new object, since the caller may reuse the fact.
    const event: RunEvent = { seq: this.seq++, t, ...fact };
    this.block += `${JSON.stringify(event)}\n`;
    if (this.block.length >= BLOCK_CHARS) this.flush();
    for (const reader of this.readers) reader(event);
  }

  private flush(): void {
    if (this.block === '') return;
    this.hash.update(this.block);
    this.options.write?.(this.block);
    this.block = '';
  }
}
