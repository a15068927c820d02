// The wire of a live fleet: each host listens on a port of its own on loopback, on the system's clock,
// for whoever connects. Latency is that of the machine.

import { once } from 'node:events';
import net from 'node:net';
import { BouncelabError } from '../../base/errors.js';
import { connectLoopback, listenLoopback } from '../../base/loopback.js';
import { reason } from '../../base/os-error.js';
import { keyOf, type Listener, type Network } from './network.js';
import type { Endpoint, MemorySocket } from './memory-socket.js';

const LOOPBACK = '127.0.0.1';

export class LiveNetwork implements Network {
  private readonly servers = new Map<string, net.Server>();
  private readonly sockets = new Set<net.Socket>();
  /** What kept a port from being opened, if anything. */
  private readonly failures = new Map<string, Promise<BouncelabError | undefined>>();
  /** Port of what listens next; 0 lets the system pick one. */
  nextPort = 0;

  listen(at: Endpoint, listener: Listener): { close(): void } {
    const server = net.createServer((socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
      const client = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
      const answer = listener.handshake(client);
      if (answer === 'accept') return listener.accept(socket as never);
      // The operating system has shaken hands by now: a refusal is a reset at once, and nobody at
      // home is silence.
      socket.on('error', () => undefined);
      if (answer === 'refuse') socket.resetAndDestroy();
    });
    const port = this.nextPort;
    this.nextPort = 0;
    listenLoopback(server, port);
    // Told by `portOf`.
    const failed = once(server, 'listening').then(
      () => undefined,
      (cause: unknown) =>
        new BouncelabError('E_USAGE', `cannot listen at ${LOOPBACK}:${port}: ${reason(cause)}`, {
          hint: 'choose another port, or leave it out and let the system pick one',
          cause,
        }),
    );
    this.failures.set(keyOf(at), failed);
    this.servers.set(keyOf(at), server);
    return { close: () => void server.close() };
  }

  /** @returns the port that stands for an address, once it listens */
  async portOf(at: Endpoint): Promise<number> {
    const error = await this.failures.get(keyOf(at));
    if (error) throw error;
    const server = this.servers.get(keyOf(at))!;
    return (server.address() as net.AddressInfo).port;
  }

  /** What the fleet itself dials: a return path that it has a host for. Nobody else is ever dialed. */
  connect(to: Endpoint): MemorySocket {
    const address = this.servers.get(keyOf(to))?.address() as net.AddressInfo | null | undefined;
    // At port 0 nobody ever listens.
    const socket = connectLoopback({ host: LOOPBACK, port: address?.port ?? 0 });
    // Asks more of a socket than the fleet does, and is all that a socket of the clock is.
    return socket as unknown as MemorySocket;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(
      [...this.servers.values()].map((server) => new Promise((done) => server.close(() => done(undefined)))),
    );
  }
}
