// Runs a command line inside the test process in a temporary folder, and keeps its output.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Io } from '../../src/cli/io.js';
import { main } from '../../src/cli/program.js';
import type { Screen } from '../../src/reporters/terminal/screen.js';
import type { ExecutorOptions } from '../../src/runner/executors/executor.js';
import type { RunResult, ScenarioStatus } from '../../src/results/result.js';
import { FakeExecutor, resultOf } from '../suite/plans.js';

/** A scenario that passes: one contact, one mailing, no failures. */
export function scenarioText(
  name: string,
  change: { tags?: string; delivered?: number; more?: string } = {},
): string {
  const { tags = '', delivered = 1, more = '' } = change;
  return `name: ${name}
tags: [${tags}]
fleet:
  example.org: {}
audience:
  contacts: [bob@example.org]
mailings:
  - name: november
${more}expect:
  - at: end
    november: { delivered: ${delivered} }
`;
}

/** A screen that keeps its text and lets a test wait for a part of it. */
export class TestScreen implements Screen {
  text = '';
  readonly isTTY: boolean;
  readonly color: boolean;
  private readonly width: number;
  private readonly waiting = new Set<() => void>();

  constructor(options: { isTTY?: boolean; color?: boolean; columns?: number } = {}) {
    this.isTTY = options.isTTY ?? false;
    this.color = options.color ?? false;
    this.width = options.columns ?? 100;
  }

  columns(): number {
    return this.width;
  }

  write(text: string): void {
    this.text += text;
    for (const check of [...this.waiting]) check();
  }

  /** Resolves when `sign` has been written `times` times. */
  async until(sign: string, times = 1): Promise<void> {
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (this.text.split(sign).length - 1 < times) return;
        this.waiting.delete(check);
        resolve();
      };
      this.waiting.add(check);
      check();
    });
  }
}

export interface Options {
  env?: Record<string, string>;
  isTTY?: boolean;
  columns?: number;
  signal?: AbortSignal;
  stdin?: Io['stdin'];
  createExecutor?: Io['createExecutor'];
}

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** A temporary folder with files, in which command lines run. */
export class Workplace {
  readonly dir = mkdtempSync(join(tmpdir(), 'bouncelab-cli-'));

  write(files: Record<string, string>): this {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.dir, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    return this;
  }

  path(...names: string[]): string {
    return join(this.dir, ...names);
  }

  read(...names: string[]): string {
    return readFileSync(this.path(...names), 'utf8');
  }

  /** run.json of the last run. */
  lastRun(output = 'reports'): RunResult {
    return JSON.parse(this.read(output, 'latest', 'run.json')) as RunResult;
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Starts a command line; `stdout` and `stderr` can be read while it runs. */
  start(
    argv: string[],
    options: Options = {},
  ): { code: Promise<number>; stdout: TestScreen; stderr: TestScreen } {
    const stdout = new TestScreen(options);
    const stderr = new TestScreen(options);
    const code = main(argv, {
      cwd: this.dir,
      env: options.env ?? {},
      stdout,
      stderr,
      stdin: options.stdin ?? new PassThrough(),
      signal: options.signal ?? new AbortController().signal,
      ...(options.createExecutor ? { createExecutor: options.createExecutor } : {}),
    });
    return { code, stdout, stderr };
  }

  async run(argv: string[], options: Options = {}): Promise<Outcome> {
    const { code, stdout, stderr } = this.start(argv, options);
    return { code: await code, stdout: stdout.text, stderr: stderr.text };
  }
}

/** An executor that gives each scenario the status from `statusOf`, and records its options and scenarios. */
export function pretend(statusOf: (name: string) => ScenarioStatus): {
  createExecutor: NonNullable<Io['createExecutor']>;
  asked: ExecutorOptions[];
  played: string[];
} {
  const asked: ExecutorOptions[] = [];
  const played: string[] = [];
  return {
    asked,
    played,
    createExecutor(options) {
      asked.push(options);
      return new FakeExecutor(({ plan }) => {
        played.push(plan.name);
        return resultOf(plan, statusOf(plan.name));
      }, options.workers);
    },
  };
}
