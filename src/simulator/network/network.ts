// What all wires have in common: listeners by address, and the handshake that opens a connection.

import type { Clock } from '../../clock/clock.js';
import { invariant } from '../../base/errors.js';
import type { Family } from '../plan.js';
import { MemorySocket, systemError, type Endpoint } from './memory-socket.js';

/** How a listener answers a handshake: with SYN-ACK, with RST, or not at all. */
export type Handshake = 'accept' | 'refuse' | 'ignore';

export interface Listener {
  /** Called when a SYN arrives. */
  handshake(client: Endpoint): Handshake;
  /** Called with the server's end of the connection, open. */
  accept(socket: MemorySocket): void;
  /** Whether it refuses every connection over a family now: then a live fleet does not listen there. */
  isDown?(family: Family): boolean;
}

/** First of the ephemeral ports given to clients (RFC 6335, 6). */
const FIRST_CLIENT_PORT = 49_152;
const CLIENT_PORTS = 65_536 - FIRST_CLIENT_PORT;

/** The network between the fleet and its clients. */
export interface Network {
  /** @returns stops listening: later handshakes are refused */
  listen(at: Endpoint, listener: Listener): { close(): void };
  connect(to: Endpoint, clientAddress: string): MemorySocket;
  /** Releases ports and sockets of the operating system; no listener is called any more. */
  close(): Promise<void>;
}

/** A network whose handshakes and latency are on the clock. */
export abstract class ClockedNetwork implements Network {
  private readonly listeners = new Map<string, Listener>();
  private connections = 0;

  constructor(
    protected readonly clock: Clock,
    protected readonly latencyMs: number,
  ) {}

  listen(at: Endpoint, listener: Listener): { close(): void } {
    const key = keyOf(at);
    invariant(!this.listeners.has(key), `${key} has a listener already`);
    this.listeners.set(key, listener);
    return { close: () => void this.listeners.delete(key) };
  }

  /**
   * Opens a connection. The socket is `connecting` at first and emits `connect` one round trip
   * later, or `error` with ECONNREFUSED. When the handshake is not answered it emits nothing: the caller
   * sets the timeout.
   */
  connect(to: Endpoint, clientAddress: string): MemorySocket {
    const from = { address: clientAddress, port: FIRST_CLIENT_PORT + (this.connections++ % CLIENT_PORTS) };
    const client = this.socket(from, to);
    this.clock.after(this.latencyMs, () => this.handshake(client, from, to));
    return client;
  }

  private handshake(client: MemorySocket, from: Endpoint, to: Endpoint): void {
    if (client.destroyed) return;
    const listener = this.listeners.get(keyOf(to));
    const answer = listener?.handshake(from) ?? 'refuse';
    if (answer === 'ignore') return;
    if (answer === 'refuse' || !listener) {
      this.clock.after(this.latencyMs, () => client.destroy(systemError('ECONNREFUSED', 'connect')));
      return;
    }
    const server = this.answer(client, to, from);
    MemorySocket.join(client, server);
    // Scheduled before the greeting, so that the client is open when the greeting arrives.
    this.clock.after(this.latencyMs, () => client.open());
    server.open();
    listener.accept(server);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Creates one end of a connection, not yet open. */
  protected abstract socket(local: Endpoint, remote: Endpoint): MemorySocket;

  /** Creates the server's end of an accepted connection. */
  protected abstract answer(client: MemorySocket, at: Endpoint, from: Endpoint): MemorySocket;
}

/** An endpoint as text. */
export function keyOf({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}
