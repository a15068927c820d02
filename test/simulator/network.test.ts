// The memory wire in virtual time: latency, handshakes, the window and idle timers, to the
// millisecond. What it shares with real sockets is in socket-contract.test.ts.

import { describe, expect, it } from 'vitest';
import type { VirtualClock } from '../../src/clock/virtual.js';
import { MemoryNetwork } from '../../src/simulator/network/memory.js';
import type { Handshake } from '../../src/simulator/network/network.js';
import type { MemorySocket } from '../../src/simulator/network/memory-socket.js';
import { installClock } from './virtual-time.js';

const SERVER = { address: '127.1.0.1', port: 25 };
const WINDOW = 256 * 1024;

class Net {
  readonly clock: VirtualClock = installClock();
  readonly seen: string[] = [];
  readonly network: MemoryNetwork;
  accepted: MemorySocket[] = [];

  constructor(
    readonly latencyMs: number,
    handshake: Handshake = 'accept',
  ) {
    this.network = new MemoryNetwork(this.clock, latencyMs);
    this.network.listen(SERVER, {
      handshake: (client) => {
        this.note(`SYN from ${client.address}:${client.port}`);
        return handshake;
      },
      accept: (socket) => {
        this.note('accepted');
        this.accepted.push(socket);
      },
    });
  }

  note(what: string): void {
    this.seen.push(`${this.clock.now()} ${what}`);
  }

  dial(): MemorySocket {
    const socket = this.network.connect(SERVER, '127.0.0.1');
    this.watch('client', socket);
    return socket;
  }

  watch(name: string, socket: MemorySocket): void {
    socket.on('connect', () => this.note(`${name} connect`));
    socket.on('data', (chunk: Buffer) => this.note(`${name} reads ${chunk.toString()}`));
    socket.on('end', () => this.note(`${name} end`));
    socket.on('error', (error: NodeJS.ErrnoException) => this.note(`${name} ${error.code}`));
    socket.on('close', () => this.note(`${name} close`));
    socket.on('timeout', () => this.note(`${name} timeout`));
  }

  async settle(): Promise<void> {
    expect(await this.clock.run({ horizonMs: 1e9, wallLimitMs: 10_000 })).toBe('idle');
  }

  /** A connection that stands, seen from both ends; nothing noted so far. */
  async pair(watchServer = true): Promise<[client: MemorySocket, server: MemorySocket]> {
    const client = this.dial();
    await this.settle();
    const server = this.accepted[0]!;
    if (watchServer) this.watch('server', server);
    this.seen.length = 0;
    return [client, server];
  }
}

describe('latency', () => {
  it('the handshake takes one round trip, the server knows after half of it', async () => {
    const net = new Net(30);
    net.dial();
    await net.settle();
    expect(net.seen).toEqual(['30 SYN from 127.0.0.1:49152', '30 accepted', '60 client connect']);
  });

  it('bytes take one way, and the end comes after them', async () => {
    const net = new Net(30);
    const [client, server] = await net.pair();
    net.clock.at(100, () => {
      client.write('a');
      client.write('b');
      client.end('c');
    });
    net.clock.at(110, () => server.write('late'));
    await net.settle();
    expect(net.seen).toEqual([
      '130 server reads a',
      '130 server reads b',
      '130 server reads c',
      '130 server end',
      '130 server close',
      '140 client reads late',
      '160 client end',
      '160 client close',
    ]);
  });

  it('RST takes one way', async () => {
    const net = new Net(30);
    const [client] = await net.pair();
    net.clock.at(100, () => client.resetAndDestroy());
    await net.settle();
    expect(net.seen).toEqual(['100 client close', '130 server ECONNRESET', '130 server close']);
  });

  it('of zero still delivers bytes in a later turn', async () => {
    const net = new Net(0);
    const [client] = await net.pair();
    client.write('a');
    expect(net.seen).toEqual([]);
    await net.settle();
    expect(net.seen).toEqual(['0 server reads a']);
  });
});

describe('handshakes', () => {
  it('a refusal is known after one round trip', async () => {
    const net = new Net(30, 'refuse');
    net.dial();
    await net.settle();
    expect(net.seen).toEqual(['30 SYN from 127.0.0.1:49152', '60 client ECONNREFUSED', '60 client close']);
  });

  it('also where no listener is', async () => {
    const net = new Net(30);
    net.watch('client', net.network.connect({ address: '127.9.9.9', port: 25 }, '127.0.0.1'));
    await net.settle();
    expect(net.seen).toEqual(['60 client ECONNREFUSED', '60 client close']);
  });

  it('an ignored one emits nothing, until the client gives up', async () => {
    const net = new Net(30, 'ignore');
    const client = net.dial();
    net.clock.at(30_000, () => client.destroy());
    await net.settle();
    expect(net.seen).toEqual(['30 SYN from 127.0.0.1:49152', '30000 client close']);
    expect(client.readyState).toBe('closed');
  });

  it('a client that gives up before its SYN arrives is not seen', async () => {
    const net = new Net(30);
    const client = net.dial();
    net.clock.at(29, () => client.destroy());
    await net.settle();
    expect(net.seen).toEqual(['29 client close']);
  });

  it('a client that gives up before the answer leaves a server that sees it close', async () => {
    const net = new Net(30);
    const client = net.dial();
    net.clock.at(40, () => {
      net.watch('server', net.accepted[0]!);
      client.destroy();
    });
    await net.settle();
    expect(net.seen.slice(2)).toEqual(['40 client close', '70 server end', '70 server close']);
  });

  it('every connection has another client port, and the numbers start again', async () => {
    const net = new Net(0);
    const ports = new Set<number>();
    for (let i = 0; i < 16_385; i++) {
      const socket = net.network.connect(SERVER, '127.0.0.1');
      ports.add(socket.localPort);
      socket.destroy();
    }
    expect(ports.size).toBe(16_384);
    expect(Math.min(...ports)).toBe(49_152);
    expect(Math.max(...ports)).toBe(65_535);
    await net.settle();
  });

  it('two listeners at one address are a fault', () => {
    const net = new Net(0);
    const again = (): unknown =>
      net.network.listen(SERVER, { handshake: () => 'accept', accept: () => undefined });
    expect(again).toThrow('127.1.0.1:25 has a listener already');
  });
});

describe('the window', () => {
  it('bounds the bytes sent to a peer that does not read', async () => {
    const net = new Net(5);
    const [client, server] = await net.pair(false);
    server.pause();
    const chunk = Buffer.alloc(16 * 1024, 'x');
    let accepted = 0;
    const pump = (): void => {
      if (accepted < 100 * WINDOW)
        client.write(chunk, (error) => !error && ((accepted += chunk.length), pump()));
    };
    pump();
    await net.settle();
    expect(accepted).toBeLessThanOrEqual(WINDOW);
    expect(server.readableLength).toBeLessThanOrEqual(WINDOW + chunk.length);
    const stuckAt = accepted;
    server.read(WINDOW / 2);
    await net.settle();
    let read = WINDOW / 2;
    server.on('data', (data: Buffer) => (read += data.length));
    server.resume();
    await net.settle();
    expect(accepted).toBeGreaterThan(stuckAt);
    expect(accepted).toBe(100 * WINDOW);
    expect(read).toBe(100 * WINDOW);
  });
});

describe('idle timers', () => {
  it('fire after the silence, counted from the last traffic in either direction', async () => {
    const net = new Net(5);
    const [client, server] = await net.pair();
    net.clock.at(100, () => client.setTimeout(1000));
    net.clock.at(600, () => client.write('x'));
    net.clock.at(1200, () => server.write('y'));
    await net.settle();
    expect(net.seen.filter((line) => line.includes('timeout'))).toEqual(['2205 client timeout']);
  });

  it('fire once, and again only after more traffic', async () => {
    const net = new Net(5);
    const [client] = await net.pair();
    net.clock.at(0, () => client.setTimeout(1000));
    net.clock.at(5000, () => client.write('x'));
    await net.settle();
    const start = net.seen
      .filter((line) => line.includes('timeout'))
      .map((line) => Number(line.split(' ')[0]));
    expect(start).toHaveLength(2);
    expect(start[1]).toBe(6000);
  });

  it('can be moved, and turned off together with their callback', async () => {
    const net = new Net(5);
    const [client] = await net.pair();
    let calls = 0;
    const callback = (): void => void calls++;
    client.setTimeout(1000, callback);
    client.setTimeout(50);
    const movedAt = net.clock.now();
    await net.settle();
    expect(net.seen).toEqual([`${movedAt + 50} client timeout`]);
    expect(calls).toBe(1);
    client.setTimeout(1000, callback);
    client.setTimeout(0, callback);
    expect(client.listenerCount('timeout')).toBe(1);
    await net.settle();
    expect(calls).toBe(1);
  });

  it('are gone with the socket, and leave nothing on the clock', async () => {
    const net = new Net(5);
    const [client, server] = await net.pair();
    client.setTimeout(60_000);
    server.setTimeout(60_000);
    client.destroy();
    await net.settle();
    expect(net.clock.now()).toBeLessThan(100);
    expect(net.clock.pending()).toBe(0);
    expect(net.seen.join()).not.toContain('timeout');
  });
});
