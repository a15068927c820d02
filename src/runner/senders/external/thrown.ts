// Describes a value that an external sender threw. It may be anything, also an object that throws when it is
// read.

import { builtModule } from '../../../base/package-root.js';
import type { ModuleLoader } from './module.js';

const OURS = builtModule('').pathname;

interface Thrown {
  message: string;
  /** Lines of the stack that are in the module or in files of its author that it imports. */
  places: string[];
}

/** Longer messages are cut. */
const MESSAGE_LENGTH_MAX = 1000;

/** @param loader of the module, for the places in its source */
export function describeThrown(thrown: unknown, loader: ModuleLoader): Thrown {
  try {
    if (!(thrown instanceof Error)) return { message: `it threw ${shortened(String(thrown))}`, places: [] };
    const [first = '', ...lines] = String(thrown.stack).split('\n');
    const places = lines
      .filter((line) => /^\s+at /.test(line) && isOfModule(line))
      .map((line) => loader.original(line.trim()));
    // Where Node parses a CommonJS file, the place is before the message.
    const isPlace = /^(?:file:\/\/|\/|[A-Za-z]:[\\/]).*:\d+$/.test(first);
    return {
      message: shortened(String(thrown.message)),
      places: isPlace && places.length === 0 ? [`at ${first}`] : places,
    };
  } catch {
    return { message: 'it threw a value that cannot be converted to text', places: [] };
  }
}

/** Whether a line of a stack is in code of the module's author: neither Node, nor a package, nor Bouncelab. */
function isOfModule(line: string): boolean {
  if (/\bnode:|[\\/]node_modules[\\/]|<anonymous>\)?$/.test(line)) return false;
  return !line.includes(OURS);
}

function shortened(text: string): string {
  return text.length > MESSAGE_LENGTH_MAX ? `${text.slice(0, MESSAGE_LENGTH_MAX)} ...` : text;
}
