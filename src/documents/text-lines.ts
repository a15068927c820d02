// Reads the lines of a text file that may be large, block by block: UTF-8 or UTF-16, with line ends of any
// system. A file that is no text, or that changes while it is read, ends the reading with a message.

import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { kindProblem, megabytes, readProblem } from './source-file.js';

export type TextEncoding = 'UTF-8' | 'UTF-8 with BOM' | 'UTF-16 LE' | 'UTF-16 BE';

const BLOCK_SIZE = 256 * 1024;
/** A longer line is taken for a file without lines. */
const LINE_SIZE_MAX = 1024 * 1024;

const LABELS: Record<TextEncoding, string> = {
  'UTF-8': 'utf-8',
  'UTF-8 with BOM': 'utf-8',
  'UTF-16 LE': 'utf-16le',
  'UTF-16 BE': 'utf-16be',
};

/** Why a file cannot be read; the reader of the file reports it. */
export class Unreadable extends Error {
  constructor(
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** The lines of one file, read once. */
export class TextLines {
  /** Known from the first line on. */
  encoding: TextEncoding = 'UTF-8';
  private count = 0;

  /**
   * @param path absolute path
   * @param sizeMax bytes
   */
  constructor(
    private readonly path: string,
    private readonly sizeMax: number,
  ) {}

  /**
   * The lines without their ends.
   *
   * @throws Unreadable when the file cannot be read, is no text, or changes meanwhile
   */
  *read(): Generator<string, void, undefined> {
    // Before it is opened: to open a named pipe would wait for a writer.
    const stats = attempt(() => statSync(this.path));
    const wrong = kindProblem(stats, stats.size, this.sizeMax);
    if (wrong) throw new Unreadable(wrong.message, wrong.hint);
    const file = attempt(() => openSync(this.path, 'r'));
    try {
      const before = attempt(() => fstatSync(file, { bigint: true }));
      let size = 0;
      let rest: Buffer = Buffer.alloc(0);
      for (;;) {
        const block = Buffer.allocUnsafe(BLOCK_SIZE);
        const read = attempt(() => readSync(file, block));
        if (size === 0) rest = this.detect(block.subarray(0, read));
        else if (read > 0) rest = Buffer.concat([rest, block.subarray(0, read)]);
        size += read;
        const isAtEnd = read === 0;
        const end = isAtEnd ? rest.length : this.endOfLines(rest);
        if (end > 0) yield* this.lines(rest.subarray(0, end), isAtEnd);
        rest = rest.subarray(end);
        if (isAtEnd) break;
        if (rest.length > LINE_SIZE_MAX) {
          const message = `line ${this.count + 1} is longer than ${megabytes(LINE_SIZE_MAX)}`;
          throw new Unreadable(message, 'each contact has a line of its own');
        }
      }
      const after = attempt(() => fstatSync(file, { bigint: true }));
      if (after.size !== BigInt(size) || after.size !== before.size || after.mtimeNs !== before.mtimeNs)
        throw new Unreadable('the file changed while it was read', 'try again when it is complete');
    } finally {
      closeSync(file);
    }
  }

  /** Takes the encoding from the byte order mark, or from the zero bytes of the first character. */
  private detect(start: Buffer): Buffer {
    const [first, second, third] = start;
    if (first === 0xef && second === 0xbb && third === 0xbf) return this.encoded('UTF-8 with BOM', start, 3);
    if (first === 0xff && second === 0xfe) return this.encoded('UTF-16 LE', start, 2);
    if (first === 0xfe && second === 0xff) return this.encoded('UTF-16 BE', start, 2);
    if (first !== 0 && second === 0) return this.encoded('UTF-16 LE', start, 0);
    if (first === 0 && second !== 0 && second !== undefined) return this.encoded('UTF-16 BE', start, 0);
    return start;
  }

  private encoded(encoding: TextEncoding, start: Buffer, mark: number): Buffer {
    this.encoding = encoding;
    return start.subarray(mark);
  }

  /** The offset after the last line end of the bytes; 0 without one. */
  private endOfLines(bytes: Buffer): number {
    return this.endOfLast(bytes, '\n') || this.endOfLast(bytes.subarray(0, -2), '\r');
  }

  private endOfLast(bytes: Buffer, character: '\n' | '\r'): number {
    const code = character.charCodeAt(0);
    if (!this.encoding.startsWith('UTF-16')) return bytes.lastIndexOf(code) + 1;
    const unit = Buffer.from(this.encoding === 'UTF-16 LE' ? [code, 0] : [0, code]);
    let at = bytes.lastIndexOf(unit);
    // A match at an odd offset is made of the halves of two characters.
    while (at > 0 && at % 2 === 1) at = bytes.lastIndexOf(unit, at - 1);
    return at < 0 || at % 2 === 1 ? 0 : at + 2;
  }

  /** @param bytes whole lines; at the end of the file the last one may have no end */
  private *lines(bytes: Buffer, isAtEnd: boolean): Generator<string, void, undefined> {
    const text = this.decode(bytes);
    if (text === undefined || text.includes('\0')) throw this.noText(bytes);
    const lines = (text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text).split('\n');
    if (!isAtEnd || lines.at(-1) === '') lines.pop();
    for (const line of lines) {
      this.count++;
      yield line;
    }
  }

  private decode(bytes: Uint8Array): string | undefined {
    try {
      return new TextDecoder(LABELS[this.encoding], { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return undefined;
    }
  }

  private noText(bytes: Buffer): Unreadable {
    if (this.encoding.startsWith('UTF-16'))
      return new Unreadable(`the file is not valid ${this.encoding}`, 'save it as text in UTF-8');
    if (bytes.includes(0))
      return new Unreadable('the file is binary: it holds NUL bytes', 'save it as text in UTF-8');
    let line = this.count + 1;
    // A byte 0x0a is always a line feed in UTF-8.
    for (let start = 0; ; line++) {
      const end = bytes.indexOf(0x0a, start);
      if (end < 0 || this.decode(bytes.subarray(start, end)) === undefined) break;
      start = end + 1;
    }
    const message = `the file is not valid UTF-8, first on line ${line}`;
    return new Unreadable(message, 'save it as text in UTF-8; Excel calls that "CSV UTF-8"');
  }
}

function attempt<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    const { message, hint } = readProblem(error);
    throw new Unreadable(message, hint);
  }
}

/**
 * The text of a file for code frames: the given lines and those around them, in their places, with every
 * other line empty; nothing after the last one.
 *
 * @param wanted numbers of lines, from 1
 * @param around lines kept before and after each of them
 * @returns an empty text when the file cannot be read any more
 */
export function sparseText(path: string, wanted: Iterable<number>, around: number): string {
  const kept = new Set<number>();
  for (const line of wanted) for (let near = line - around; near <= line + around; near++) kept.add(near);
  const last = Math.max(0, ...kept);
  const lines: string[] = [];
  try {
    for (const line of new TextLines(path, Infinity).read()) {
      lines.push(kept.has(lines.length + 1) ? line : '');
      if (lines.length === last) break;
    }
  } catch (error) {
    if (error instanceof Unreadable) return '';
    throw error;
  }
  return lines.join('\n');
}
