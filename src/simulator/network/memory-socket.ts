// One end of a TCP connection on the clock, with the parts of net.Socket that nodemailer and smtp-server
// use. Bytes arrive after the modelled latency and always in a later turn: a write that reached its peer
// in the same call would make client and server wait for each other. Here they travel in memory; on the
// TCP wire, real sockets carry them.

import { isIPv6 } from 'node:net';
import { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../clock/clock.js';

/** Bytes in flight or unread in one direction before writes have to wait, as a TCP window. */
const WINDOW_BYTES = 256 * 1024;

export interface Endpoint {
  address: string;
  port: number;
}

/** An error in the form of Node's system errors. */
export function systemError(code: string, syscall: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
}

/** What one end of a connection sends to the other. */
export type Sent = Buffer | 'fin' | 'reset';

/** Emitted when the other end is destroyed, also on a socket that is not read to its end. */
export const PEER_GONE = 'peer-gone';

export class MemorySocket extends Duplex {
  connecting = true;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  private peer: MemorySocket | undefined;
  private underWay = 0;
  private blockedWrite: ((error?: Error) => void) | undefined;
  private finSent = false;
  private lastActivity = 0;
  private idleMs = 0;
  private idleTimer: Timer | undefined;

  constructor(
    protected readonly clock: Clock,
    protected readonly latencyMs: number,
    local: Endpoint,
    remote: Endpoint,
  ) {
    super({ allowHalfOpen: false, emitClose: true });
    this.localAddress = local.address;
    this.localPort = local.port;
    this.remoteAddress = remote.address;
    this.remotePort = remote.port;
  }

  /** Joins two ends; each is open once its own `open` is called. */
  static join(a: MemorySocket, b: MemorySocket): void {
    a.peer = b;
    b.peer = a;
  }

  /** Called when the handshake is done at this end. */
  open(): void {
    if (this.destroyed) return;
    this.connecting = false;
    this.touch();
    // As net.Socket does: `end` is emitted although no data is read.
    this.read(0);
    this.emit('connect');
    this.emit('ready');
  }

  /** As in net.Socket; smtp-server writes only to a socket that is `open`. */
  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable && this.writable) return 'open';
    if (this.readable) return 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  address(): { address: string; port: number; family: string } {
    return {
      address: this.localAddress,
      port: this.localPort,
      family: isIPv6(this.localAddress) ? 'IPv6' : 'IPv4',
    };
  }

  /** Emits `timeout` after `ms` without traffic, as net.Socket does; 0 turns it off. */
  setTimeout(ms: number, callback?: () => void): this {
    this.idleMs = ms;
    if (ms === 0) {
      this.idleTimer?.cancel();
      this.idleTimer = undefined;
      if (callback) this.removeListener('timeout', callback);
      return this;
    }
    this.lastActivity = this.clock.now();
    if (callback) this.once('timeout', callback);
    this.idleTimer?.cancel();
    this.watchIdle(ms);
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  /** Ends the connection with RST: the peer sees ECONNRESET. */
  resetAndDestroy(): this {
    this.send('reset');
    this.peer = undefined;
    return this.destroy();
  }

  override _read(): void {
    const peer = this.peer;
    // The writer learns of the open window one latency later, after this read has returned.
    if (peer?.blockedWrite) this.clock.after(this.latencyMs, () => peer.unblock());
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (this.connecting) {
      this.once('connect', () => this._write(chunk, encoding, callback));
      return;
    }
    const peer = this.peer;
    if (!peer) {
      callback(systemError('EPIPE', 'write'));
      return;
    }
    this.touch();
    this.underWay += chunk.length;
    this.dispatch?.(chunk);
    this.clock.after(this.latencyMs, () => {
      this.underWay -= chunk.length;
      this.carry(peer, chunk);
      if (!peer.destroyed) this.unblock();
    });
    if (this.underWay + peer.readableLength < WINDOW_BYTES) callback();
    else this.blockedWrite = callback;
  }

  override _final(callback: (error?: Error | null) => void): void {
    if (this.connecting) {
      this.once('connect', () => this._final(callback));
      return;
    }
    this.sendFin();
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.idleTimer?.cancel();
    this.connecting = false;
    this.sendFin();
    const blocked = this.blockedWrite;
    this.blockedWrite = undefined;
    blocked?.(error ?? systemError('ECANCELED', 'write'));
    callback(error);
  }

  /** Called with what this end sends, before the latency. Not needed in memory. */
  protected dispatch?(sent: Sent): void;

  /** Delivers to the other end once the latency is over. */
  protected carry(peer: MemorySocket, sent: Sent): void {
    peer.arrive(sent);
  }

  /** Receives what the other end has sent. */
  arrive(sent: Sent): void {
    if (sent === 'fin') return this.receiveFin();
    if (sent === 'reset') return this.receiveReset();
    // Bytes for a destroyed socket are answered with RST.
    if (this.destroyed) return this.send('reset');
    this.receive(sent);
  }

  private send(sent: 'fin' | 'reset'): void {
    const { peer } = this;
    if (!peer) return;
    this.dispatch?.(sent);
    this.clock.after(this.latencyMs, () => this.carry(peer, sent));
  }

  private receive(chunk: Buffer): void {
    if (this.readableEnded) return;
    this.touch();
    this.push(chunk);
  }

  private receiveFin(): void {
    if (this.destroyed) return;
    // TCP closes a socket with unread bytes by RST: a writer that waits for the window gets ECONNRESET.
    if (this.blockedWrite && this.peer?.destroyed) return this.receiveReset();
    if (this.peer?.destroyed) this.emit(PEER_GONE);
    this.push(null);
    this.read(0);
  }

  private receiveReset(): void {
    this.peer = undefined;
    if (!this.destroyed) this.destroy(systemError('ECONNRESET', 'read'));
  }

  private sendFin(): void {
    if (this.finSent) return;
    this.finSent = true;
    this.send('fin');
  }

  private unblock(): void {
    const callback = this.blockedWrite;
    if (!callback || this.underWay + (this.peer?.readableLength ?? 0) >= WINDOW_BYTES) return;
    this.blockedWrite = undefined;
    callback();
  }

  private touch(): void {
    this.lastActivity = this.clock.now();
    if (this.idleMs > 0 && !this.idleTimer && !this.destroyed) this.watchIdle(this.idleMs);
  }

  /** One timer per idle period instead of one per packet: it checks for later traffic when it fires. */
  private watchIdle(ms: number): void {
    this.idleTimer = this.clock.after(ms, () => {
      const left = this.lastActivity + this.idleMs - this.clock.now();
      if (left > 0) return this.watchIdle(left);
      this.idleTimer = undefined;
      this.emit('timeout');
    });
  }
}
