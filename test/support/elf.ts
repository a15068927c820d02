// Small ELF files: the header, and the segments that say how a program is loaded.

export interface ElfForm {
  bits: 32 | 64;
  order: 'little' | 'big';
  /** Whether a dynamic loader is named. */
  loader: boolean;
  /** Names of notes. */
  notes?: string[];
}

export function elf({ bits, order, loader, notes = [] }: ElfForm): Buffer {
  const is64 = bits === 64;
  const half = (value: number): Buffer => number(value, 2, order);
  const word = (value: number): Buffer => number(value, 4, order);
  const address = (value: number): Buffer => number(value, bits / 8, order);
  const headerSize = is64 ? 64 : 52;
  const entrySize = is64 ? 56 : 32;
  const content = Buffer.concat(
    notes.map((name) => {
      const text = Buffer.from(`${name}\0`);
      const padding = Buffer.alloc((4 - (text.length % 4)) % 4);
      return Buffer.concat([word(text.length), word(4), word(1), text, padding, Buffer.from('abcd')]);
    }),
  );
  const types = [...(notes.length > 0 ? [4] : []), ...(loader ? [3] : []), 1];
  const at = headerSize + types.length * entrySize;
  const entries = types.map((type) => {
    const [offset, size] = type === 4 ? [at, content.length] : [0, 0];
    const places = [address(offset), address(0), address(0), address(size), address(size)];
    // The flags are the second field of 64 bits, and the last but one of 32.
    const fields = is64 ? [word(type), word(4), ...places] : [word(type), ...places, word(4)];
    return Buffer.concat([...fields, address(4)]);
  });
  const identity = [0x7f, 0x45, 0x4c, 0x46, is64 ? 2 : 1, order === 'little' ? 1 : 2, 1, 0];
  const header = Buffer.concat([
    ...[Buffer.from(identity), Buffer.alloc(8), half(2), half(62), word(1)],
    ...[address(0), address(headerSize), address(0), word(0)],
    ...[half(headerSize), half(entrySize), half(types.length), half(0), half(0), half(0)],
  ]);
  return Buffer.concat([header, ...entries, content]);
}

function number(value: number, length: number, order: 'little' | 'big'): Buffer {
  const bytes = Buffer.alloc(length);
  if (order === 'little') bytes.writeUIntLE(value, 0, Math.min(length, 6));
  else bytes.writeUIntBE(value, Math.max(0, length - 6), Math.min(length, 6));
  return bytes;
}
