// The default input of commands that take scenario files. It is here because several commands share it.

import { DEFAULT_INPUT } from '../suite/find.js';

export function inputsOr(files: string[]): string[] {
  return files.length > 0 ? files : [DEFAULT_INPUT];
}
