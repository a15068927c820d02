// The command that starts the sender: its process and all that it starts, which end with the run.

import { spawn, type ChildProcess } from 'node:child_process';
import { BouncelabError } from '../../base/errors.js';
import { reason } from '../../base/os-error.js';
import { setRealInterval, wallNow } from '../../clock/system.js';
import { MARK, processesOf, programsWithout, type CommandProcess } from './processes.js';

interface CommandOptions {
  /** The program and its arguments. */
  argv: readonly string[];
  cwd: string;
  env: Record<string, string | undefined>;
  /** Descriptor that its standard output goes to. */
  output: 1 | 2;
  /** Whether this process runs inside namespaces of its own. */
  isIsolated: boolean;
}

/** How the process of a command ended. */
export interface CommandEnd {
  /** Absent when a signal ended it. */
  code: number | undefined;
  signal: NodeJS.Signals | undefined;
}

/** Real time between SIGTERM and SIGKILL, ms. */
const GRACE_MS = 5_000;
/** Real time that the system may need to end processes after SIGKILL, ms. */
const KILL_MS_MAX = 2_000;
/** How often to look whether processes have ended, ms of real time. */
const LOOK_MS = 100;

export class Command {
  private readonly ended: Promise<CommandEnd>;
  private readonly own: CommandProcess;

  private constructor(child: ChildProcess, mark: string, isIsolated: boolean) {
    this.own = { pid: child.pid!, mark, isIsolated };
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
    });
  }

  /** @throws BouncelabError E_COMMAND when it cannot be started */
  static async start({ argv, cwd, env, output, isIsolated }: CommandOptions): Promise<Command> {
    const [name = '', ...args] = argv;
    const mark = `${process.pid}-${Math.round(wallNow())}`;
    const child = spawn(name, args, {
      cwd,
      env: { ...env, [MARK]: mark },
      stdio: ['inherit', output, 2],
      // A session of its own, so that all of it can be found. Inside, the namespaces do that, and the command may use
      // the terminal.
      detached: !isIsolated,
    });
    const command = child.pid === undefined ? undefined : new Command(child, mark, isIsolated);
    return new Promise((resolve, reject) => {
      child.once('spawn', () => resolve(command!));
      child.once('error', (error) => {
        reject(
          new BouncelabError('E_COMMAND', `${name} cannot be started: ${reason(error)}`, { cause: error }),
        );
      });
    });
  }

  private running(): number[] {
    return processesOf(this.own);
  }

  /**
   * Waits until the command and all that it started have ended, or for the signal.
   *
   * @returns how the command ended; undefined when the signal came first
   */
  async allEnded(signal: AbortSignal): Promise<CommandEnd | undefined> {
    if (signal.aborted) return undefined;
    const aborted = new Promise<undefined>((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    const end = await Promise.race([this.ended, aborted]);
    if (end) await this.none(Infinity, signal);
    return end;
  }

  /** Programs of its processes that have not loaded a library, by the number of the process. */
  without(library: string): Map<number, string> {
    return programsWithout(library, this.own);
  }

  /**
   * Ends all processes of the command: SIGTERM, and SIGKILL for those that are left after a grace.
   *
   * @returns how many had to be killed
   */
  async stop(graceMs = GRACE_MS): Promise<number> {
    if (await this.none(graceMs, undefined, signalEach('SIGTERM'))) return 0;
    const left = this.running().length;
    await this.none(KILL_MS_MAX, undefined, signalEach('SIGKILL'));
    return left;
  }

  /**
   * Waits until no process is left.
   *
   * @param look is called with those that are, again and again
   * @returns whether none was left in time
   */
  private none(ms: number, signal?: AbortSignal, look?: (pids: number[]) => void): Promise<boolean> {
    const deadline = wallNow() + ms;
    return new Promise((resolve) => {
      const once = (): void => {
        const left = this.running();
        look?.(left);
        if (left.length > 0 && wallNow() < deadline && signal?.aborted !== true) return;
        stop();
        resolve(left.length === 0);
      };
      const stop = setRealInterval(once, LOOK_MS);
      once();
    });
  }
}

/** Sends each process a signal once: one that was being started when the others got it, too. */
function signalEach(signal: NodeJS.Signals): (pids: number[]) => void {
  const sent = new Set<number>();
  return (pids) => {
    for (const pid of pids.filter((each) => !sent.has(each))) {
      sent.add(pid);
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    }
  };
}
