// Reads the events file of a run in pieces, so that a file of any size takes little memory. Of a line that
// is not wanted only the beginning is read: its number is checked, and its JSON is not parsed.

import { closeSync, openSync, readSync } from 'node:fs';
import { checkFirst, checkLast, damagedEvents, parseEventLine, unexpectedEvent } from './ndjson.js';
import type { RunEvent } from './types.js';

/** Bytes read at a time; a longer line makes room for itself. */
const CHUNK_BYTES = 1 << 20;
const NEWLINE = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
/** How the log writes the beginning of a line: `{"seq":12,"t":5005,"type":"smtp.reply",...`. */
const SEQ = Buffer.from('{"seq":');
const TIME = Buffer.from(',"t":');
const TYPE = Buffer.from(',"type":"');
const SESSION = Buffer.from(',"session":');

/** The beginning of a line, before it is parsed. The same object stands for each line in turn. */
export interface LineHead {
  /** Whether the type of the event begins with this ASCII text. */
  is(prefix: Buffer): boolean;
  readonly seq: number;
  /** Virtual time, ms; NaN when it is no whole number. */
  readonly t: number;
  /** The session of an event of a connection; undefined for any other event. */
  readonly session: number | undefined;
  /** Bytes of the file around it, the offset after the quote that ends its type, and the offset of its end. */
  readonly bytes: Buffer;
  readonly afterType: number;
  readonly stop: number;
  /** Whether the text of `ReadEventsFileOptions.marked` is in the line. */
  readonly isMarked: boolean;
}

export interface ReadEventsFileOptions {
  /** Which lines are parsed; all of them without it. */
  wants?: (head: LineHead) => boolean;
  /** Makes a wanted event out of its line without parsing it as JSON, where it can; else undefined. */
  brief?: (head: LineHead) => RunEvent | undefined;
  /** A text whose lines `wants` can recognize cheaply. */
  marked?: string;
  /** Takes a file whose run did not end, up to its last whole line, or up to this many bytes. */
  cutOff?: { bytesMax: number };
}

/**
 * Reads the wanted events of a file, in order.
 *
 * @param path the file, NDJSON
 * @param name how errors call it
 * @throws BouncelabError E_EVENTS with the line, when the file is damaged or, without `cutOff`, incomplete
 * @throws the error of node:fs when it cannot be read
 */
export function* readEventsFile(
  path: string,
  name: string,
  { wants, brief, marked, cutOff }: ReadEventsFileOptions = {},
): Generator<RunEvent, void, undefined> {
  const file = openSync(path, 'r');
  try {
    const head = new Head();
    const mark = marked === undefined ? undefined : Buffer.from(marked);
    let last: string | undefined;
    let skipped = false;
    let seq = 0;
    for (const { bytes, end } of wholeLines(file, cutOff?.bytesMax ?? Infinity)) {
      let marks = mark ? bytes.indexOf(mark) : -1;
      for (let start = 0; start < end;) {
        const stop = bytes.indexOf(NEWLINE, start);
        while (mark && marks >= 0 && marks < start) marks = bytes.indexOf(mark, start);
        const isMarked = marks >= 0 && marks < stop;
        const isPlain = head.read(bytes, start, stop, isMarked) && seq > 0;
        const isSkipped = isPlain && wants?.(head) === false;
        const made = isPlain && !isSkipped ? brief?.(head) : undefined;
        if (isSkipped || made) {
          if (head.seq !== seq) throw unexpectedEvent(name, seq, head.seq);
          skipped = true;
          if (made) yield made;
        } else {
          const event = parseEventLine(bytes.toString('utf8', start, stop), name, seq);
          if (seq === 0) checkFirst(event, name);
          skipped = false;
          last = event.type;
          if (wants?.(head.of(event, isMarked)) !== false) yield event;
        }
        seq++;
        start = stop + 1;
      }
      if (bytes.length > end && !cutOff) throw damagedEvents(name, seq + 1, 'the last line is cut off');
    }
    if (seq === 0 && !cutOff) throw damagedEvents(name, 1, 'the file is empty');
    if (!cutOff) checkLast(skipped ? head.type : last, name, seq);
  } finally {
    closeSync(file);
  }
}

/**
 * The lines of a file that have a text in them, in order. No line is checked: `readEventsFile` does that.
 *
 * @throws the error of node:fs when the file cannot be read
 */
export function* linesWith(path: string, text: string): Generator<string, void, undefined> {
  const mark = Buffer.from(text);
  const file = openSync(path, 'r');
  try {
    for (const { bytes, end } of wholeLines(file, Infinity)) {
      for (let at = bytes.indexOf(mark); at >= 0 && at < end;) {
        const stop = bytes.indexOf(NEWLINE, at);
        yield bytes.toString('utf8', bytes.lastIndexOf(NEWLINE, at) + 1, stop);
        at = bytes.indexOf(mark, stop);
      }
    }
  } finally {
    closeSync(file);
  }
}

/**
 * Pieces of a file that hold whole lines up to `end`; only the last piece can have a rest behind it. Each is
 * overwritten by the next.
 */
function* wholeLines(
  file: number,
  bytesMax: number,
): Generator<{ bytes: Buffer; end: number }, void, undefined> {
  let buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let filled = 0;
  let position = 0;
  for (;;) {
    if (filled === buffer.length) buffer = Buffer.concat([buffer], 2 * filled);
    const room = Math.min(buffer.length - filled, bytesMax - position);
    const bytesRead = readSync(file, buffer, filled, room, position);
    position += bytesRead;
    filled += bytesRead;
    const end = buffer.subarray(0, filled).lastIndexOf(NEWLINE) + 1;
    if (bytesRead === 0) {
      if (filled > 0) yield { bytes: buffer.subarray(0, filled), end };
      return;
    }
    if (end === 0) continue;
    yield { bytes: buffer.subarray(0, end), end };
    buffer.copyWithin(0, end, filled);
    filled -= end;
  }
}

class Head implements LineHead {
  seq = 0;
  t = 0;
  isMarked = false;
  session: number | undefined;
  bytes: Buffer = Buffer.alloc(0);
  afterType = 0;
  stop = 0;
  private from = 0;
  private to = 0;

  get type(): string {
    return this.bytes.toString('latin1', this.from, this.to);
  }

  is(prefix: Buffer): boolean {
    return skip(this.bytes, this.from, prefix) >= 0;
  }

  /** @returns false when the line does not begin as the log writes it: then it has to be parsed */
  read(bytes: Buffer, start: number, stop: number, isMarked: boolean): boolean {
    this.bytes = bytes;
    this.stop = stop;
    this.isMarked = isMarked;
    this.session = undefined;
    let at = skip(bytes, start, SEQ);
    if (at < 0) return false;
    let value = 0;
    for (; bytes[at] !== COMMA && at < stop; at++) value = 10 * value + bytes[at]! - ZERO;
    this.seq = value;
    at = skip(bytes, at, TIME);
    if (at < 0) return false;
    let time = 0;
    for (; bytes[at] !== COMMA && at < stop; at++)
      time = isDigit(bytes[at]!) ? 10 * time + bytes[at]! - ZERO : NaN;
    this.t = time;
    at = skip(bytes, at, TYPE);
    if (at < 0) return false;
    this.from = at;
    while (bytes[at] !== QUOTE && at < stop) at++;
    this.to = at;
    this.afterType = at + 1;
    if (bytes[stop - 1] !== 0x7d) return false;
    at = skip(bytes, at + 1, SESSION);
    if (at < 0) return true;
    let session = 0;
    for (; isDigit(bytes[at]!); at++) session = 10 * session + bytes[at]! - ZERO;
    this.session = session;
    return true;
  }

  of(event: RunEvent, isMarked: boolean): this {
    this.seq = event.seq;
    this.t = event.t;
    this.bytes = Buffer.from(event.type);
    this.afterType = this.stop = this.bytes.length;
    this.from = 0;
    this.to = this.bytes.length;
    this.session = 'session' in event ? event.session : undefined;
    this.isMarked = isMarked;
    return this;
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte < ZERO + 10;
}

/** @returns the position behind `expected` at `at`; -1 when something else is there */
export function skip(bytes: Buffer, at: number, expected: Buffer): number {
  for (let index = 0; index < expected.length; index++) if (bytes[at + index] !== expected[index]) return -1;
  return at + expected.length;
}
