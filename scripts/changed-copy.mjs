// A copy of the project whose sources can be changed and built, and what the suite and an exploration find in it:
// for `planted-bugs.mjs` and `drawn-mutants.mjs`.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Real time that a command may take, ms; a changed sender may run forever. */
const LIMIT_MS = 900_000;

const PARTS = [
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
];

export class ChangedCopy {
  /** @param commit whose sources are copied; the working tree with its build when left out */
  constructor(commit) {
    this.dir = mkdtempSync(join(tmpdir(), 'bouncelab-copy-'));
    if (commit === undefined) {
      for (const part of [...PARTS, 'dist'])
        cpSync(join(ROOT, part), join(this.dir, part), { recursive: true });
    } else {
      const archive = spawnSync('git', ['archive', commit], { cwd: ROOT, maxBuffer: 1 << 28 });
      if (archive.status !== 0) throw new Error(String(archive.stderr));
      mkdirSync(this.dir, { recursive: true });
      spawnSync('tar', ['-x'], { cwd: this.dir, input: archive.stdout });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.dir, 'node_modules'));
  }

  /** Compiles the sources; their types are not checked. */
  build() {
    const built = this.run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--noCheck');
    if (built.status !== 0) throw new Error(built.stdout);
  }

  run(...args) {
    return spawnSync(process.execPath, args, {
      cwd: this.dir,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      timeout: LIMIT_MS,
    });
  }

  /**
   * Plays the suite.
   *
   * @param bail end it with the first scenario that does not pass
   * @returns how many scenarios failed, those that failed by an expectation, the invariants that were broken, and the
   *   first file that failed; `broken` when there was no result at all
   */
  playSuite({ bail = false } = {}) {
    const { stdout, signal } = this.run(
      ...['dist/cli/main.js', 'run', '--reporter', 'json', '--no-html', '--output', 'reports/changed'],
      ...(bail ? ['--bail'] : []),
    );
    if (signal !== null || !stdout.trimStart().startsWith('{'))
      return { failed: 0, expectations: 0, invariants: [], broken: signal ?? 'no result' };
    const { scenarios } = JSON.parse(stdout);
    const failed = scenarios.filter(({ status }) => status !== 'passed' && status !== 'skipped');
    const invariants = new Set();
    let expectations = 0;
    for (const { failures } of failed) {
      for (const { invariant } of failures) if (invariant) invariants.add(invariant);
      if (failures.some(({ invariant }) => !invariant)) expectations++;
    }
    return { failed: failed.length, expectations, invariants: [...invariants], first: failed[0]?.file };
  }

  /** Explores with seed 1. @returns what was found, in words; `nothing` when nothing was */
  explore(runs) {
    const { stdout, signal } = this.run(
      ...['dist/cli/main.js', 'explore', '--runs', String(runs), '--seed', '1', '--output', 'reports/found'],
    );
    if (signal !== null) return `failed: ${signal}`;
    const [, index, kind] = /experiment (\d+) fails \((.*?)\)/.exec(stdout) ?? [];
    if (index === undefined) return /no violation/.test(stdout) ? 'nothing' : `failed: ${stdout.slice(-200)}`;
    const [, before, after] = /(\d+) values in the scenario as drawn, (\d+) now/.exec(stdout) ?? [];
    const file = /bouncelab run (\S+)/.exec(stdout)?.[1];
    const lines = readFileSync(join(this.dir, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    parse(lines.join('\n'));
    return `${kind}, experiment ${index}, ${before} values made ${after} (${lines.length} lines)`;
  }

  remove() {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
