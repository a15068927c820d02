// The recipes of docs/mta.md, pasted word by word into an empty project.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { RunEvent } from '../../src/index.js';
import { addressKey } from '../../src/base/addresses.js';
import { recipientOf } from '../../src/events/envelope.js';
import { codeBlocks } from './markdown.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Where .ci/run unpacks what it cannot install. */
const UNPACKED = ['/var/cache/bouncelab-exim/usr/sbin', '/usr/sbin'];
/** Verdicts that there may not be, since the machine was too busy; each try has half the speed of the one before. */
const TRIES = 3;
const INCONCLUSIVE = 5;

export interface Outcome {
  code: number;
  output: string;
  /** Minutes between the attempts that a server saw for an address. */
  gaps: (address: string) => number[];
}

/** The PATH on which programs of the recipes are looked for. */
export const RECIPE_PATH = [process.env['PATH'], ...UNPACKED].join(':');

/** Runs the recipe whose block of docs/mta.md copies a folder of examples/. */
export async function playRecipe(name: string): Promise<Outcome> {
  const project = mkdtempSync(path.join(tmpdir(), 'bouncelab-recipe-'));
  onTestFinished(() => rmSync(project, { recursive: true, force: true }));
  const modules = path.join(project, 'node_modules');
  mkdirSync(path.join(modules, '.bin'), { recursive: true });
  symlinkSync(ROOT, path.join(modules, 'bouncelab'), 'dir');
  symlinkSync(path.join(ROOT, 'node_modules/nodemailer'), path.join(modules, 'nodemailer'), 'dir');
  symlinkSync(path.join(ROOT, 'dist/cli/main.js'), path.join(modules, '.bin/bouncelab'));
  const lines = recipe(name);
  let outcome = await paste(lines, project, name);
  for (let tries = 1; tries < TRIES && outcome.code === INCONCLUSIVE; tries++) {
    const slower = lines.replace(/--speed (\d+)/, (_, speed) => `--speed ${Number(speed) / 2 ** tries}`);
    outcome = await paste(slower, project, name);
  }
  return outcome;
}

function recipe(name: string): string {
  const page = readFileSync(path.join(ROOT, 'docs/mta.md'), 'utf8');
  const [found, ...others] = codeBlocks(page, 'sh').filter((block) => block.includes(`examples/${name} `));
  if (found === undefined || others.length > 0)
    throw new Error(`docs/mta.md has no recipe for ${name}, or several`);
  // The package is there already, as a link.
  return found.replace(/^npm install .*\n/, '');
}

async function paste(lines: string, project: string, name: string): Promise<Outcome> {
  rmSync(path.join(project, name), { recursive: true, force: true });
  const child = spawn('sh', ['-e', '-c', lines], {
    cwd: project,
    env: { ...process.env, PATH: RECIPE_PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill());
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? -1)));
  return {
    code,
    output,
    gaps: (address) => gapsOf(path.join(project, name, 'reports/latest/events'), address),
  };
}

function gapsOf(folder: string, address: string): number[] {
  const events = readdirSync(folder)
    .flatMap((file) => readFileSync(path.join(folder, file), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as RunEvent);
  const times = events.flatMap((event) =>
    event.type === 'smtp.command' && recipientOf(event.line) === addressKey(address) ? [event.t] : [],
  );
  return times.slice(1).map((time, index) => (time - times[index]!) / 60_000);
}
