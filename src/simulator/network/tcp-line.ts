// One connection on the TCP wire: a pair of real sockets on loopback, and the ledger that holds what
// was written at one side against what was read at the other. How long the operating system takes
// cannot be known, so that virtual time stands still until the ledger is balanced; what was read is
// kept here until the latency is over and the other end may have it.

import type net from 'node:net';
import { invariant } from '../../base/errors.js';
import type { Sent } from './memory-socket.js';

/** What the client sends, and what the server sends. */
export type Side = 'client' | 'server';

const OTHER: Record<Side, Side> = { client: 'server', server: 'client' };

/** The ledger of one direction. */
interface Direction {
  bytesWritten: number;
  bytesRead: number;
  finWritten: boolean;
  finRead: boolean;
  /** Read, and not yet taken by the end that it is for. */
  read: Buffer[];
}

export class TcpLine {
  private readonly raw: Partial<Record<Side, net.Socket>> = {};
  private readonly from: Record<Side, Direction> = { client: newDirection(), server: newDirection() };
  private readonly ends = new Set<Side>(['client']);
  private isResetting: Side | undefined;
  private state: 'connecting' | 'open' | 'over' = 'connecting';

  /**
   * @param name for people
   * @param claim gives both real sockets once they are connected
   * @param changed told whenever there is something to wait for
   */
  constructor(
    private readonly name: string,
    private readonly claim: () => Record<Side, net.Socket> | undefined,
    private readonly changed: () => void,
  ) {}

  /** The server has answered the handshake: it has an end of its own from now on. */
  answer(): void {
    invariant(this.state === 'open', `${this.name} is answered before it stands`);
    this.ends.add('server');
  }

  /** Hands what an end sends to the operating system. */
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

  /** What of `sent` came out at the other side. */
  take(side: Side, sent: Sent): Sent {
    if (typeof sent === 'string') return sent;
    const { read } = this.from[side];
    // Bytes for a connection that was reset before they left.
    if (read.length === 0) return sent;
    const bytes = read.length === 1 ? read[0]! : Buffer.concat(read);
    read.length = 0;
    if (bytes.length > sent.length) read.push(bytes.subarray(sent.length));
    return bytes.subarray(0, sent.length);
  }

  /** An end is gone for good; with the last one the real sockets go too. */
  leave(side: Side): void {
    this.ends.delete(side);
    if (this.ends.size === 0) this.changed();
  }

  /** Whether nothing is under way. Does what had to wait for that. */
  settled(): boolean {
    if (this.state === 'connecting') return this.hasConnected() && this.settled();
    if (this.state === 'over') return this.raws.every((raw) => raw.closed);
    if (!isBalanced(this.from.client) || !isBalanced(this.from.server)) return false;
    if (this.isResetting) {
      // Not before what was sent earlier has been read: a reset overtakes it.
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

  /** What is under way, for people. */
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
      // A reset; whoever sent it has told.
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
