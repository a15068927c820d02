// What passes between Bouncelab and a worker process, over a pipe that only Bouncelab uses: frames of a tag, a
// length, and a value as V8 serializes it. The tag is drawn for each process, so that bytes which something else
// in the process writes to the pipe are recognized and never read as a result.

import { deserialize, serialize } from 'node:v8';

export const TAG_BYTES = 16;
/** The tag and the length of the value, an unsigned 32-bit number, little-endian. */
export const HEAD_BYTES = TAG_BYTES + 4;

/** The file descriptor of the pipe in a worker process. */
export const PIPE_FD = 3;

/** @param value anything that the structured clone algorithm can copy */
export function frameOf(tag: Uint8Array, value: unknown): Buffer {
  const body = serialize(value);
  const length = Buffer.alloc(HEAD_BYTES - TAG_BYTES);
  length.writeUInt32LE(body.length);
  return Buffer.concat([tag, length, body]);
}

/** @returns the length of the value that follows */
export function lengthOf(head: Buffer): number {
  return head.readUInt32LE(TAG_BYTES);
}

/** Takes frames out of the bytes of a pipe. */
export class FrameReader {
  private chunks: Buffer[] = [];
  private size = 0;
  private length: number | undefined;

  constructor(private readonly tag: Uint8Array) {}

  /**
   * @returns the values that are complete with these bytes
   * @throws Error when the bytes are not frames with the tag
   */
  push(chunk: Buffer): unknown[] {
    this.chunks.push(chunk);
    this.size += chunk.length;
    const values: unknown[] = [];
    for (;;) {
      if (this.length === undefined) {
        if (this.size < HEAD_BYTES) return values;
        const head = this.take(HEAD_BYTES);
        if (!head.subarray(0, TAG_BYTES).equals(this.tag)) throw new Error('bytes without the tag');
        this.length = lengthOf(head);
      }
      if (this.size < this.length) return values;
      values.push(deserialize(this.take(this.length)));
      this.length = undefined;
    }
  }

  private take(length: number): Buffer {
    const all = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    this.chunks = length < all.length ? [all.subarray(length)] : [];
    this.size -= length;
    return all.subarray(0, length);
  }
}
