// TCP of this machine behind the Dialer port, and the guard that keeps the package's own commands
// on loopback: whatever a scenario or a fleet says, they cannot reach anybody.

import net from 'node:net';
import { BouncelabError } from '../../errors.js';
import type { Dialer } from '../ports.js';

const LOOPBACK = new net.BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Opens connections to any address. */
export function systemDialer(): Dialer {
  return { dial: (address, port) => net.connect({ host: address, port }) };
}

/**
 * A dialer for 127.0.0.0/8 and ::1 alone. Names are refused too: what they lead to is not known
 * before it is dialed.
 */
export function loopbackOnly(dialer: Dialer): Dialer {
  return {
    /** @throws BouncelabError E_NOT_LOOPBACK */
    dial(address, port) {
      if (!isLoopback(address)) {
        throw new BouncelabError('E_NOT_LOOPBACK', `${address} is not on this machine and was not dialed`, {
          hint: 'The commands of bouncelab talk to its own fleet only, in 127.0.0.0/8 and ::1.',
        });
      }
      return dialer.dial(address, port);
    },
  };
}

/** Whether an address in numbers is one of this machine's own. */
export function isLoopback(address: string): boolean {
  const family = net.isIP(address);
  return family !== 0 && LOOPBACK.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
