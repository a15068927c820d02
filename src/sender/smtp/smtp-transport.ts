// The Transport port over real SMTP: a session for each connection.

import type { Connection, ConnectionOwner, HostAddress, Transport } from '../transport.js';
import { Session, type SessionOptions } from './session.js';

/** Connections that speak SMTP over the sockets of a dialer. */
export class SmtpTransport implements Transport {
  constructor(private readonly options: SessionOptions) {}

  connection(to: HostAddress, owner: ConnectionOwner): Connection {
    return new Session(this.options, to, owner);
  }
}
