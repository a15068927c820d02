// An empty project with the package of this build as npm packs it, and with the packages that it needs.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const exec = promisify(execFile);

export interface Ended {
  code: number;
  output: string;
}

export class Project {
  private constructor(readonly dir: string) {}

  /** @param type of its package.json */
  static async create(type: 'module' | 'commonjs'): Promise<Project> {
    const dir = mkdtempSync(path.join(tmpdir(), 'bouncelab-project-'));
    const project = new Project(dir);
    project.write({
      'package.json': JSON.stringify({ name: 'shop', private: true, type }),
    });
    const modules = path.join(dir, 'node_modules');
    mkdirSync(path.join(modules, 'bouncelab'), { recursive: true });
    // Without scripts: `prepare` would build dist/ again under the other tests.
    await exec('npm', ['pack', '--ignore-scripts', '--pack-destination', dir], { cwd: ROOT });
    const packed = readdirSync(dir).find((file) => file.endsWith('.tgz'))!;
    await exec('tar', ['-xzf', packed, '--strip-components=1', '-C', 'node_modules/bouncelab'], { cwd: dir });
    for (const name of readdirSync(path.join(ROOT, 'node_modules')))
      if (!name.startsWith('.')) symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name));
    return project;
  }

  write(files: Record<string, string>): void {
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(this.dir, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }

  /** Absolute path of a file of the project. */
  path(name: string): string {
    return path.join(this.dir, name);
  }

  /** Runs Node in the project. */
  async node(argv: string[], more: Record<string, string> = {}): Promise<Ended> {
    const env = { ...process.env, NO_COLOR: '1', CI: '1', ...more };
    for (const name of Object.keys(env)) if (name.startsWith('VITEST')) delete env[name as keyof typeof env];
    const options = { cwd: this.dir, env, maxBuffer: 1 << 24 };
    try {
      const { stdout, stderr } = await exec(process.execPath, argv, options);
      return { code: 0, output: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, output: stdout + stderr };
    }
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
