// Old runs are removed, and nothing else.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { MARKER } from '../../src/suite/run-marker.js';
import { removeOldRuns } from '../../src/suite/retention.js';

/** Id of a process that has ended. */
const GONE = spawnSync(process.execPath, ['-e', '']).pid;

function reports(): string {
  const dir = mkdtempSync(join(tmpdir(), 'bouncelab-keep-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Content of a mark. By default the run is of a process of this machine that is gone. */
function markOf(run: string, { ended = false, pid = GONE, host = hostname() } = {}): string {
  return JSON.stringify({ run, pid, host, ...(ended ? { ended } : {}) });
}

function makeRun(dir: string, second: number, files: Record<string, string> = {}): string {
  const name = `20261123-0945${String(second).padStart(2, '0')}-ab12cd`;
  mkdirSync(join(dir, name, 'events'), { recursive: true });
  const mark = markOf(name, { ended: true });
  const all = {
    [MARKER]: mark,
    'run.json': '{"scenarios":[]}',
    'index.html': '',
    'events/a.ndjson': '',
    ...files,
  };
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
  const unmarked = makeRun(dir, 3, { [MARKER]: '-' });
  const copied = makeRun(dir, 5, { [MARKER]: markOf('20261123-094501-ab12cd', { ended: true }) });
  const withFolder = makeRun(dir, 6);
  mkdirSync(join(dir, withFolder, 'events', 'deep.ndjson'));
  const withLink = makeRun(dir, 7);
  symlinkSync('/', join(dir, withLink, 'junit.xml'));
  const elsewhere = reports();
  const target = makeRun(elsewhere, 1);
  symlinkSync(join(elsewhere, target), join(dir, '20261123-094504-ab12cd'));
  expect(await removeOldRuns(dir, 0)).toEqual([]);
  for (const name of ['README.md', 'explore']) expect(existsSync(join(dir, name))).toBe(true);
  for (const name of [withNotes, withOtherEvents, unmarked, copied, withFolder, withLink])
    expect(existsSync(join(dir, name, 'events', 'a.ndjson')), name).toBe(true);
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

test('a run that was killed is removed, and one that still writes is not', async () => {
  const dir = reports();
  const half = { 'run.json': '-', 'index.html': '-', 'index.html.tmp': '', 'events/b.view.json': '' };
  const killed = makeRun(dir, 1, { ...half, ...marked(1, {}) });
  symlinkSync(killed, join(dir, `latest.${killed}.tmp`));
  const writing = makeRun(dir, 2, { ...half, ...marked(2, { pid: process.ppid }) });
  const elsewhere = makeRun(dir, 3, { ...half, ...marked(3, { host: 'another.example' }) });
  const silent = makeRun(dir, 4, { ...half, ...marked(4, { host: 'another.example' }) });
  const longAgo = new Date('2020-01-01');
  for (const path of ['', MARKER, 'events/a.ndjson', 'events/b.view.json'])
    utimesSync(join(dir, silent, path), longAgo, longAgo);
  const done = makeRun(dir, 5);
  expect((await removeOldRuns(dir, 1)).sort()).toEqual([killed, silent]);
  expect(readdirSync(dir).sort()).toEqual([writing, elsewhere, done]);
});

/** A mark of the run of that second. */
function marked(second: number, change: Parameters<typeof markOf>[1]): Record<string, string> {
  return { [MARKER]: markOf(`20261123-0945${String(second).padStart(2, '0')}-ab12cd`, change) };
}
