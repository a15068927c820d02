// The world as a command sees it: arguments come in elsewhere, everything else is here, so that a
// test can run a command in its own process and read what it wrote.

import type { Readable } from 'node:stream';
import type { ExitCode } from '../base/errors.js';
import type { Screen } from '../reporters/terminal/screen.js';
import type { Executor, ExecutorOptions } from '../runner/executors/executor.js';

export interface Io {
  cwd: string;
  env: Record<string, string | undefined>;
  stdout: Screen;
  stderr: Screen;
  stdin: Readable & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown };
  /** Ends the command early: SIGINT and SIGTERM of the process. */
  signal: AbortSignal;
  /** What plays scenarios; worker threads of this machine when absent. */
  createExecutor?: (options: ExecutorOptions) => Executor;
}

/** Told the exit code of a command when it is over. */
export type Finish = (code: ExitCode) => void;

/** Width that text is fitted to where there is no terminal to ask. */
const COLUMNS_WITHOUT_TTY = 120;
const COLUMNS_UNKNOWN = 80;

/**
 * Whether to write colors. NO_COLOR wins, then FORCE_COLOR (`0` says no), then the terminal.
 * See no-color.org and force-color.org.
 */
export function wantsColor(isTTY: boolean, env: Io['env']): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return isTTY && env.TERM !== 'dumb';
}

function screenOf(stream: NodeJS.WriteStream, env: Io['env']): Screen {
  const isTTY = stream.isTTY === true;
  return {
    write: (text) => void stream.write(text),
    isTTY,
    color: wantsColor(isTTY, env),
    // A terminal that does not know its width says 0.
    columns: () => (isTTY ? stream.columns || COLUMNS_UNKNOWN : COLUMNS_WITHOUT_TTY),
  };
}

/** The io of this process. */
export function processIo(signal: AbortSignal): Io {
  const { env, stdin } = process;
  return {
    cwd: process.cwd(),
    env,
    stdout: screenOf(process.stdout, env),
    stderr: screenOf(process.stderr, env),
    stdin,
    signal,
  };
}
