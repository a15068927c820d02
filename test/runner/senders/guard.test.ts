// What an external sender must not do in its process: use another network, end the process, start processes or
// threads, or leave changes behind for later scenarios.

import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import inspector from 'node:inspector';
import net from 'node:net';
import workerThreads from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { connectLoopback, listenLoopback } from '../../../src/base/loopback.js';
import { Guard } from '../../../src/runner/senders/external/guard.js';
import { moduleText, play, playOne, SCENARIO } from './external-module.js';

const guards: Guard[] = [];
function guarded(): Guard {
  const guard = new Guard();
  guard.install();
  guards.push(guard);
  return guard;
}
afterEach(() => {
  for (const guard of guards.splice(0).reverse()) guard.uninstall();
});

const OUTSIDE = '192.0.2.1';
const EPERM = { code: 'EPERM' };

describe('a forbidden call fails at once, and is kept', () => {
  const spawned = 'to start the process true, and must stay within its own process';
  test.each<[string, () => unknown, string]>([
    ['listening', () => net.createServer().listen(0, '0.0.0.0'), 'to listen on 0.0.0.0:0'],
    ['a datagram', () => dgram.createSocket('udp4').send('x', 53, OUTSIDE), 'a datagram'],
    [
      'a datagram, by its class',
      () => new (dgram.Socket as never as new (type: string) => unknown)('udp4'),
      'a datagram',
    ],
    ['a debugger', () => inspector.open(0, '0.0.0.0'), 'to listen for a debugger'],

    [
      'the inside of Node',
      () => (process as never as { binding(name: string): void }).binding('tcp_wrap'),
      'process.binding of tcp_wrap',
    ],
    ['process.exit', () => process.exit(0), 'process.exit, and must not end what it runs in'],
    ['process.abort', () => process.abort(), 'process.abort'],
    ['a signal', () => process.kill(process.pid, 'SIGTERM'), 'process.kill'],
    ['spawn', () => childProcess.spawn('true'), spawned],
    ['execFile', () => childProcess.execFile('true'), spawned],
    ['spawnSync', () => childProcess.spawnSync('true'), spawned],
    ['execSync', () => childProcess.execSync('true'), spawned],
    ['fork', () => childProcess.fork('./none.js'), 'to start the process'],
    ['a thread', () => new workerThreads.Worker('', { eval: true }), 'to start a thread'],
  ])('%s', (_, act, message) => {
    const guard = guarded();
    expect(act).toThrow(expect.objectContaining(EPERM) as Error);
    expect(guard.tried).toContain(`it tried ${message}`);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['dns.promises', () => dns.promises.lookup('example.com')],
    [
      'a resolver with servers of its own',
      () =>
        new Promise((_, reject) => {
          const resolver = new dns.Resolver();
          resolver.setServers([OUTSIDE]);
          resolver.resolve4('example.com', reject);
        }),
    ],
    [
      'such a resolver that promises',
      () => {
        const resolver = new dns.promises.Resolver();
        resolver.setServers([OUTSIDE]);
        return resolver.resolveMx('example.com');
      },
    ],
  ])('DNS by %s', async (_, ask) => {
    const guard = guarded();
    await expect(ask()).rejects.toMatchObject(EPERM);
    expect(guard.tried).toContain('of example.com), and must reach the network by its ports only');
  });

  test('only the first one is reported', () => {
    const guard = guarded();
    expect(() => process.exit(1)).toThrow(/process.exit/);
    expect(() => childProcess.spawn('true')).toThrow(/the process true/);
    expect(guard.tried).toContain('process.exit');
  });

  test('the sockets of a TCP wire are allowed', async () => {
    const guard = guarded();
    const server = net.createServer((socket) => socket.end());
    listenLoopback(server, 0, guard.permit);
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as net.AddressInfo;
    const socket = connectLoopback({ host: '127.0.0.1', port }, guard.permit).resume();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(guard.tried).toBeUndefined();
    // Once each: a module that gets hold of them cannot open them again.
    await new Promise((resolve) => server.close(resolve));
    expect(() => server.listen(0)).toThrow(expect.objectContaining(EPERM) as Error);
    expect(guard.tried).toContain('to listen on');
    const later = guarded();
    socket.connect(port, '127.0.0.1').on('error', () => {});
    expect(later.tried).toContain(`a connection to 127.0.0.1:${port}`);
  });

  test('afterwards everything is as it was', () => {
    const before = { ...childProcess, exit: process.exit, connect: net.Socket.prototype.connect };
    guarded();
    guards.pop()!.uninstall();
    expect({ ...childProcess, exit: process.exit, connect: net.Socket.prototype.connect }).toEqual(before);
  });
});

describe('a run', () => {
  test.each([
    [
      'a socket',
      "(await import('node:net')).connect(25, '192.0.2.1').on('error', () => {});",
      'a connection to 192.0.2.1:25',
    ],
    [
      'a socket by a name it imported',
      'connect({ host: "192.0.2.1", port: 25 }).on("error", () => {});',
      'a connection to 192.0.2.1:25',
    ],
    [
      'a real server on loopback',
      "connect(2525, '127.0.0.1').on('error', () => {});",
      'a connection to 127.0.0.1:2525',
    ],
    [
      'TLS',
      "(await import('node:tls')).connect(465, '192.0.2.1').on('error', () => {});",
      'a connection to 192.0.2.1:465',
    ],
    ['the web', "await fetch('http://192.0.2.1/').catch(() => {});", 'to 192.0.2.1'],
    ['DNS', "resolveMxForReal('example.com', () => {});", 'DNS (resolveMx of example.com)'],
    [
      'a datagram',
      "(await import('node:dgram')).createSocket('udp4').send('x', 53, '192.0.2.1');",
      'a datagram',
    ],
  ])('dials a real address by %s: nothing leaves', async (_, code, message) => {
    const text = `import { connect } from 'node:net';\nimport { resolveMx as resolveMxForReal } from 'node:dns';\n${moduleText(
      `return { send: async () => { ${code} await new Promise((resolve) => setTimeout(resolve, 1000)); } };`,
    )}`;
    const ran = await play({ 'mine.js': text }, ['a.yaml', '--sender', 'mine.js', '--timeout', '5s']);
    expect(ran.stdout.replaceAll(/\s+/g, ' ')).toContain('the sender mine.js is at fault: it tried');
    expect(ran.stdout.replaceAll(/\s+/g, ' ')).toContain(message);
    expect(ran.code).toBe(1);
  });

  test('names a sender that ends its process, and goes on with the others', async () => {
    const scenarios = {
      'a.yaml': SCENARIO.replace('fleet:', 'sender: ./mine.js\nfleet:'),
      'b.yaml': SCENARIO.replace('one contact', 'ours'),
    };
    const exit = { 'mine.js': moduleText('return { send() { process.exit(0); } };') };
    const ran = await play(exit, ['.', '--workers', '1'], scenarios);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('sender at fault');
    expect(ran.stdout).toContain('the sender ./mine.js is at fault: it tried process.exit');
    expect(ran.run!.scenarios.map(({ status }) => status)).toEqual(['failed', 'passed']);
  });

  test('a TCP wire works with an external sender', async () => {
    const ran = await playOne(
      'return { send: async ({ name, contacts }) => { for (const { address } of contacts) await mail(name, address); } };',
      ['--wire', 'tcp'],
    );
    expect(ran).toMatchObject({ code: 0, stderr: '' });
  });

  test.each([
    ['a file that the module imports', "import { count } from './kept.js';", 'if (count() > 1)'],
    ['what it changed in JavaScript', '', 'if (Array.prototype.changed)'],
  ])('starts each scenario anew, also %s', async (_, head, isOld) => {
    const text = moduleText(
      `${isOld} throw new Error('not new');
      Array.prototype.changed = true;
      return { send: async ({ name, contacts }) => { for (const { address } of contacts) await mail(name, address); } };`,
    );
    const modules = { 'mine.js': head + text, 'kept.js': 'let n = 0;\nexport const count = () => ++n;\n' };
    const scenarios = { 'a.yaml': SCENARIO, 'b.yaml': SCENARIO.replace('one contact', 'another') };
    const ran = await play(modules, ['.', '--sender', 'mine.js', '--workers', '1'], scenarios);
    expect(ran.run!.scenarios.map(({ status }) => status)).toEqual(['passed', 'passed']);
  });

  test.each([
    [
      "report.delivered('nowhere', 'bob@example.org')",
      "the name of a mailing that was sent, found 'nowhere'",
    ],
    ['report.withdrawn(name, 5)', 'expected address to be a text, found 5'],
    ["report.bounced(name, 'bob@example.org', 'medium')", "one of soft, hard, found 'medium'"],
    ["report.status('bob@example.org', 'gone')", "one of active, error, opt-out, found 'gone'"],
    ["report.streak('bob@example.org', -1)", 'a whole number from 0, found -1'],
    [
      "report.attempt(name, 'bob@example.org')",
      'expected its last argument to be an object, found undefined',
    ],
    ["report.attempt(name, 'bob@example.org', {})", 'expected startedAt to be a value of Date.now()'],
    [
      "report.attempt(name, 'bob@example.org', { startedAt: Date.now(), outcome: 'deferred', stage: 'rcpt', reply: { code: 4 } })",
      'expected reply to be { code, lines: [text, ...] }',
    ],
  ])('takes no report that says nothing: %s', async (call, message) => {
    const ran = await playOne(`return { send({ name }) { try { ${call}; } catch {} } };`);
    expect(ran.stdout.replaceAll(/\s+/g, ' ')).toContain(`is at fault: it reported what cannot be: report.`);
    expect(ran.stdout.replaceAll(/\s+/g, ' ')).toContain(message);
    expect(ran.code).toBe(1);
  });
});
