// JSON strings in the bytes of a file, of which a few occur again and again: each is decoded once.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

interface KnownText {
  bytes: Buffer;
  text: string;
}

export class KnownTexts {
  /** The offset after the closing quote of the text that was read last. */
  end = 0;
  private readonly byHash = new Map<number, KnownText>();

  /**
   * Reads a string.
   *
   * @param from offset after its opening quote
   * @param to offset before which it must end
   * @returns undefined when it does not end there, or has an escape and must be parsed
   */
  read(bytes: Buffer, from: number, to: number): string | undefined {
    let hash = 0;
    let at = from;
    for (; bytes[at] !== QUOTE; at++) {
      if (at >= to || bytes[at] === BACKSLASH) return undefined;
      hash = (31 * hash + bytes[at]!) | 0;
    }
    this.end = at + 1;
    const known = this.byHash.get(hash);
    if (known && isEqual(known.bytes, bytes, from, at)) return known.text;
    const text = bytes.toString('utf8', from, at);
    this.byHash.set(hash, { bytes: Buffer.from(bytes.subarray(from, at)), text });
    return text;
  }
}

function isEqual(known: Buffer, bytes: Buffer, from: number, to: number): boolean {
  if (known.length !== to - from) return false;
  for (let index = 0; index < known.length; index++) if (known[index] !== bytes[from + index]) return false;
  return true;
}
