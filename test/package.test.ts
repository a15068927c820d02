// The package as npm sees it: its program can be started by name after any build.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const exec = promisify(execFile);
const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  bin: Record<string, string>;
};

describe('the package', () => {
  it.each(Object.entries(manifest.bin))('has a program %s that a shell can start', async (_name, file) => {
    const { stdout } = await exec(path.join(ROOT, file), ['--version']);
    expect(stdout.trim()).toBe(manifest.version);
  });
});
