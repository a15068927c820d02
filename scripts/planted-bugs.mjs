// `npm run bugs`: puts known bugs into a copy of the sources, one at a time, and shows which check finds each:
// the expectations of the suite, the invariants, or an exploration.
//
// Options: --runs N (experiments per bug, default 1000), --only N[,N] (numbers of bugs).

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { BUGS } from './bugs.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000' }, only: { type: 'string' } },
});
const only = values.only?.split(',').map(Number);

const run = (dir, ...args) =>
  spawnSync(process.execPath, args, { cwd: dir, encoding: 'utf8', maxBuffer: 1 << 28, timeout: 900_000 });

/** Plays the suite. @returns the number of failed scenarios, and what failed in them */
function playSuite(dir) {
  const { stdout } = run(
    dir,
    'dist/cli/main.js',
    'run',
    '--reporter',
    'json',
    '--no-html',
    '--output',
    'reports/bugs',
  );
  const { scenarios } = JSON.parse(stdout);
  const failed = scenarios.filter(({ status }) => status !== 'passed');
  const invariants = new Set();
  let expectations = 0;
  for (const { failures } of failed) {
    for (const { invariant } of failures) if (invariant) invariants.add(invariant);
    if (failures.some(({ invariant }) => !invariant)) expectations++;
  }
  return { failed: failed.length, expectations, invariants: [...invariants] };
}

function explore(dir) {
  const { stdout } = run(
    dir,
    'dist/cli/main.js',
    'explore',
    '--runs',
    values.runs,
    '--seed',
    '1',
    '--output',
    'reports/found',
  );
  const [, index, kind] = /experiment (\d+) fails \((.*?)\)/.exec(stdout) ?? [];
  if (index === undefined) return /no violation/.test(stdout) ? 'nothing' : `failed: ${stdout.slice(-200)}`;
  const [, before, after] = /(\d+) values in the scenario as drawn, (\d+) now/.exec(stdout) ?? [];
  const file = /bouncelab run (\S+)/.exec(stdout)?.[1];
  const lines = readFileSync(join(dir, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  parse(lines.join('\n'));
  return `${kind}, experiment ${index}, ${before} values made ${after} (${lines.length} lines)`;
}

let missed = 0;
for (const [index, { name, file, find, replace }] of BUGS.entries()) {
  if (only && !only.includes(index + 1)) continue;
  const dir = mkdtempSync(join(tmpdir(), 'bouncelab-bug-'));
  try {
    for (const part of [
      'src',
      'scripts',
      'policies',
      'profiles',
      'classification',
      'schema',
      'scenarios',
      'package.json',
      'tsconfig.json',
      'tsconfig.build.json',
    ])
      cpSync(join(ROOT, part), join(dir, part), { recursive: true });
    cpSync(join(ROOT, 'dist'), join(dir, 'dist'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
    const text = readFileSync(join(dir, file), 'utf8');
    if (text.split(find).length !== 2) throw new Error(`${file} must contain exactly once: ${find}`);
    writeFileSync(
      join(dir, file),
      text.replace(find, () => replace),
    );
    const built = run(dir, 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--noCheck');
    if (built.status !== 0) throw new Error(built.stdout);
    const suite = playSuite(dir);
    const found = explore(dir);
    const isCaught = suite.failed > 0 || !/^(nothing|failed)/.test(found);
    if (!isCaught) missed++;
    console.log(`${index + 1}. ${name}: ${isCaught ? 'caught' : 'MISSED'}`);
    console.log(
      `   suite: ${suite.failed} scenarios fail, ${suite.expectations} by expectations; invariants: ${suite.invariants.join(', ') || 'none'}`,
    );
    console.log(`   explore: ${found}`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
process.exitCode = missed > 0 ? 1 : 0;
