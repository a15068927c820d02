// The ports of the sender: time, DNS, TCP and randomness. With the system's ports it sends real mail in
// real time; with the simulator's ports the same code runs in a simulation.

import type net from 'node:net';

export type { Clock, Timer } from '../clock/clock.js';
export type { Random } from '../base/random.js';

export interface MxRecord {
  exchange: string;
  preference: number;
}

/** DNS. Promises reject with the codes of node:dns: ENOTFOUND, ENODATA, ESERVFAIL, ETIMEOUT, ... */
export interface Resolver {
  resolveMx(domain: string): Promise<MxRecord[]>;
  resolve4(name: string): Promise<string[]>;
  /** IPv6 addresses (AAAA). Absent: the sender looks up and dials IPv4 alone. */
  resolve6?(name: string): Promise<string[]>;
}

/**
 * Opens TCP connections. The socket may still be connecting: it emits `connect`, or `error` with
 * the code of the operating system. The caller sets the timeout.
 */
export interface Dialer {
  dial(address: string, port: number): net.Socket;
}

/** Accepts connections from other servers, at the host to which the MX of the return-path domain points. */
export interface Inlet {
  /**
   * Starts to accept connections.
   *
   * @param domain of the return path
   * @param accept receives the sender's end of each connection, already open
   */
  open(domain: string, accept: (socket: net.Socket) => void): { close(): void };
}
