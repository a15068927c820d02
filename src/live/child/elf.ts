// What the header of an ELF file says about how the program is loaded: whether the dynamic loader takes part, which is
// what LD_PRELOAD needs, and whether Go built it, since Go reads the clock without libc.

import { closeSync, openSync, readSync } from 'node:fs';

export type Loading = 'dynamic' | 'static' | 'go';

const MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
/** Segment types. */
const PT_INTERP = 3;
const PT_NOTE = 4;
/** Longest note that is read; that of Go is about a hundred bytes. */
const NOTE_BYTES_MAX = 64 * 1024;
/** Segments of a header that are looked at; programs have about a dozen. */
const SEGMENTS_MAX = 512;

/** How a program is loaded; undefined for a file that is not ELF, or whose header is cut short. */
export function loadingOf(file: string): Loading | undefined {
  const descriptor = openSync(file, 'r');
  try {
    return readHeader((position, length) => {
      const bytes = Buffer.alloc(length);
      if (readSync(descriptor, bytes, 0, length, position) < length) throw new RangeError('cut short');
      return bytes;
    });
  } catch (error) {
    // Also an offset that no file can have.
    if (error instanceof RangeError) return undefined;
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

function readHeader(read: (position: number, length: number) => Buffer): Loading | undefined {
  const head = read(0, 64);
  if (!head.subarray(0, 4).equals(MAGIC)) return undefined;
  const is64 = head[4] === 2;
  const isLittle = head[5] === 1;
  const half = (from: Buffer, at: number): number =>
    isLittle ? from.readUInt16LE(at) : from.readUInt16BE(at);
  const word = (from: Buffer, at: number): number =>
    isLittle ? from.readUInt32LE(at) : from.readUInt32BE(at);
  const address = (from: Buffer, at64: number, at32: number): number => {
    if (!is64) return word(from, at32);
    return Number(isLittle ? from.readBigUInt64LE(at64) : from.readBigUInt64BE(at64));
  };
  const table = address(head, 32, 28);
  const size = half(head, is64 ? 54 : 42);
  const count = Math.min(half(head, is64 ? 56 : 44), SEGMENTS_MAX);
  let hasLoader = false;
  for (let nth = 0; nth < count; nth++) {
    const segment = read(table + nth * size, size);
    const type = word(segment, 0);
    if (type === PT_INTERP) hasLoader = true;
    if (type !== PT_NOTE) continue;
    const notes = read(address(segment, 8, 4), Math.min(address(segment, 32, 16), NOTE_BYTES_MAX));
    if (hasGoNote(notes, word)) return 'go';
  }
  return hasLoader ? 'dynamic' : 'static';
}

/** Whether one of the notes has the name `Go`: the build identifier that the Go linker writes. */
function hasGoNote(notes: Buffer, word: (from: Buffer, at: number) => number): boolean {
  const padded = (length: number): number => Math.ceil(length / 4) * 4;
  for (let at = 0; at + 12 <= notes.length;) {
    const nameLength = word(notes, at);
    const name = notes.subarray(at + 12, at + 12 + nameLength).toString('latin1');
    if (name === 'Go\0') return true;
    at += 12 + padded(nameLength) + padded(word(notes, at + 4));
  }
  return false;
}
