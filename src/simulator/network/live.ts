// The wire of a live fleet: each host listens on its own loopback port, on the system's clock, for any
// client. Latency is that of the machine.

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
  /** Error of each port that could not be opened. */
  private readonly failures = new Map<string, Promise<BouncelabError | undefined>>();
  /** Port of the next listener; 0 lets the system pick one. */
  nextPort = 0;

  listen(at: Endpoint, listener: Listener): { close(): void } {
    const server = net.createServer((socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
      const client = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
      const answer = listener.handshake(client);
      if (answer === 'accept') return listener.accept(socket as never);
      // The operating system has completed the handshake by now: `refuse` resets the connection, and
      // `ignore` stays silent.
      socket.on('error', () => undefined);
      if (answer === 'refuse') socket.resetAndDestroy();
    });
    const port = this.nextPort;
    this.nextPort = 0;
    listenLoopback(server, port);
    // Thrown by `portOf`.
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

  /**
   * @returns the loopback port of an address, once it listens
   * @throws BouncelabError E_USAGE when the port could not be opened
   */
  async portOf(at: Endpoint): Promise<number> {
    const error = await this.failures.get(keyOf(at));
    if (error) throw error;
    const server = this.servers.get(keyOf(at))!;
    return (server.address() as net.AddressInfo).port;
  }

  /** Dials for the fleet itself: only return paths that have a host in the fleet. */
  connect(to: Endpoint): MemorySocket {
    const address = this.servers.get(keyOf(to))?.address() as net.AddressInfo | null | undefined;
    // Connections to port 0 are always refused.
    const socket = connectLoopback({ host: LOOPBACK, port: address?.port ?? 0 });
    // The fleet uses only what both kinds of sockets have.
    return socket as unknown as MemorySocket;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(
      [...this.servers.values()].map((server) => new Promise((done) => server.close(() => done(undefined)))),
    );
  }
}
