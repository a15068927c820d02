// Reads a JSON file that Bouncelab wrote and that may have been cut off or edited since. Every problem has a
// place: that of the library's message, or that of the value that is wrong.

import type { Location } from '../base/errors.js';
import type { Path } from './locate.js';
import { readSource } from './source-file.js';
import { parseYaml } from './yaml-file.js';

/** A problem of the file, and where it is. */
export interface JsonProblem {
  message: string;
  location: Location;
  /** There is no such file. */
  absent?: true;
}

export interface JsonFile {
  value: unknown;
  /** The place of a value, for a message. */
  at: (path: Path) => Location;
}

/** A larger text is not searched for the place of a value: that takes far longer than reading it. */
const LOCATED_MAX = 4 * 1024 * 1024;

/**
 * @param path absolute path
 * @param file the path as messages show it
 * @param sizeMax bytes
 */
export function readJson(path: string, file: string, sizeMax: number): JsonFile | JsonProblem {
  const start = { file, line: 1, column: 1 };
  const source = readSource(path, sizeMax);
  if ('message' in source) return { location: start, ...source };
  const { text } = source;
  try {
    const value: unknown = JSON.parse(text);
    const at = (to: Path): Location =>
      text.length > LOCATED_MAX ? start : parseYaml(file, text).locator.value(to);
    return { value, at };
  } catch (error) {
    const { message } = error as Error;
    const isCut = message.includes('Unexpected end');
    const offset = isCut ? text.length : Number(/at position (\d+)/.exec(message)?.[1] ?? 0);
    return { message: isCut ? 'it is cut off' : 'it is not JSON', location: placeAt(file, text, offset) };
  }
}

function placeAt(file: string, text: string, offset: number): Location {
  const before = text.slice(0, offset).split('\n');
  return { file, line: before.length, column: before.at(-1)!.length + 1 };
}
