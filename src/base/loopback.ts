// The one place that opens TCP connections for the commands of this package, and the guard on it:
// nothing outside loopback is ever dialed, whatever a file, DNS or an option says.

import net from 'node:net';
import { BouncelabError } from './errors.js';

const LOOPBACK = new net.BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Whether an address is of this machine's loopback: 127.0.0.0/8 or ::1, and nothing else. A name is
 * not, whatever it resolves to: asking DNS would already be a packet.
 */
export function isLoopback(address: string): boolean {
  const family = net.isIP(address);
  if (family === 0 || address.includes('%')) return false;
  return LOOPBACK.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/**
 * Refuses to dial anything but loopback.
 *
 * @throws BouncelabError E_NOT_LOOPBACK
 */
export function assertLoopback(address: string, port: number): void {
  if (isLoopback(address)) return;
  const place = net.isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
  throw new BouncelabError('E_NOT_LOOPBACK', `${place} is not on this machine and was not dialed`, {
    hint: 'The commands of bouncelab talk to its own fleet only, in 127.0.0.0/8 and ::1.',
  });
}

/** Calls below that are under way, all of them in this very turn. */
let opening = 0;

/** Whether it is this package that opens a socket right now, and not a module that plays in its thread. */
export function opensLoopback(): boolean {
  return opening > 0;
}

/**
 * Opens a TCP connection on this machine.
 *
 * @throws BouncelabError E_NOT_LOOPBACK for an address outside loopback, before any packet is sent
 */
export function connectLoopback(options: {
  host: string;
  port: number;
  allowHalfOpen?: boolean;
}): net.Socket {
  assertLoopback(options.host, options.port);
  return asOurs(() => net.connect(options));
}

/** Has a server listen on 127.0.0.1. @param port 0 for one that the operating system picks */
export function listenLoopback(server: net.Server, port: number): void {
  asOurs(() => server.listen(port, '127.0.0.1'));
}

function asOurs<T>(open: () => T): T {
  opening++;
  try {
    return open();
  } finally {
    opening--;
  }
}
