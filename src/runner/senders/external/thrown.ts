// Describes a value that an external sender threw. It may be anything, also an object that throws when it is
// read.

interface Thrown {
  message: string;
  /** Lines of the stack that are in the module. */
  places: string[];
}

/** Longer messages are cut. */
const MESSAGE_LENGTH_MAX = 1000;

/** @param file the module */
export function describeThrown(thrown: unknown, file: string): Thrown {
  try {
    if (!(thrown instanceof Error)) return { message: `it threw ${shortened(String(thrown))}`, places: [] };
    const name = file.split(/[\\/]/).at(-1)!;
    const places = String(thrown.stack)
      .split('\n')
      .filter((line) => /^\s+at /.test(line) && line.includes(name))
      .map((line) => line.trim().replace(/\?scenario=\d+/, ''));
    return { message: shortened(String(thrown.message)), places };
  } catch {
    return { message: 'it threw a value that cannot be converted to text', places: [] };
  }
}

function shortened(text: string): string {
  return text.length > MESSAGE_LENGTH_MAX ? `${text.slice(0, MESSAGE_LENGTH_MAX)} ...` : text;
}
