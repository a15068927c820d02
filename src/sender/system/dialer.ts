// The Dialer port over TCP of the operating system, and the guard that keeps the package's own commands
// on loopback: no scenario or fleet file can make them reach another machine.

import net from 'node:net';
import { assertLoopback } from '../../base/loopback.js';
import type { Dialer } from '../ports.js';

/** A dialer for any address. */
export function systemDialer(): Dialer {
  return { dial: (address, port) => net.connect({ host: address, port }) };
}

/**
 * A dialer for 127.0.0.0/8 and ::1 only. Host names are refused too, since their address is not known
 * before they are dialed.
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
