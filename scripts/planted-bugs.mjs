// `npm run bugs`: puts known bugs into a copy of the sources, one at a time, and shows which check finds each:
// the expectations of the suite, the invariants, or an exploration.
//
// Options: --runs N (experiments per bug, default 1000), --only N[,N] (numbers of bugs).

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BUGS } from './bugs.mjs';
import { ChangedCopy } from './changed-copy.mjs';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000' }, only: { type: 'string' } },
});
const only = values.only?.split(',').map(Number);

let missed = 0;
for (const [index, { name, file, find, replace }] of BUGS.entries()) {
  if (only && !only.includes(index + 1)) continue;
  const copy = new ChangedCopy();
  try {
    const path = join(copy.dir, file);
    const text = readFileSync(path, 'utf8');
    if (text.split(find).length !== 2) throw new Error(`${file} must contain exactly once: ${find}`);
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
    copy.build();
    const suite = copy.playSuite();
    if (suite.broken) throw new Error(`the suite has no result: ${suite.broken}`);
    const found = copy.explore(values.runs);
    const isCaught = suite.failed > 0 || !/^(nothing|failed)/.test(found);
    if (!isCaught) missed++;
    console.log(`${index + 1}. ${name}: ${isCaught ? 'caught' : 'MISSED'}`);
    console.log(
      `   suite: ${suite.failed} scenarios fail, ${suite.expectations} by expectations; invariants: ${suite.invariants.join(', ') || 'none'}`,
    );
    console.log(`   explore: ${found}`);
  } finally {
    copy.remove();
  }
}
process.exitCode = missed > 0 ? 1 : 0;
