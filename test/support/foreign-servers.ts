// Servers that are not ours: Postfix, and the sink that its authors test its client with, each with
// files of its own and a free port of loopback.

import { execFile, spawn } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';
import { onTestFinished } from 'vitest';

const run = promisify(execFile);
const FOLDERS = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];

/** Where a program is installed; undefined where it is not. */
export function installed(program: string): string | undefined {
  return FOLDERS.map((folder) => path.join(folder, program)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export const isRoot = process.getuid?.() === 0;

/** A port of loopback that nobody listens on. */
async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', () => listening()));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

export interface Sink {
  port: number;
  /** Connections that have ended, those of them with QUIT, and messages, as the sink counts them. */
  counted(): { sessions: number; quits: number; messages: number };
}

/** Starts `smtp-sink` with flags of its manual; the connection that waits for it is one of those counted. */
export async function startSink(...flags: string[]): Promise<Sink> {
  const port = await freePort();
  // As root it insists on becoming somebody else.
  const args = [...(isRoot ? ['-u', 'nobody'] : []), '-c', ...flags, `127.0.0.1:${port}`, '100'];
  const child = spawn(installed('smtp-sink')!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await listening(
    port,
    () => child.exitCode === null,
    () => said,
  );
  return {
    port,
    counted() {
      const last = [...said.matchAll(/sess=(\d+) quit=(\d+) mesg=(\d+)/g)].at(-1);
      const [sessions, quits, messages] = (last ?? []).slice(1).map(Number);
      return { sessions: sessions ?? 0, quits: quits ?? 0, messages: messages ?? 0 };
    },
  };
}

export interface Postfix {
  port: number;
  /** What it has logged. */
  log(): string;
}

/**
 * Starts a whole Postfix on files of its own; what it takes it discards. Its master process runs as root.
 *
 * @param settings lines of main.cf
 */
export async function startPostfix(settings: string[]): Promise<Postfix> {
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), 'bouncelab-postfix-'));
  const file = (name: string): string => path.join(folder, name);
  // Its processes run as another user.
  chmodSync(folder, 0o755);
  for (const name of ['config', 'queue', 'data']) mkdirSync(file(name));
  const { stdout: daemons } = await run(installed('postconf')!, ['-d', '-h', 'daemon_directory']);
  await run('chown', ['postfix', file('data')]);
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'mx.example.org' }], {
    keyType: 'ec',
    algorithm: 'sha256',
  });
  writeFileSync(file('key.pem'), key, { mode: 0o600 });
  writeFileSync(file('cert.pem'), cert);
  const main = [
    'compatibility_level = 3.6',
    `queue_directory = ${file('queue')}`,
    `data_directory = ${file('data')}`,
    `daemon_directory = ${daemons.trim()}`,
    'mail_owner = postfix',
    'setgid_group = postdrop',
    'inet_interfaces = 127.0.0.1',
    'inet_protocols = ipv4',
    `maillog_file = ${file('mail.log')}`,
    `maillog_file_prefixes = ${folder}`,
    'mydestination =',
    'smtpd_tls_security_level = may',
    'smtpd_tls_loglevel = 1',
    `smtpd_tls_cert_file = ${file('cert.pem')}`,
    `smtpd_tls_key_file = ${file('key.pem')}`,
    ...settings,
  ];
  // Nothing here can send: there is no smtp client.
  const services = [
    `127.0.0.1:${port} inet n - n - - smtpd`,
    'cleanup unix n - n - 0 cleanup',
    'qmgr unix n - n 300 1 qmgr',
    'rewrite unix - - n - - trivial-rewrite',
    'bounce unix - - n - 0 bounce',
    'defer unix - - n - 0 bounce',
    'anvil unix - - n - 1 anvil',
    'proxymap unix - - n - - proxymap',
    'tlsmgr unix - - n 1000? 1 tlsmgr',
    'discard unix - - n - - discard',
    'postlog unix-dgram n - n - 1 postlogd',
  ];
  writeFileSync(file('config/main.cf'), `${main.join('\n')}\n`);
  writeFileSync(file('config/master.cf'), `${services.join('\n')}\n`);
  const postfix = (command: string): Promise<unknown> =>
    run(installed('postfix')!, ['-c', file('config'), command], { timeout: 30_000 });
  onTestFinished(async () => {
    await postfix('stop').catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });
  const log = (): string => readFileSync(file('mail.log'), 'utf8');
  await postfix('start');
  await listening(port, () => true, log);
  return { port, log };
}

/** Waits for a server to take connections. */
async function listening(port: number, isAlive: () => boolean, said: () => string): Promise<void> {
  for (let tries = 0; tries < 100 && isAlive(); tries++) {
    const socket = net.connect({ host: '127.0.0.1', port });
    const isThere = await new Promise<boolean>((settle) => {
      socket.once('connect', () => settle(true)).once('error', () => settle(false));
    });
    socket.destroy();
    if (isThere) return;
    await shortly();
  }
  throw new Error(`the server does not listen: ${said()}`);
}

/** Waits for what another process does. */
export async function until(condition: () => boolean, triesMax = 200): Promise<void> {
  for (let tries = 0; tries < triesMax && !condition(); tries++) await shortly();
}

function shortly(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
