// TCP of this machine behind the Dialer port, and the guard that keeps the package's own commands
// on loopback: whatever a scenario or a fleet says, they cannot reach anybody.

import net from 'node:net';
import { assertLoopback } from '../../base/loopback.js';
import type { Dialer } from '../ports.js';

export { isLoopback } from '../../base/loopback.js';

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
      assertLoopback(address, port);
      return dialer.dial(address, port);
    },
  };
}
