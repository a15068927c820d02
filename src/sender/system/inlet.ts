// The Inlet port over TCP of the operating system: a listener for the mail of the return-path domain.

import net from 'node:net';
import { BouncelabError } from '../../base/errors.js';
import type { Inlet } from '../ports.js';

export interface SystemInletOptions {
  /** Default 25; 0 chooses a free port. */
  port?: number;
  /** Address to listen at. Default 127.0.0.1, where a mail server on this machine can relay to it. */
  address?: string;
  /** Called with the port when the listener accepts connections. */
  onListening?: (port: number) => void;
  /** Called when the port cannot be listened at. Default: the error is thrown and ends the process. */
  onError?: (error: BouncelabError) => void;
}

/** Listens on a port of this machine. The MX record of the return-path domain must lead to it. */
export function systemInlet(options: SystemInletOptions = {}): Inlet {
  const { port = 25, address = '127.0.0.1', onListening, onError } = options;
  return {
    open(domain, accept) {
      const server = net.createServer(accept);
      server.on('error', (cause) => {
        const message = `cannot receive bounce messages for ${domain} at ${address}:${port}: ${cause.message}`;
        const error = new BouncelabError('E_USAGE', message, { hint: 'Choose another port.', cause });
        if (!onError) throw error;
        onError(error);
      });
      server.listen(port, address, () => onListening?.((server.address() as net.AddressInfo).port));
      return { close: () => void server.close() };
    },
  };
}
