// One listening socket of a live fleet. It is closed while its host is down, and opened again at the same place.

import { once } from 'node:events';
import net from 'node:net';
import { listenAt } from '../../base/loopback.js';
import type { Endpoint } from './memory-socket.js';

interface LivePortOptions {
  isDown: () => boolean;
  accept: (socket: net.Socket) => void;
  /** Called when it cannot be opened again. */
  failed: (at: Endpoint, error: unknown) => void;
}

export class LivePort {
  /** Where it listens, or did; undefined before it was opened. */
  at: Endpoint | undefined;
  private server: net.Server | undefined;
  private isChanging = false;
  private isOver = false;
  private beyond: string | undefined;

  constructor(private readonly options: LivePortOptions) {}

  /**
   * Listens, unless the host is down. Then the place is still tried, so that it is known.
   *
   * @param beyond address outside loopback that the user allowed
   * @returns the error of the system, if it refuses
   */
  async open(at: Endpoint, beyond?: string): Promise<unknown> {
    this.beyond = beyond;
    this.isOver = false;
    const error = await this.listen(at);
    if (error) return error;
    this.refresh();
    return undefined;
  }

  /** Closes when the host is down, and opens when it is not any more. */
  refresh(): void {
    if (!this.at || this.isChanging) return;
    if (this.options.isDown()) return this.stop();
    if (this.server) return;
    this.isChanging = true;
    const at = this.at;
    void this.listen(at).then((error) => {
      this.isChanging = false;
      if (this.isOver) return this.close();
      if (error) this.options.failed(at, error);
      else this.refresh();
    });
  }

  /** Stops listening for good; connections stay open. */
  close(): void {
    this.isOver = true;
    this.stop();
    this.at = undefined;
  }

  private stop(): void {
    this.server?.close();
    this.server = undefined;
  }

  private async listen(at: Endpoint): Promise<unknown> {
    const server = net.createServer({ noDelay: true }, (socket) => this.options.accept(socket));
    listenAt(server, at, this.beyond);
    try {
      await once(server, 'listening');
    } catch (error) {
      return error;
    }
    // Later errors, such as too many open files, concern one connection, which the system has refused.
    server.on('error', () => undefined);
    this.server = server;
    this.at = { address: at.address, port: (server.address() as net.AddressInfo).port };
    return undefined;
  }
}
