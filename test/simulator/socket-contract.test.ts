// The memory socket compared with net.Socket: the same assertions over a loopback TCP connection and over
// the memory wire, so that what SMTP libraries expect of a socket holds for ours.

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { memoryWire, tcpWire, type Pair, type Wire } from './wires.js';

/** All events of a socket, in order. */
function record(socket: Duplex): string[] {
  const seen: string[] = [];
  socket.on('data', (chunk: Buffer) => seen.push(`data ${chunk.toString()}`));
  socket.on('end', () => seen.push('end'));
  socket.on('error', (error: NodeJS.ErrnoException) => seen.push(`error ${error.code}`));
  socket.on('close', () => seen.push('close'));
  return seen;
}

/** Asked for before it happens: `closed` itself is true a moment before the event. */
const closed = (socket: Duplex): Promise<unknown> =>
  new Promise((resolve) => void socket.once('close', resolve));

describe.each([
  ['net.Socket over loopback', tcpWire],
  ['the memory socket', memoryWire],
])('%s', (_name, open) => {
  let wire: Wire | undefined;

  afterEach(() => {
    wire?.close();
  });

  async function pair(): Promise<Pair> {
    wire = await open();
    return wire.pair();
  }

  it('is connecting, then open, and closed in the end', async () => {
    wire = await open();
    const { client } = await wire.dial();
    expect([client.connecting, client.readyState]).toEqual([true, 'opening']);
    record(client);
    await once(client, 'connect');
    expect([client.connecting, client.readyState]).toEqual([false, 'open']);
    client.destroy();
    await closed(client);
    expect([client.connecting, client.readyState, client.destroyed]).toEqual([false, 'closed', true]);
  });

  it('knows both addresses', async () => {
    const { client, server } = await pair();
    expect(client.remoteAddress).toBe(server.localAddress);
    expect(client.remotePort).toBe(server.localPort);
    expect(client.localAddress).toBe(server.remoteAddress);
    expect(client.localPort).toBe(server.remotePort);
    expect(client.address()).toEqual({
      address: client.localAddress,
      port: client.localPort,
      family: 'IPv4',
    });
  });

  it('carries bytes both ways, in order', async () => {
    const { client, server } = await pair();
    const seen = record(server);
    const back = record(client);
    client.write('one ');
    client.write(Buffer.from('two '));
    client.write('three');
    await untilText(seen, 'one two three');
    server.write('back');
    await untilText(back, 'back');
    expect([client.destroyed, server.destroyed]).toEqual([false, false]);
  });

  it('sends what was written before it was connected', async () => {
    wire = await open();
    const { client, server } = await wire.dial();
    record(client);
    client.write('early');
    const seen = record(await server);
    await untilText(seen, 'early');
  });

  it('ends after the bytes: the peer reads them, sees the end, and both close without error', async () => {
    const { client, server } = await pair();
    const [seen, back] = [record(server), record(client)];
    client.end('bye');
    expect(client.readyState).toBe('readOnly');
    await Promise.all([closed(client), closed(server)]);
    expect(seen).toEqual(['data bye', 'end', 'close']);
    expect(back).toEqual(['end', 'close']);
  });

  it('can still read after its own end: the peer answers before it has seen that', async () => {
    const { client, server } = await pair();
    const back = record(client);
    server.on('data', () => server.write('answer'));
    client.end('question');
    await closed(client);
    expect(back).toEqual(['data answer', 'end', 'close']);
  });

  it('sees the end although no data is read', async () => {
    const { client, server } = await pair();
    const seen: string[] = [];
    server.on('end', () => seen.push('end'));
    server.on('close', () => seen.push('close'));
    client.on('error', () => undefined);
    client.destroy();
    await closed(server);
    expect(seen).toEqual(['end', 'close']);
  });

  it('is destroyed: its peer sees the end and closes', async () => {
    const { client, server } = await pair();
    const [seen, back] = [record(server), record(client)];
    client.destroy();
    await Promise.all([closed(client), closed(server)]);
    expect(back).toEqual(['close']);
    expect(seen).toEqual(['end', 'close']);
  });

  it('emits the error that it was destroyed with', async () => {
    const { client, server } = await pair();
    record(server);
    const back = record(client);
    client.destroy(Object.assign(new Error('mine'), { code: 'EMINE' }));
    await closed(client);
    expect(back).toEqual(['error EMINE', 'close']);
  });

  it('reads what was in flight when its peer was destroyed', async () => {
    const { client, server } = await pair();
    const back = record(client);
    record(server);
    server.write('421 last words', () => server.destroy());
    await closed(client);
    expect(back).toEqual(['data 421 last words', 'end', 'close']);
  });

  it('is reset: its peer gets ECONNRESET', async () => {
    const { client, server } = await pair();
    const [seen, back] = [record(server), record(client)];
    client.resetAndDestroy();
    await Promise.all([closed(client), closed(server)]);
    expect(back).toEqual(['close']);
    expect(seen).toEqual(['error ECONNRESET', 'close']);
  });

  it('gets an error for writing repeatedly to a destroyed peer', async () => {
    const { client, server } = await pair();
    const seen: string[] = [];
    // Half open: the end of the peer does not end this side.
    client.allowHalfOpen = true;
    client.on('error', (error: NodeJS.ErrnoException) => seen.push(error.code!));
    client.on('data', () => undefined);
    const ended = once(client, 'end');
    server.destroy();
    await ended;
    const writing = setInterval(() => client.write('still there?'), 5);
    await closed(client);
    clearInterval(writing);
    expect(['ECONNRESET', 'EPIPE']).toContain(seen[0]);
  });

  it('refuses to write after its own end', async () => {
    const { client, server } = await pair();
    record(server);
    const back = record(client);
    client.end();
    client.write('too late');
    await closed(client);
    expect(back[0]).toBe('error ERR_STREAM_WRITE_AFTER_END');
  });

  it('emits ECONNREFUSED, then close, when no server listens', async () => {
    wire = await open();
    const client = await wire.refused();
    const back = record(client);
    await closed(client);
    expect(back).toEqual(['error ECONNREFUSED', 'close']);
    expect([client.connecting, client.readyState]).toEqual([false, 'closed']);
  });

  it('stops writing to a peer that does not read, and continues when it reads', async () => {
    const { client, server } = await pair();
    client.on('error', () => undefined);
    server.on('error', () => undefined);
    server.pause();
    const chunk = Buffer.alloc(64 * 1024, 'x');
    let written = 0;
    let flowing = true;
    for (let i = 0; i < 400 && flowing; i++) {
      flowing = await new Promise<boolean>((resolve) => {
        const quiet = setTimeout(() => resolve(false), 300);
        client.write(chunk, () => {
          clearTimeout(quiet);
          written += chunk.length;
          resolve(true);
        });
      });
    }
    expect(flowing).toBe(false);
    const total = written + chunk.length;
    let read = 0;
    const all = new Promise<void>((resolve) => {
      server.on('data', (data: Buffer) => {
        read += data.length;
        if (read === total) resolve();
      });
    });
    server.resume();
    await all;
    while (client.writableLength > 0) await new Promise((resolve) => setTimeout(resolve, 2));
  });

  it('continues after one write that is larger than any window', async () => {
    const { client, server } = await pair();
    server.pause();
    const size = 8 * 1024 * 1024;
    const flushed = new Promise((resolve) => client.write(Buffer.alloc(size), resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    let read = 0;
    server.on('data', (data: Buffer) => (read += data.length));
    server.resume();
    await flushed;
    client.end();
    await closed(server);
    expect(read).toBe(size);
  });

  it('releases a blocked writer when its peer is destroyed', async () => {
    const { client, server } = await pair();
    const back = record(client);
    server.pause();
    server.on('error', () => undefined);
    const flushed = new Promise((resolve) => client.write(Buffer.alloc(32 * 1024 * 1024), resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.destroy();
    await closed(client);
    // Its callback is called; net.Socket gives it no error once the socket itself has had one.
    await flushed;
    expect(back.at(-2)).toMatch(/^error (ECONNRESET|EPIPE)$/);
  });

  it('times out once after a silence, and again after more traffic', async () => {
    const { client, server } = await pair();
    record(server);
    client.on('error', () => undefined);
    client.on('data', () => undefined);
    let timeouts = 0;
    client.on('timeout', () => timeouts++);
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    client.setTimeout(100);
    await sleep(60);
    client.write('x');
    await sleep(60);
    expect(timeouts).toBe(0);
    await sleep(300);
    expect(timeouts).toBe(1);
    server.write('y');
    await sleep(300);
    expect(timeouts).toBe(2);
    client.setTimeout(0);
    client.write('z');
    await sleep(300);
    expect(timeouts).toBe(2);
    expect(client.destroyed).toBe(false);
  });
});

/** Waits until the data recorded so far are `text`, however they were cut up. */
async function untilText(seen: string[], text: string): Promise<void> {
  const joined = (): string =>
    seen
      .filter((line) => line.startsWith('data '))
      .map((line) => line.slice(5))
      .join('');
  while (joined().length < text.length) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(joined()).toBe(text);
}
