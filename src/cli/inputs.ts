// What a command works on when nothing is named.

import { DEFAULT_INPUT } from '../suite/find.js';

export function inputsOr(files: string[]): string[] {
  return files.length > 0 ? files : [DEFAULT_INPUT];
}
