// Old runs are removed, and nothing else.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { removeOldRuns } from '../../src/suite/retention.js';

function reports(): string {
  const dir = mkdtempSync(join(tmpdir(), 'bouncelab-keep-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function makeRun(dir: string, second: number, files: Record<string, string> = {}): string {
  const name = `20261123-0945${String(second).padStart(2, '0')}-ab12cd`;
  mkdirSync(join(dir, name, 'events'), { recursive: true });
  const all = { 'run.json': '{"scenarios":[]}', 'index.html': '', 'events/a.ndjson': '', ...files };
  for (const [file, text] of Object.entries(all))
    if (text !== '-') writeFileSync(join(dir, name, file), text);
  return name;
}

test('the newest finished runs stay', async () => {
  const dir = reports();
  const names = [1, 2, 3, 4, 5].map((second) => makeRun(dir, second));
  expect((await removeOldRuns(dir, 2)).sort()).toEqual(names.slice(0, 3));
  expect(readdirSync(dir).sort()).toEqual(names.slice(3));
});

test('everything that is not a run stays, whatever its name', async () => {
  const dir = reports();
  writeFileSync(join(dir, 'README.md'), 'mine');
  mkdirSync(join(dir, 'explore'));
  const withNotes = makeRun(dir, 1, { 'notes.txt': 'mine' });
  const withOtherEvents = makeRun(dir, 2, { 'events/Keep me.csv': 'mine' });
  const unfinished = makeRun(dir, 3, { 'run.json': '-' });
  const elsewhere = reports();
  const target = makeRun(elsewhere, 1);
  symlinkSync(join(elsewhere, target), join(dir, '20261123-094504-ab12cd'));
  expect(await removeOldRuns(dir, 0)).toEqual([]);
  for (const name of ['README.md', 'explore', withNotes, withOtherEvents, unfinished]) {
    expect(existsSync(join(dir, name))).toBe(true);
  }
  expect(existsSync(join(elsewhere, target, 'run.json'))).toBe(true);
});

test('the run that latest points to stays, also when two processes remove at once', async () => {
  const dir = reports();
  const names = [1, 2, 3, 4, 5, 6].map((second) => makeRun(dir, second));
  symlinkSync(names[0]!, join(dir, 'latest'));
  await Promise.all([removeOldRuns(dir, 2), removeOldRuns(dir, 2)]);
  const left = readdirSync(dir).filter((name) => name !== 'latest');
  expect(left.sort()).toEqual([names[0], ...names.slice(4)]);
});
