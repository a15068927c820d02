// A temporary folder for tests of the loader, and a valid scenario of which each test changes one part.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ScenarioPlan } from '../../src/scenarios/plan.js';
import { loadScenario } from '../../src/scenarios/load.js';
import type { LoadOptions } from '../../src/scenarios/load.js';
import type { Problem } from '../../src/documents/problems.js';

const PARTS = {
  name: 'name: a test',
  fleet: 'fleet:\n  example.org: {}\n  yahoo.com: {}',
  audience: 'audience:\n  contacts: [bob@example.org, eve@yahoo.com]',
  mailings: 'mailings:\n  - { name: november }',
  expect: 'expect:\n  - { at: end, november: { recipients: "> 0" } }',
};

/** The folder; it exists from the first file that a test writes until the end of that test. */
export const scratch = mkdtempSync(join(tmpdir(), 'bouncelab-load-'));
rmSync(scratch, { recursive: true });

/** A valid scenario with parts replaced, left out (empty) or, as `more`, appended. */
export function scenario(parts: Partial<Record<keyof typeof PARTS | 'more', string>> = {}): string {
  return `${Object.values({ ...PARTS, ...parts })
    .filter(Boolean)
    .join('\n')}\n`;
}

/** Creates the folder, or one in it, for the running test. @returns its path */
export function folder(name = ''): string {
  const path = join(scratch, name);
  mkdirSync(path, { recursive: true });
  onTestFinished(() => rmSync(scratch, { recursive: true, force: true }));
  return path;
}

/** Writes a file into the folder. @returns its name */
export function write(name: string, content: string | Uint8Array): string {
  folder();
  writeFileSync(join(scratch, name), content);
  return name;
}

export function load(text: string | Uint8Array, options: Partial<LoadOptions> = {}) {
  return loadScenario(write('t.yaml', text), { cwd: scratch, ...options });
}

/** The plan of a scenario that must be valid. */
export function planOf(text: string, options: Partial<LoadOptions> = {}): ScenarioPlan {
  const result = load(text, options);
  if (!result.plan) throw new Error(result.problems.map(lineOf).join('\n'));
  return result.plan;
}

/** A part of a plan without the places of its behaviors in the file. */
export function unplaced<T>(part: T): T {
  return JSON.parse(
    JSON.stringify(part, (key, value: unknown) => (key === 'place' ? undefined : value)),
  ) as T;
}

/** Problems as `line:column+length message | hint`, and before it the file when it is another one. */
export function problemsOf(text: string | Uint8Array, options: Partial<LoadOptions> = {}): string[] {
  return (load(text, options).problems ?? []).map(lineOf);
}

export function lineOf({ message, hint, location }: Problem): string {
  const { file, line, column, length = 1 } = location;
  const place = `${file === 't.yaml' ? '' : `${file}:`}${line}:${column}+${length}`;
  return `${place} ${message}${hint === undefined ? '' : ` | ${hint}`}`;
}
