// A sender that is a command: started under the clock of the fleet, watched, and ended with all that it started.

import path from 'node:path';
import { setRealInterval } from '../../clock/system.js';
import { Command, type CommandEnd } from './command.js';
import { faketimeLibrary, startFakeClock, type FakeClock, type FleetClock } from './faketime.js';
import { isIsolated, withoutIsolation } from './isolation.js';
import { assertFollowsClock, findProgram } from './program.js';

export interface LiveSenderOptions {
  /** The program and its arguments. */
  argv: readonly string[];
  cwd: string;
  env: Record<string, string | undefined>;
  /** Descriptor that its standard output goes to. */
  output: 1 | 2;
  clock: FleetClock;
  /** Called with a sentence about what may spoil the run. */
  warn: (text: string) => void;
}

/** How often to look for processes that do not follow the clock, ms of real time. */
const LOOK_MS = 500;

export class LiveSender {
  private constructor(
    private readonly command: Command,
    private readonly fake: FakeClock | undefined,
    private readonly stopLooking: () => void,
  ) {}

  /**
   * Checks what can be known before a start.
   *
   * @throws BouncelabError E_COMMAND, E_FAKETIME
   */
  static check({
    argv,
    cwd,
    env,
    speed,
  }: Pick<LiveSenderOptions, 'argv' | 'cwd' | 'env'> & { speed: number }): void {
    findProgram(argv[0]!, { env, cwd });
    if (speed === 1) return;
    assertFollowsClock(argv[0]!, { env, cwd });
    faketimeLibrary(env);
  }

  /**
   * @throws BouncelabError E_COMMAND when the command cannot be started or cannot follow the clock, E_FAKETIME when
   *   the clock cannot be compressed for it
   */
  static async start(options: LiveSenderOptions): Promise<LiveSender> {
    const { argv, cwd, output, clock, warn } = options;
    const env = withoutIsolation(options.env);
    LiveSender.check({ argv, cwd, env, speed: clock.speed });
    const fake = clock.speed !== 1 ? await startFakeClock(clock, env) : undefined;
    try {
      const command = await Command.start({
        argv,
        cwd,
        output,
        env: { ...env, ...fake?.env },
        isIsolated: isIsolated(options.env),
      });
      const stopLooking = fake
        ? lookForStrangers(command, path.basename(faketimeLibrary(env)), warn)
        : () => {};
      return new LiveSender(command, fake, stopLooking);
    } catch (error) {
      fake?.close();
      throw error;
    }
  }

  /**
   * Waits until the command and all that it started have ended, or for the signal.
   *
   * @returns how the command ended; undefined when the signal came first
   */
  ended(signal: AbortSignal): Promise<CommandEnd | undefined> {
    return this.command.allEnded(signal);
  }

  /** Ends what still runs. @returns how many processes had to be killed */
  async stop(graceMs?: number): Promise<number> {
    this.stopLooking();
    const killed = await this.command.stop(graceMs);
    this.fake?.close();
    return killed;
  }
}

/**
 * Warns of processes that do not follow the clock, once for each program: what a script starts is not known before.
 *
 * @returns ends it
 */
function lookForStrangers(command: Command, library: string, warn: (text: string) => void): () => void {
  const told = new Set<string>();
  let seen = new Map<number, string>();
  return setRealInterval(() => {
    const now = command.without(library);
    for (const [pid, program] of now) {
      // Seen once, it may be about to start its program.
      if (seen.get(pid) !== program || told.has(program)) continue;
      told.add(program);
      warn(`${program} (process ${pid}) does not follow the compressed clock: its waits and times are real`);
    }
    seen = now;
  }, LOOK_MS);
}
