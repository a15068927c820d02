// Two wires behind one interface, real sockets over loopback and the memory network, for tests that
// compare them.

import { once } from 'node:events';
import net from 'node:net';
import type { VirtualClock } from '../../src/clock/virtual.js';
import { MemoryNetwork } from '../../src/simulator/network/memory.js';
import type { MemorySocket } from '../../src/simulator/network/memory-socket.js';
import { installClock } from './virtual-time.js';

type AnySocket = net.Socket | MemorySocket;

export interface Pair {
  client: AnySocket;
  server: AnySocket;
}

export interface Wire {
  /** A connected pair of which neither end is read yet. */
  pair(): Promise<Pair>;
  /** A client that dials an address without a listener. */
  refused(): Promise<AnySocket>;
  /** A client that is still connecting, and the server's end once it is accepted. */
  dial(): Promise<{ client: AnySocket; server: Promise<AnySocket> }>;
  close(): void;
}

/** Real sockets over loopback. */
export async function tcpWire(): Promise<Wire> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const sockets: net.Socket[] = [];
  const dial = (): { client: net.Socket; server: Promise<net.Socket> } => {
    const accepted = once(server, 'connection') as Promise<[net.Socket]>;
    const client = net.connect(port, '127.0.0.1');
    sockets.push(client);
    return { client, server: accepted.then(([socket]) => (sockets.push(socket), socket)) };
  };
  return {
    dial: () => Promise.resolve(dial()),
    async pair() {
      const { client, server: accepted } = dial();
      await once(client, 'connect');
      return { client, server: await accepted };
    },
    async refused() {
      const other = net.createServer();
      other.listen(0, '127.0.0.1');
      await once(other, 'listening');
      const free = (other.address() as net.AddressInfo).port;
      await new Promise((resolve) => other.close(resolve));
      return net.connect(free, '127.0.0.1');
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** The memory wire on a virtual clock that runs whenever a timer is pending. */
export function memoryWire(): Promise<Wire> {
  const clock: VirtualClock = installClock();
  let on = true;
  const network = new MemoryNetwork(clock, 5);
  const at = { address: '127.1.0.1', port: 25 };
  let accepted: (socket: MemorySocket) => void = () => undefined;
  network.listen(at, { handshake: () => 'accept', accept: (socket) => accepted(socket) });
  const play = async (): Promise<void> => {
    while (on) {
      await clock.run({ horizonMs: Infinity, done: () => !on });
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  void play();
  const dial = (): { client: MemorySocket; server: Promise<MemorySocket> } => {
    const server = new Promise<MemorySocket>((resolve) => (accepted = resolve));
    return { client: network.connect(at, '127.0.0.1'), server };
  };
  return Promise.resolve({
    dial: () => Promise.resolve(dial()),
    async pair() {
      const { client, server } = dial();
      await once(client, 'connect');
      return { client, server: await server };
    },
    refused: () => Promise.resolve(network.connect({ address: '127.1.0.9', port: 25 }, '127.0.0.1')),
    close() {
      on = false;
    },
  });
}
