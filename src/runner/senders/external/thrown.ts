// What a module has thrown, for people: it may be anything at all, also what throws again when it is
// looked at.

interface Thrown {
  message: string;
  /** Where in the module it came from, for its author; the rest of a stack is of no use here. */
  places: string[];
}

/** More than this of a message is no message. */
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
    return { message: 'it threw what cannot be turned into text', places: [] };
  }
}

function shortened(text: string): string {
  return text.length > MESSAGE_LENGTH_MAX ? `${text.slice(0, MESSAGE_LENGTH_MAX)} ...` : text;
}
