// The addresses of a live fleet: each host has one in 127.0.0.0/8, and ::1 when it has IPv6.

import { once } from 'node:events';
import net from 'node:net';
import { BouncelabError } from '../base/errors.js';
import { isLoopback, listenAt } from '../base/loopback.js';
import { addressNumber } from '../simulator/world.js';

const FIRST = '127.1.0.1';
const LAST = '127.255.255.255';

export class LiveAddresses {
  private readonly first: string;

  /** @throws BouncelabError E_USAGE for a first address outside 127.0.0.0/8 */
  constructor(
    readonly by: 'addresses' | 'ports',
    first = FIRST,
  ) {
    if (!net.isIPv4(first) || !isLoopback(first)) {
      throw new BouncelabError('E_USAGE', `the first address of the fleet cannot be ${first}`, {
        hint: `choose an IPv4 address from 127.0.0.1 to ${LAST}`,
      });
    }
    this.first = first;
  }

  /** @param nth number of the host in the fleet, from 0 */
  of(nth: number, family: 'v4' | 'v6'): string {
    if (family === 'v6') return '::1';
    if (this.by === 'ports') return '127.0.0.1';
    if (this.first === FIRST) return addressNumber(nth);
    const number = toNumber(this.first) + nth;
    if (number > toNumber(LAST))
      throw new BouncelabError('E_USAGE', `no address is left after ${LAST}`, {
        hint: 'choose a lower first address',
      });
    return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
  }
}

/** Whether this system lets a program listen at 127.1.0.1: Linux does, macOS only after `ifconfig lo0 alias`. */
export async function hasAddresses(): Promise<boolean> {
  const server = net.createServer();
  try {
    listenAt(server, { address: FIRST, port: 0 });
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
