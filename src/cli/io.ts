// The environment of a command apart from its arguments: folder, variables, streams, signal. Tests pass their
// own, so that they can run a command in their process and read its output.

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
  /** Ends the command early: SIGINT, SIGTERM and SIGHUP of the process. */
  signal: AbortSignal;
  /**
   * Reads files without a pause, during which a signal ends the process at once, as the system does: a handler
   * would not be called before the end of that.
   */
  uncaught?: (<T>(work: () => T) => T) | undefined;
  /** Creates the executor that plays scenarios; worker threads when absent. */
  createExecutor?: (options: ExecutorOptions) => Executor;
}

/** Called with the exit code when a command has ended. */
export type Finish = (code: ExitCode) => void;

/** Width of output without a terminal. */
const COLUMNS_WITHOUT_TTY = 120;
/** Width of a terminal that does not report its own. */
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
    // A terminal of unknown width reports 0.
    pending: () => stream.writableLength,
    columns: () => (isTTY ? stream.columns || COLUMNS_UNKNOWN : COLUMNS_WITHOUT_TTY),
  };
}

/**
 * The environment of this process.
 *
 * @param catchSignals called when a command first asks for `signal`; until then nothing catches signals
 * @param uncaught does work while nothing catches signals
 */
export function processIo(catchSignals: () => AbortSignal, uncaught: NonNullable<Io['uncaught']>): Io {
  const { env, stdin } = process;
  let signal: AbortSignal | undefined;
  return {
    cwd: process.cwd(),
    env,
    stdout: screenOf(process.stdout, env),
    stderr: screenOf(process.stderr, env),
    stdin,
    uncaught,
    get signal() {
      return (signal ??= catchSignals());
    },
  };
}
