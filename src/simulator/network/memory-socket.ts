// A TCP socket on the clock: one end of a connection, with the parts of net.Socket that nodemailer
// and smtp-server use. Bytes travel for the modelled latency and always arrive in a later turn: a
// write that reached its peer in the same call would make client and server wait for each other.
// Here they travel in memory; the TCP wire has them carried by real sockets instead.

import { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../clock/clock.js';

/** Bytes that may be under way or unread in one direction before writes have to wait. */
const WINDOW_BYTES = 256 * 1024;

export interface Endpoint {
  address: string;
  port: number;
}

/** An error as the operating system would report it. */
export function systemError(code: string, syscall: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
}

/** What one end of a connection sends to the other. */
export type Sent = Buffer | 'fin' | 'reset';

/** Emitted when the other end is gone for good, also where nobody reads on to the end. */
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

  /** Joins two ends; each is open from its own `open` on. */
  static join(a: MemorySocket, b: MemorySocket): void {
    a.peer = b;
    b.peer = a;
  }

  /** The handshake is done at this end. */
  open(): void {
    if (this.destroyed) return;
    this.connecting = false;
    this.touch();
    // As net.Socket does: the end is told although nobody reads data.
    this.read(0);
    this.emit('connect');
    this.emit('ready');
  }

  /** As net.Socket has it; smtp-server writes only to a socket that is `open`. */
  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable && this.writable) return 'open';
    if (this.readable) return 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  address(): { address: string; port: number; family: string } {
    return { address: this.localAddress, port: this.localPort, family: 'IPv4' };
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
    // The window opens for the writer when word of it gets there; until then this read is over.
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

  /** Told what leaves this end; it is at the other one after the latency. In memory nobody needs that. */
  protected dispatch?(sent: Sent): void;

  /** Hands to the other end what has travelled long enough. */
  protected carry(peer: MemorySocket, sent: Sent): void {
    peer.arrive(sent);
  }

  /** Something that the other end has sent is here. */
  arrive(sent: Sent): void {
    if (sent === 'fin') return this.receiveFin();
    if (sent === 'reset') return this.receiveReset();
    // Bytes for a socket that is gone are answered with RST.
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
    // Who closes with bytes unread answers with RST, and a writer that waits for it hears so.
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

  /** One timer per idle period instead of one per packet: it looks when it fires. */
  private watchIdle(ms: number): void {
    this.idleTimer = this.clock.after(ms, () => {
      const left = this.lastActivity + this.idleMs - this.clock.now();
      if (left > 0) return this.watchIdle(left);
      this.idleTimer = undefined;
      this.emit('timeout');
    });
  }
}
