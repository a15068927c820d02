// The package as npm sees it: its program runs by name after any build, and what the documentation
// links to is inside.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { relativeLinks } from './support/markdown.js';

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

  it('holds the program, the data that it reads, and the documentation', async () => {
    // Without scripts: `prepare` would build dist/ again under the other tests.
    const pack = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const { stdout } = await exec('npm', pack, { cwd: ROOT, maxBuffer: 1 << 24 });
    const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[];
    const files = packed!.files.map((file) => file.path);
    const needed = [
      ...Object.values(manifest.bin),
      'README.md',
      'docs/scenarios.md',
      'schema/scenario.schema.json',
      'policies/emma.yaml',
      'classification/causes.yaml',
      'profiles/yahoo.yaml',
      'scenarios/outages/yahoo-down-six-hours.yaml',
    ];
    expect(needed.filter((file) => !files.includes(file))).toEqual([]);
    const pages = files.filter((file) => /^(?:docs\/)?[^/]+\.md$/.test(file));
    const broken = pages.flatMap((page) =>
      relativeLinks(readFileSync(path.join(ROOT, page), 'utf8')).filter((link) => {
        const target = path.posix.join(path.posix.dirname(page), link.split('#')[0]!);
        return !files.some((file) => file === target || file.startsWith(`${target}/`));
      }),
    );
    expect(broken).toEqual([]);
    expect(files.filter((file) => /^(?:src|test|bench|reports)\//.test(file))).toEqual([]);
  });
});
