// The list of planted bugs names pieces of source code, which a change of the sources makes stale.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Bug {
  name: string;
  file: string;
  find: string;
  replace: string;
}

const { BUGS } = (await import(new URL('../scripts/bugs.mjs', import.meta.url).href)) as { BUGS: Bug[] };

test.each(BUGS)('$name: its code occurs exactly once in $file', ({ file, find, replace }) => {
  expect(readFileSync(file, 'utf8').split(find)).toHaveLength(2);
  expect(replace).not.toBe(find);
});
