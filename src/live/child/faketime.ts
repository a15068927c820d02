// Compressed time for a sender that is a process of its own: the environment under which libfaketime gives it, and all
// that it starts, the clock of the fleet.

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { BouncelabError } from '../../base/errors.js';
import { setRealTimeout } from '../../clock/system.js';

type Env = Record<string, string | undefined>;

/** The clock of the fleet: the system's times a factor. */
export interface FleetClock {
  speed: number;
  date(): Date;
}

export interface FakeClock {
  /** Variables for the sender. A program that passes on only some of its variables must pass these. */
  env: Record<string, string>;
  /** Ends the process that keeps the origin of the clock. */
  close(): void;
}

/** The one for several threads first: Node and Java read the clock from more than one. */
const LIBRARIES = ['libfaketimeMT.so.1', 'libfaketime.so.1', 'libfaketimeMT.so', 'libfaketime.so'];
const PREFIXES = ['/usr', '/usr/local', '/home/linuxbrew/.linuxbrew'];
const INSTALL = 'Install the package faketime (Debian, Ubuntu) or libfaketime (Fedora, Arch, Alpine)';

/** Real time that the keeper sleeps while its speed is measured, ms. */
const SLEEP_MS = 100;
/** Longest time that it may take to answer, ms. */
const ANSWER_MS_MAX = 10_000;
/** Measurements of the speed: a busy machine spoils some. */
const TRIES = 5;
/** Deviation of the measured speed, as a factor. */
const SPEED_TOLERANCE = 1.25;

/**
 * Runs in Node under libfaketime. It prints the name of the shared memory; then for each line with a number of
 * milliseconds the time, and once more when it has slept so long. It ends with its input, and removes the memory; a
 * signal, such as that of Ctrl-C, would leave it behind.
 */
const KEEPER = `
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
const say = () => process.stdout.write(Date.now() + '\\n');
process.stdout.write((process.env.FAKETIME_SHARED ?? '') + '\\n');
process.stdin.on('data', (ms) => { say(); setTimeout(say, Number(ms)); });
process.stdin.on('end', () => process.exit());
`;

/**
 * Where the library is: BOUNCELAB_FAKETIME, or one of the usual folders.
 *
 * @throws BouncelabError E_FAKETIME when it is not installed, or cannot be used on this system
 */
export function faketimeLibrary(env: Env): string {
  if (process.platform !== 'linux') {
    throw new BouncelabError('E_FAKETIME', 'a command can be started with --speed on Linux only', {
      hint: 'Start the sender without a command, with retry intervals as much shorter, or leave --speed out.',
    });
  }
  const named = env['BOUNCELAB_FAKETIME'];
  if (named) {
    if (existsSync(named)) return path.resolve(named);
    throw new BouncelabError('E_FAKETIME', `BOUNCELAB_FAKETIME names ${named}, which does not exist`, {
      hint: 'It is the path of libfaketimeMT.so.1 or libfaketime.so.1.',
    });
  }
  const programs = (env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => existsSync(path.join(folder, 'faketime')));
  const prefixes = [...programs.map((folder) => path.dirname(folder)), ...PREFIXES];
  const folders = [...new Set(prefixes)].flatMap((prefix) => [
    ...['lib', 'lib64'].map((name) => path.join(prefix, name, 'faketime')),
    ...multiarch(path.join(prefix, 'lib')),
  ]);
  for (const folder of folders)
    for (const name of LIBRARIES) if (existsSync(path.join(folder, name))) return path.join(folder, name);
  throw new BouncelabError(
    'E_FAKETIME',
    '--speed needs libfaketime to start a command, and it is not installed',
    {
      hint: `${INSTALL}, or set BOUNCELAB_FAKETIME to the path of the library. Without --speed it is not needed.`,
    },
  );
}

/** Folders such as lib/x86_64-linux-gnu/faketime of Debian. */
function multiarch(lib: string): string[] {
  try {
    return readdirSync(lib)
      .filter((name) => name.includes('-linux-'))
      .map((name) => path.join(lib, name, 'faketime'));
  } catch {
    return [];
  }
}

/**
 * Starts the process that keeps the origin of the clock in shared memory, and checks that time runs under libfaketime
 * as it does in the fleet. Without a shared origin each process would count from its own start: the parts of a mail
 * server would then disagree about the age of a message.
 *
 * @throws BouncelabError E_FAKETIME
 */
export async function startFakeClock(clock: FleetClock, env: Env): Promise<FakeClock> {
  const { speed } = clock;
  const common = {
    LD_PRELOAD: [faketimeLibrary(env), env['LD_PRELOAD']].filter(Boolean).join(':'),
    // The origin stays when a process starts another program.
    FAKETIME_DONT_RESET: '1',
    // Times of files stay real: programs compare them with one another.
    NO_FAKE_STAT: '1',
  };
  const { FAKETIME_SHARED: _other, NODE_OPTIONS: _options, ...own } = env;
  const keeper = new Keeper({ ...own, ...common, FAKETIME: `+0 x${speed}` });
  try {
    const shared = await keeper.answer();
    if (shared === '') {
      throw new BouncelabError('E_FAKETIME', 'this libfaketime does not share the origin of its clock', {
        hint: 'It must be 0.9.8 or newer, and /dev/shm must be writable.',
      });
    }
    shareWithOtherUsers(shared);
    const offset = await measure(keeper, clock);
    const sign = offset < 0 ? '-' : '+';
    const start = `${sign}${(Math.abs(offset) / 1000).toFixed(3)}`;
    return {
      env: { ...common, FAKETIME_SHARED: shared, FAKETIME: `${start} x${speed}` },
      close: () => keeper.end(),
    };
  } catch (error) {
    keeper.end();
    throw error;
  }
}

/**
 * Compares the clock of the keeper with that of the fleet.
 *
 * @returns what the date of the fleet is ahead of the keeper's, ms
 * @throws BouncelabError E_FAKETIME when they do not run at the same speed
 */
async function measure(keeper: Keeper, clock: FleetClock): Promise<number> {
  let measured = 0;
  for (let tries = 0; tries < TRIES; tries++) {
    const asked = clock.date().getTime();
    keeper.ask(SLEEP_MS * clock.speed);
    const before = Number(await keeper.answer());
    const started = clock.date().getTime();
    const after = Number(await keeper.answer());
    const took = (clock.date().getTime() - started) / clock.speed;
    measured = (after - before) / took;
    const deviation = measured / clock.speed;
    if (deviation < SPEED_TOLERANCE && deviation > 1 / SPEED_TOLERANCE) return (asked + started) / 2 - before;
  }
  throw new BouncelabError(
    'E_FAKETIME',
    `under libfaketime time runs ${measured.toFixed(1)} times as fast, not ${clock.speed} times`,
    {
      hint: 'The machine may be too busy for this speed, or the library does not work here.',
    },
  );
}

/** Other users, such as that of a mail server's processes, may use what root shares. */
function shareWithOtherUsers(shared: string): void {
  if (process.geteuid?.() !== 0) return;
  for (const name of shared.split(' ').map((each) => each.replace(/^\//, '')))
    for (const file of [`/dev/shm/${name}`, `/dev/shm/sem.${name}`])
      if (existsSync(file)) chmodSync(file, 0o666);
}

/** The process that holds the origin while the sender runs. */
class Keeper {
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;
  private complaint = '';

  constructor(env: Env) {
    this.process = spawn(process.execPath, ['-e', KEEPER], { env, stdio: 'pipe' });
    this.process.on('error', (error) => (this.complaint += error.message));
    this.process.stdin.on('error', () => {});
    this.process.stderr.on('data', (chunk: Buffer) => (this.complaint += chunk.toString()));
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  ask(sleepMs: number): void {
    this.process.stdin.write(`${sleepMs}\n`);
  }

  /** @throws BouncelabError E_FAKETIME when the process ends or stays silent */
  async answer(): Promise<string> {
    const cancel = setRealTimeout(() => this.process.kill('SIGKILL'), ANSWER_MS_MAX);
    const line = await this.lines.next();
    cancel();
    if (line.done !== true) return line.value;
    const said = this.complaint.trim().split('\n')[0] ?? '';
    throw new BouncelabError(
      'E_FAKETIME',
      `a process under libfaketime does not answer${said === '' ? '' : `: ${said}`}`,
      {
        hint: 'BOUNCELAB_FAKETIME can name another library.',
      },
    );
  }

  end(): void {
    this.process.stdin.end();
  }
}
