// One connection on the TCP wire: a pair of real sockets on loopback, and a ledger that compares what was
// written at one side with what was read at the other. The time the operating system takes is unknown,
// so virtual time waits until the ledger is balanced; what was read is kept until the latency is over.

import type net from 'node:net';
import { invariant } from '../../base/errors.js';
import type { Sent } from './memory-socket.js';

/** The two ends of a connection. */
export type Side = 'client' | 'server';

const OTHER: Record<Side, Side> = { client: 'server', server: 'client' };

/** The ledger of one direction. */
interface Direction {
  bytesWritten: number;
  bytesRead: number;
  finWritten: boolean;
  finRead: boolean;
  /** Read from the socket and not yet delivered. */
  read: Buffer[];
}

export class TcpLine {
  private readonly raw: Partial<Record<Side, net.Socket>> = {};
  private readonly from: Record<Side, Direction> = { client: newDirection(), server: newDirection() };
  private readonly ends = new Set<Side>(['client']);
  private isResetting: Side | undefined;
  private state: 'connecting' | 'open' | 'over' = 'connecting';

  /**
   * @param name for messages to people
   * @param claim returns both real sockets once they are connected
   * @param changed called whenever there is something to wait for
   */
  constructor(
    private readonly name: string,
    private readonly claim: () => Record<Side, net.Socket> | undefined,
    private readonly changed: () => void,
  ) {}

  /** Called when the server has answered the handshake: the line now has two ends. */
  answer(): void {
    invariant(this.state === 'open', `${this.name} is answered before it is open`);
    this.ends.add('server');
  }

  /** Writes what an end sends to its real socket. */
  dispatch(side: Side, sent: Sent): void {
    const raw = this.raw[side];
    if (this.state !== 'open' || this.isResetting || !raw) return;
    const ledger = this.from[side];
    if (sent === 'reset') this.isResetting = side;
    else if (sent === 'fin') {
      ledger.finWritten = true;
      raw.end();
    } else {
      ledger.bytesWritten += sent.length;
      raw.write(sent);
    }
    this.changed();
  }

  /** @returns what the other side has read of `sent` */
  take(side: Side, sent: Sent): Sent {
    if (typeof sent === 'string') return sent;
    const { read } = this.from[side];
    // The connection was reset before these bytes were written.
    if (read.length === 0) return sent;
    const bytes = read.length === 1 ? read[0]! : Buffer.concat(read);
    read.length = 0;
    if (bytes.length > sent.length) read.push(bytes.subarray(sent.length));
    return bytes.subarray(0, sent.length);
  }

  /** Called when an end is destroyed; after the second one the real sockets are destroyed too. */
  leave(side: Side): void {
    this.ends.delete(side);
    if (this.ends.size === 0) this.changed();
  }

  /** Whether nothing is in flight. Then carries out a pending reset or close. */
  settled(): boolean {
    if (this.state === 'connecting') return this.hasConnected() && this.settled();
    if (this.state === 'over') return this.raws.every((raw) => raw.closed);
    if (!isBalanced(this.from.client) || !isBalanced(this.from.server)) return false;
    if (this.isResetting) {
      // Only once everything sent before has been read: a reset would discard it.
      const other = this.raw[OTHER[this.isResetting]]!;
      const willHear = !this.from[this.isResetting].finRead;
      this.state = 'over';
      this.raw[this.isResetting]!.resetAndDestroy();
      if (!willHear) other.destroy();
      return false;
    }
    if (this.ends.size > 0) return true;
    this.state = 'over';
    for (const raw of this.raws) raw.destroy();
    return false;
  }

  /** What is in flight, for messages to people. */
  get waitsFor(): string {
    if (this.state === 'connecting') return `${this.name} to be connected`;
    if (this.state === 'over') return `${this.name} to be closed`;
    const missing = (['client', 'server'] as const).flatMap((side) => {
      const { bytesWritten, bytesRead, finWritten, finRead } = this.from[side];
      const bytes = bytesWritten - bytesRead;
      return [
        ...(bytes > 0 ? [`${bytes} bytes from the ${side}`] : []),
        ...(finWritten && !finRead ? [`the end of what the ${side} sends`] : []),
      ];
    });
    return `${missing.join(' and ')} on ${this.name}`;
  }

  private hasConnected(): boolean {
    const raw = this.claim();
    if (!raw) return false;
    this.state = 'open';
    for (const side of ['client', 'server'] as const) {
      this.raw[side] = raw[side];
      const ledger = this.from[OTHER[side]];
      raw[side].on('data', (bytes: Buffer) => {
        ledger.bytesRead += bytes.length;
        ledger.read.push(bytes);
      });
      raw[side].on('end', () => (ledger.finRead = true));
      // A reset, which the other end has sent by `dispatch`.
      raw[side].on('error', () => undefined);
    }
    return true;
  }

  private get raws(): net.Socket[] {
    return Object.values(this.raw);
  }
}

function newDirection(): Direction {
  return { bytesWritten: 0, bytesRead: 0, finWritten: false, finRead: false, read: [] };
}

function isBalanced({ bytesWritten, bytesRead, finWritten, finRead }: Direction): boolean {
  return bytesWritten === bytesRead && finWritten === finRead;
}
