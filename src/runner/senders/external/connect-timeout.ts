// The connect timeout of the operating system, for sockets of the simulation: a connection attempt without
// an answer fails with ETIMEDOUT.

import type net from 'node:net';
import type { Clock } from '../../../clock/clock.js';

/** As on Linux with its six retransmissions of SYN, ms. */
const CONNECT_LIMIT_MS = 127_000;

/** @param place address and port, for the message */
export function withConnectTimeout(clock: Clock, socket: net.Socket, place: string): net.Socket {
  const timer = clock.after(CONNECT_LIMIT_MS, () => {
    const error = new Error(`connect ETIMEDOUT ${place}`);
    socket.destroy(Object.assign(error, { code: 'ETIMEDOUT', syscall: 'connect' }));
  });
  const settled = (): void => timer.cancel();
  return socket.once('connect', settled).once('close', settled);
}
