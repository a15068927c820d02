// What the sender is given: the world as it sees it. With the system's ports the same code runs in
// real time over real DNS and TCP; with the simulator's it cannot tell the difference.

import type net from 'node:net';

export type { Clock, Timer } from '../clock/clock.js';
export type { Random } from '../base/random.js';

export interface MxRecord {
  exchange: string;
  preference: number;
}

/** DNS. Failures carry the codes of node:dns: ENOTFOUND, ENODATA, ESERVFAIL, ETIMEOUT, ... */
export interface Resolver {
  resolveMx(domain: string): Promise<MxRecord[]>;
  resolve4(name: string): Promise<string[]>;
}

/**
 * Opens TCP connections. The socket may still be connecting: it emits `connect`, or `error` with
 * the code of the operating system. Giving up in time is the caller's business.
 */
export interface Dialer {
  dial(address: string, port: number): net.Socket;
}

/** Where other servers reach the sender: the host that its return-path domain leads to. */
export interface Inlet {
  /**
   * Begins to take connections.
   *
   * @param domain return-path domain
   * @param accept gets the sender's end of each connection, open
   */
  open(domain: string, accept: (socket: net.Socket) => void): { close(): void };
}
