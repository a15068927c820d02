// TCP of this machine behind the Inlet port: where the mail for the return-path domain comes in.

import net from 'node:net';
import { BouncelabError } from '../../base/errors.js';
import type { Inlet } from '../ports.js';

export interface SystemInletOptions {
  /** Default 25; 0 takes one that is free. */
  port?: number;
  /** Address to listen at. Default: 127.0.0.1, for a mail server in front of it. */
  address?: string;
  /** Told the port once connections are taken. */
  onListening?: (port: number) => void;
  /** Told when nothing can be taken there. Default: it is thrown where nobody catches it. */
  onError?: (error: BouncelabError) => void;
}

/** Listens on a port of this machine. The MX of the return-path domain must lead there. */
export function systemInlet(options: SystemInletOptions = {}): Inlet {
  const { port = 25, address = '127.0.0.1', onListening, onError } = options;
  return {
    open(domain, accept) {
      const server = net.createServer(accept);
      server.on('error', (cause) => {
        const message = `cannot take bounce messages for ${domain} at ${address}:${port}: ${cause.message}`;
        const error = new BouncelabError('E_USAGE', message, { hint: 'Choose another port.', cause });
        if (!onError) throw error;
        onError(error);
      });
      server.listen(port, address, () => onListening?.((server.address() as net.AddressInfo).port));
      return { close: () => void server.close() };
    },
  };
}
