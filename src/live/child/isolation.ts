// Runs the whole command line again inside namespaces of Linux of its own (`unshare` of util-linux), with a network that
// has nothing but loopback: ports 25 and 53 are free there, and no real server can be reached.

import { spawn, spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { BouncelabError, EXIT, type ExitCode } from '../../base/errors.js';
import { builtModule } from '../../base/package-root.js';

type Env = Record<string, string | undefined>;

/** The variable that names the namespaces outside to the process inside. */
const OUTSIDE = 'BOUNCELAB_OUTSIDE';
/** Descriptor, inside, of a pipe: a byte is written to it at the start, and its end ends the command. */
const LIFELINE = 3;

/** All processes inside end with the first one, and that one with `unshare`. */
const NAMESPACES = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
/** A user namespace in which the user is root; with further users and groups where the system grants some. */
const MANY_USERS = ['--user', '--map-root-user', '--map-auto'];
const ONE_USER = ['--user', '--map-root-user'];

/** A closed terminal must not end `unshare`, which would end all inside at once. Node listens for SIGHUP itself. */
const OUTER_SHELL = ['-c', 'trap "" HUP; exec "$@"', 'bouncelab'];
/** The first process inside. It takes over processes whose parent has ended. */
const INIT = ['sh', '-c', '"$@"; exit $?', 'bouncelab'];

const BY_PORTS =
  'Without --isolate, serve prints the address and port of each host and of its DNS server: point the sender there.';

const NAMES = ['mnt', 'net', 'pid'];
const ownNamespaces = (): string[] => NAMES.map((name) => readlinkSync(`/proc/self/ns/${name}`));

/** Whether this process runs inside the namespaces of `runIsolated`. */
export function isIsolated(env: Env): boolean {
  const outside = env[OUTSIDE]?.split(' ');
  return outside?.length === NAMES.length && ownNamespaces().every((own, nth) => own !== outside[nth]);
}

/** The environment for the sender inside, which may isolate once more. */
export function withoutIsolation(env: Env): Env {
  const { [OUTSIDE]: _outside, ...others } = env;
  return others;
}

/** A signal that is aborted when the command outside is to end, or has ended. Called once, inside. */
export function endOfOutside(): AbortSignal {
  const ended = new AbortController();
  const lifeline = new net.Socket({ fd: LIFELINE, readable: true, writable: true });
  lifeline.on('error', () => {});
  lifeline.on('close', () => ended.abort());
  lifeline.resume().unref();
  lifeline.write('.');
  return ended.signal;
}

interface IsolationOptions {
  env: Env;
  cwd: string;
  /** Ends the command inside in an orderly way. */
  signal: AbortSignal;
  /** Called with a sentence when the command inside has fewer rights than it may need. */
  warn: (text: string) => void;
}

/**
 * Runs a command line of bouncelab inside, with the streams of this process.
 *
 * @param argv arguments without node and script
 * @returns its exit code
 * @throws BouncelabError E_ISOLATION where namespaces are not available
 */
export async function runIsolated(argv: readonly string[], options: IsolationOptions): Promise<ExitCode> {
  const { env, cwd, signal, warn } = options;
  const users = usableNamespaces();
  if (users === ONE_USER) {
    warn(
      'inside there is only one user, which appears as root. Programs that change to another user, such as Postfix ' +
        'and Exim, need root outside, or newuidmap and a range of users for you in /etc/subuid and /etc/subgid.',
    );
  }
  const unshare = ['unshare', ...users, ...NAMESPACES, '--', ...INIT];
  const self = [process.execPath, ...process.execArgv, fileURLToPath(builtModule('cli/main.js')), ...argv];
  const child = spawn('sh', [...OUTER_SHELL, ...unshare, ...self], {
    env: { ...env, [OUTSIDE]: ownNamespaces().join(' ') },
    cwd,
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  });
  const lifeline = child.stdio[LIFELINE] as Duplex;
  let hasStarted = false;
  lifeline.on('error', () => {}).on('data', () => (hasStarted = true));
  const end = (): void => void lifeline.end();
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  signal.removeEventListener('abort', end);
  if (!hasStarted) throw refused(`the command inside did not start (exit code ${code ?? 'none'})`);
  const known = Object.values<ExitCode>(EXIT).find((each) => each === code);
  return known ?? EXIT.harness;
}

/**
 * The options of `unshare` about users with which namespaces can be made.
 *
 * @throws BouncelabError E_ISOLATION
 */
function usableNamespaces(): string[] {
  if (process.platform !== 'linux') throw refused('--isolate works on Linux only');
  // As real root all users stay as they are.
  const choices = process.geteuid?.() === 0 ? [[], MANY_USERS, ONE_USER] : [MANY_USERS, ONE_USER];
  let said = '';
  for (const users of choices) {
    const { status, error, stderr } = spawnSync('unshare', [...users, ...NAMESPACES, '--', 'true'], {
      encoding: 'utf8',
    });
    if (status === 0) return users;
    if (error && 'code' in error && error.code === 'ENOENT')
      throw refused('--isolate needs the program unshare of util-linux');
    said = error?.message ?? stderr.trim().split('\n')[0] ?? '';
  }
  throw refused(`this system does not allow namespaces: ${said}`, allowing());
}

/** How to allow namespaces on common systems. */
function allowing(): string {
  return (
    'Run it as root, or allow them: on Ubuntu 24.04 and later ' +
    '`sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`, in a container of Docker ' +
    '`--cap-add SYS_ADMIN --security-opt apparmor=unconfined`. '
  );
}

function refused(message: string, hint = ''): BouncelabError {
  return new BouncelabError('E_ISOLATION', message, { hint: hint + BY_PORTS });
}
