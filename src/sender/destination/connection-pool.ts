// The connections of one destination, with the time at which each was begun.

import type { Connection } from '../transport.js';

export class ConnectionPool {
  private readonly connections = new Map<Connection, number>();

  get size(): number {
    return this.connections.size;
  }

  add(connection: Connection, since: number): void {
    this.connections.set(connection, since);
  }

  delete(connection: Connection): void {
    this.connections.delete(connection);
  }

  has(connection: Connection): boolean {
    return this.connections.has(connection);
  }

  /** Those that have nothing to carry. Connections that change meanwhile are seen as they are then. */
  *idle(): Iterable<Connection> {
    for (const connection of this.connections.keys()) if (connection.state === 'idle') yield connection;
  }

  /** Ends one that has nothing to carry. @returns whether there was one */
  quitIdle(): boolean {
    const [first] = this.idle();
    first?.quit();
    return first !== undefined;
  }

  /** Number of open connections to a host; without one, to all hosts. */
  open(host?: string): number {
    let count = 0;
    for (const { state, to } of this.connections.keys()) {
      if ((state === 'idle' || state === 'busy') && (host === undefined || to.host === host)) count++;
    }
    return count;
  }

  /** When the oldest of them was begun; Infinity without any. */
  get oldestSince(): number {
    return Math.min(...this.connections.values());
  }
}
