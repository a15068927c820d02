// Ways around the guard of an external sender. Each one is tried by a module that hides the error; its scenario
// fails, nothing is reached, and the next scenario is played.

import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { moduleText, play, SCENARIO } from './external-module.js';

const DIST = fileURLToPath(new URL('../../../dist', import.meta.url));

/** A server that a module must not reach. */
const server = net.createServer((socket) => {
  reached++;
  socket.destroy();
});
let reached = 0;
let port = 0;
beforeAll(async () => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  ({ port } = server.address() as net.AddressInfo);
});
afterAll(() => void server.close());

/** Mails as it should, after it has tried `code`. */
const trying = (code: string): string =>
  `const DIST = ${JSON.stringify(DIST)};\n` +
  moduleText(`return { send: async ({ name, contacts }) => {
    try { ${code.replaceAll('PORT', String(port))} } catch {}
    for (const { address } of contacts) await mail(name, address);
  } };`);

async function played(code: string, argv: string[] = []) {
  const scenarios = {
    'a.yaml': SCENARIO.replace('fleet:', 'sender: ./mine.js\nfleet:'),
    'b.yaml': SCENARIO.replace('one contact', 'ours'),
  };
  const ran = await play({ 'mine.js': trying(code) }, ['.', '--workers', '1', ...argv], scenarios);
  return { ...ran, said: ran.stdout.replaceAll(/\s+/g, ' ') };
}

describe('a module that goes around the guard fails its scenario', () => {
  test.each([
    [
      'by the inspector of the main thread',
      `const { Session } = await import('node:inspector');
       const session = new Session();
       session.connectToMainThread();
       session.post('Runtime.evaluate', { expression: 'process.exit(0)' });`,
      'a debugger (inspector.Session.connectToMainThread)',
    ],
    [
      'by the inspector of its own thread',
      `const { Session } = await import('node:inspector/promises');
       const session = new Session();
       session.connect();
       await session.post('Runtime.evaluate', { expression: 'process.reallyExit(0)' });`,
      'a debugger (inspector.Session.connect)',
    ],
    [
      'by the handle of a child process',
      `const { ChildProcess } = await import('node:child_process');
       new ChildProcess()._handle.spawn({ file: '/bin/kill', args: ['kill', '-9', String(process.ppid)], stdio: [] });`,
      'to start a process (new ChildProcess)',
    ],
    ['by a cluster', "(await import('node:cluster')).default.fork();", 'to start the process'],
    ['by what process.kill calls', 'process._kill(process.ppid, 9);', 'process._kill'],
    ['by a signal to its group', 'process.kill(0, 9);', 'process.kill'],
    ['by a debugger in the main process', 'process._debugProcess(process.ppid);', 'process._debugProcess'],
    [
      'by the handle of a server, on all interfaces',
      "(await import('node:net'))._createServerHandle('0.0.0.0', 0, 4).listen(5);",
      'to listen on 0.0.0.0:0',
    ],
    [
      'by the second half of listen',
      "new (await import('node:net')).Server()._listen2('0.0.0.0', 0, 4, 5);",
      'to listen on 0.0.0.0:0',
    ],
    [
      'by the handle of a datagram socket',
      "(await import('node:dgram'))._createSocketHandle('0.0.0.0', 0, 'udp4');",
      'a datagram',
    ],
    [
      'by the module with which Bouncelab dials',
      `const { connectLoopback } = await import(DIST + '/base/loopback.js');
       connectLoopback({ host: '127.0.0.1', port: PORT }).on('error', () => {});`,
      'a connection to 127.0.0.1:',
    ],
    [
      'by that module, with a permission that it makes up',
      `const { connectLoopback } = await import(DIST + '/base/loopback.js');
       const { Guard } = await import(DIST + '/runner/senders/external/guard.js');
       connectLoopback({ host: '127.0.0.1', port: PORT }, new Guard().permit).on('error', () => {});`,
      'a connection to 127.0.0.1:',
    ],
    [
      'by the ports of the sender of Bouncelab',
      `const release = ports.hold('an import');
       const { systemDialer } = await import(DIST + '/sender/system/dialer.js');
       release();
       systemDialer().dial('127.0.0.1', PORT).on('error', () => {});`,
      'a connection to 127.0.0.1:',
    ],
    [
      'by a live fleet',
      `const release = ports.hold('an import');
       const { LiveNetwork } = await import(DIST + '/simulator/network/live.js');
       release();
       const network = new LiveNetwork({ by: 'addresses', smtpPort: 0, onError: () => {} });
       network.listen({ address: '127.9.9.9', port: 25 }, { handshake: () => "accept", accept() {} });
       network.open().catch(() => {});`,
      'to listen on ',
    ],
    [
      'by hooks that run in a thread of their own',
      "(await import('node:module')).register('data:text/javascript,import%20%22node%3Anet%22');",
      'to register the hooks data:',
    ],
    [
      'by a thread',
      "new (await import('node:worker_threads')).Worker('', { eval: true });",
      'to start a thread',
    ],
    ['by the inside of Node', "process.binding('tcp_wrap');", 'process.binding of tcp_wrap'],
    [
      'by the test runner of Node',
      "(await import('node:test')).run({ files: ['mine.js'] });",
      'to start the process',
    ],
  ])('%s', async (_, code, message) => {
    const ran = await played(code);
    expect(ran.said).toContain(`the sender ./mine.js is at fault: it tried ${message}`);
    expect(ran.code).toBe(1);
    expect(ran.run!.scenarios.map(({ status }) => status)).toEqual(['failed', 'passed']);
    expect(reached).toBe(0);
  });

  test('by the sockets of the TCP wire, which connect only once', async () => {
    const again = `
      for (const own of process._getActiveHandles())
        if (own.connect && own.remotePort) own.connect(PORT, '127.0.0.1').on('error', () => {});`;
    const ran = await played(
      `${again.replace('for', 'dial((await resolve4((await resolveMx("example.org"))[0].exchange))[0]); await new Promise((go) => setTimeout(go, 1000)); for')}`,
      ['--wire', 'tcp'],
    );
    expect(ran.said).toContain('is at fault: it tried a connection to 127.0.0.1:');
    expect(reached).toBe(0);
  });

  test.runIf('execve' in process)('by another program in its place', async () => {
    const ran = await played("process.execve('/bin/true', ['true']);");
    expect(ran.said).toContain('it tried process.execve');
  });
});

describe('what the guard lets through, Node itself refuses', () => {
  // The functions of the prototype, taken from an object that was made before the guard.
  test('a process, a thread and a debugger', async () => {
    const code = `
      if (!process.permission) throw 0;
      for (const what of ['child', 'worker', 'inspector']) if (process.permission.has(what)) throw new Error(what);
      report.status('bob@example.org', 'error');`;
    const ran = await played(code);
    expect(ran.run!.scenarios[0]!.statuses).toMatchObject({ error: 1 });
  });
});
