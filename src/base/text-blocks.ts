// Text that is written in many small parts.

const BLOCK_CHARS = 1 << 16;

/** The same text in parts of at least this many characters, so that a file is written in few steps. */
export function* textBlocks(parts: Iterable<string>): Generator<string, void, undefined> {
  let block = '';
  for (const part of parts) {
    block += part;
    if (block.length < BLOCK_CHARS) continue;
    yield block;
    block = '';
  }
  if (block !== '') yield block;
}
