// The one place that opens TCP connections for the commands of this package. It refuses every address
// outside loopback, whatever a file, DNS or an option says.

import net from 'node:net';
import { BouncelabError } from './errors.js';

const LOOPBACK = new net.BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Whether an address is in 127.0.0.0/8 or is ::1. A host name is not: to resolve it would already send
 * a packet.
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
    hint: 'The commands of bouncelab connect to the simulated fleet only, in 127.0.0.0/8 and ::1.',
  });
}

/** Called with a socket before it connects, and with a server before it listens: a guard then lets these pass. */
export type Announce = (own: net.Socket | net.Server) => void;

/**
 * Opens a TCP connection on this machine.
 *
 * @throws BouncelabError E_NOT_LOOPBACK for an address outside loopback, before any packet is sent
 */
export function connectLoopback(
  { host, port, allowHalfOpen = false }: { host: string; port: number; allowHalfOpen?: boolean },
  announce: Announce = () => {},
): net.Socket {
  assertLoopback(host, port);
  const socket = new net.Socket({ allowHalfOpen });
  announce(socket);
  return socket.connect({ host, port });
}

/** Makes a server listen on 127.0.0.1. @param port 0: the operating system picks one */
export function listenLoopback(server: net.Server, port: number, announce: Announce = () => {}): void {
  announce(server);
  server.listen(port, '127.0.0.1');
}

/** Connections of a burst that wait to be accepted; the system may allow fewer. */
const BACKLOG = 4096;

/**
 * Makes a server listen at an address of this machine.
 *
 * @param beyond the one address outside loopback that the user allowed
 * @throws BouncelabError E_NOT_LOOPBACK for any other address outside loopback
 */
export function listenAt(
  server: net.Server,
  { address, port }: { address: string; port: number },
  beyond?: string,
): void {
  if (!isLoopback(address) && address !== beyond)
    throw new BouncelabError('E_NOT_LOOPBACK', `${address} is not in 127.0.0.0/8 or ::1 and was not opened`);
  server.listen({ host: address, port, backlog: BACKLOG, exclusive: true });
}
