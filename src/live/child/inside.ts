// What a sender finds inside the namespaces of `--isolate`: loopback with free ports, names that only the fleet answers,
// and no way to a service of the machine outside, such as its own mail server.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import path from 'node:path';
import { BouncelabError, invariant } from '../../base/errors.js';

const SHARED_MEMORY = '/dev/shm';

/** Unanswered queries are repeated after a second of real time, which is long enough on loopback. */
const RESOLV_CONF = 'nameserver 127.0.0.1\noptions timeout:1 attempts:2\n';

/**
 * Folders that are empty inside. Services of the machine have sockets there, by which a program would look up names or
 * hand over mail outside. The queues hold real mail, which a mail server started inside would send to the fleet.
 */
const HIDDEN = [
  '/run/systemd/resolve',
  '/run/nscd',
  '/run/dbus',
  '/run/avahi-daemon',
  '/var/spool/postfix',
  '/var/spool/exim',
  '/var/spool/exim4',
  '/var/spool/mqueue',
  '/var/spool/mqueue-client',
  '/var/spool/nullmailer',
  '/var/spool/smtpd',
  '/var/qmail/queue',
];

/**
 * Sets up the namespaces around this process, once.
 *
 * @throws BouncelabError E_ISOLATION when a part of it is not possible
 */
export function setUpInside(): void {
  bringUpLoopback();
  for (const folder of HIDDEN) {
    if (!existsSync(folder)) continue;
    const { mode, uid, gid } = statSync(folder);
    const access = `mode=${(mode & 0o7777).toString(8)}`;
    // An owner without a number inside cannot be given.
    const args = (options: string): string[] => ['-t', 'tmpfs', '-o', options, 'tmpfs', folder];
    if (complaintOf('mount', ...args(`${access},uid=${uid},gid=${gid}`)) !== undefined)
      mount(...args(access));
  }
  const own = `127.0.0.1 localhost ${hostname()}\n::1 localhost ip6-localhost ip6-loopback\n`;
  replaceFiles({
    '/etc/resolv.conf': () => RESOLV_CONF,
    '/etc/hosts': () => own,
    // Other sources of names than these two files ask services of the machine.
    '/etc/nsswitch.conf': (text) => text.replace(/^[ \t]*hosts:.*$/m, 'hosts: files dns'),
  });
  // What libfaketime keeps in shared memory would outlive the processes.
  mount('-t', 'tmpfs', '-o', 'mode=1777', 'tmpfs', SHARED_MEMORY);
}

function bringUpLoopback(): void {
  const ip = complaintOf('ip', 'link', 'set', 'lo', 'up');
  const complaint = ip && complaintOf('ifconfig', 'lo', 'up');
  if (complaint !== undefined)
    throw impossible(`loopback cannot be brought up: ${ip}`, 'The package iproute2 has the program ip.');
  const interfaces = Object.keys(networkInterfaces());
  invariant(
    interfaces.join() === 'lo',
    `a network of its own has ${interfaces.join(', ') || 'no interface'}`,
  );
}

/** Gives files another text, for the processes inside only. A file that is absent stays so. */
function replaceFiles(changes: Record<string, (text: string) => string>): void {
  // The new files need a place that is not seen. They stay when it is taken away, since they are mounted elsewhere.
  mount('-t', 'tmpfs', 'tmpfs', SHARED_MEMORY);
  for (const [file, change] of Object.entries(changes)) {
    if (pointsIntoHidden(file)) writeFileSync(file, change(''));
    if (!existsSync(file)) continue;
    const own = path.join(SHARED_MEMORY, path.basename(file));
    writeFileSync(own, change(readFileSync(file, 'utf8')));
    chmodSync(own, 0o644);
    mount('--bind', own, file);
  }
  const complaint = complaintOf('umount', '--lazy', SHARED_MEMORY);
  if (complaint !== undefined) throw impossible(`${SHARED_MEMORY} cannot be unmounted: ${complaint}`);
}

/** Whether a file is a link to one that has just been hidden: with systemd-resolved, resolv.conf is. */
function pointsIntoHidden(file: string): boolean {
  try {
    return HIDDEN.includes(path.dirname(path.resolve(path.dirname(file), readlinkSync(file))));
  } catch {
    return false;
  }
}

function mount(...args: string[]): void {
  const complaint = complaintOf('mount', ...args);
  if (complaint !== undefined) throw impossible(`${args.at(-1)} cannot be replaced: ${complaint}`);
}

/** Runs a program. @returns what it said when it failed */
function complaintOf(program: string, ...args: string[]): string | undefined {
  const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return undefined;
  return error?.message ?? (stderr.trim().split('\n')[0] || `${program} ended with code ${status}`);
}

function impossible(message: string, hint?: string): BouncelabError {
  return new BouncelabError('E_ISOLATION', message, hint === undefined ? {} : { hint });
}
