// The registry of error codes, each with the exit code of a command that ends with it. An error says
// what is wrong, where, and what to do next.

/** Exit codes of the command line. */
export const EXIT = {
  passed: 0,
  failed: 1,
  usage: 2,
  invalidScenario: 3,
  harness: 4,
  inconclusive: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const REGISTRY = {
  /** An option, a name or a path on the command line is wrong. */
  E_USAGE: EXIT.usage,
  /** A file or folder named on the command line does not exist or holds no scenario. */
  E_NOT_FOUND: EXIT.usage,
  /** The output folder cannot be written. */
  E_OUTPUT: EXIT.usage,
  /** A scenario or policy file is not what the format allows. */
  E_SCENARIO: EXIT.invalidScenario,
  /** An events file is truncated, edited or of another version. */
  E_EVENTS: EXIT.invalidScenario,
  /** The run.json of a run is truncated, edited or of another version. */
  E_RUN_FILE: EXIT.invalidScenario,
  /** A baseline file cannot be read, is not a baseline, or was made by a newer version. */
  E_BASELINE: EXIT.invalidScenario,
  /** This process may not open as many files as it needs. */
  E_OPEN_FILES: EXIT.usage,
  /** A command was about to connect to another machine. */
  E_NOT_LOOPBACK: EXIT.harness,
  /** The command that starts a sender cannot be run. */
  E_COMMAND: EXIT.usage,
  /** libfaketime is not installed, or does not give a sender the clock of the fleet. */
  E_FAKETIME: EXIT.usage,
  /** The system does not allow namespaces, or one of them cannot be set up. */
  E_ISOLATION: EXIT.usage,
  /** A store file cannot be opened or used. */
  E_STORE: EXIT.usage,
  /** A store file is damaged, or is not a store. */
  E_STORE_CORRUPT: EXIT.usage,
  /** Another sender has the store open. */
  E_STORE_LOCKED: EXIT.usage,
  /** A store file is read-only. */
  E_STORE_READ_ONLY: EXIT.usage,
  /** A store file was made by a newer version, or by an older one whose contents have no one meaning now. */
  E_STORE_VERSION: EXIT.usage,
  /** The disk or its quota is full. */
  E_STORE_FULL: EXIT.usage,
  /** The sender, the run or the fleet was stopped before what a caller waited for, or asks of it. */
  E_STOPPED: EXIT.usage,
  /** Deliveries are in progress and no timer or connection is left that could end them. */
  E_DEADLOCK: EXIT.inconclusive,
  /** A run used more real time, or more turns at one instant, than it may. */
  E_WATCHDOG: EXIT.inconclusive,
  /** A bug of Bouncelab. */
  E_HARNESS: EXIT.harness,
} as const satisfies Record<string, ExitCode>;

export type ErrorCode = keyof typeof REGISTRY;

/** A place in a file that a person wrote. Lines and columns count from 1. */
export interface Location {
  /** Path as the user gave it, or relative to the working directory. */
  file: string;
  line: number;
  column: number;
  /** Length of the marked text on that line, in characters; 1 when unknown. */
  length?: number;
}

/** An error with a text for the user: `message` is one sentence, `hint` says what to do about it. */
export class BouncelabError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly location: Location | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; location?: Location; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BouncelabError';
    this.code = code;
    this.hint = options.hint;
    this.location = options.location;
  }

  get exitCode(): ExitCode {
    return REGISTRY[this.code];
  }
}

/**
 * Asserts a condition that only a bug of Bouncelab can break, never a scenario. The message names the
 * state that was found.
 *
 * @throws BouncelabError E_HARNESS
 */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new BouncelabError('E_HARNESS', message);
}
