// The SMTP server of one host: smtp-server with HostConnection as its connection. The World makes it, so
// that a host can also be used without SMTP.

import type { SecureContext, TLSSocket } from 'node:tls';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { HostConnection } from './host-connection.js';
import type { Endpoint, MemorySocket } from '../network/memory-socket.js';
import type { Handshake, Listener } from '../network/network.js';
import type { Host } from './host.js';
import type { Family } from '../plan.js';
import { HeaderCollector } from './received-message.js';
import type { MessageDone } from './reply-connection.js';

/** RFC 5321, 4.5.3.2.7: a server waits at least five minutes for the next command. */
const COMMAND_TIMEOUT_MS = 5 * 60_000;

/** Recipients of one message; RFC 5321, 4.5.3.1.8, asks for at least 100. */
const RECIPIENTS_MAX = 1000;

/** Capabilities of EHLO, as options of smtp-server; without a profile, all that it knows. */
function offers(ehlo: readonly string[] | undefined): Partial<SMTPServerOptions> {
  if (!ehlo) return {};
  const size = ehlo.find((capability) => capability.startsWith('SIZE '))?.slice('SIZE '.length);
  return {
    hidePIPELINING: !ehlo.includes('PIPELINING'),
    hide8BITMIME: !ehlo.includes('8BITMIME'),
    hideSMTPUTF8: !ehlo.includes('SMTPUTF8'),
    ...(size === undefined ? {} : { size: Number(size) }),
  };
}

export class HostServer extends SMTPServer implements Listener {
  private readonly bySession = new WeakMap<object, HostConnection>();

  constructor(private readonly host: Host) {
    super({
      name: host.name,
      banner: '',
      authOptional: true,
      disabledCommands: ['AUTH'],
      disableReverseLookup: true,
      logger: false,
      socketTimeout: COMMAND_TIMEOUT_MS,
      maxRecipients: RECIPIENTS_MAX,
      lenientAddressParsing: true,
      ...offers(host.options.plan.profile?.ehlo),
    });
  }

  handshake(client: Endpoint): Handshake {
    return this.host.handshake(client);
  }

  accept(socket: MemorySocket): void {
    this.connect(socket as never);
  }

  isDown(family: Family): boolean {
    return this.host.isDown(family);
  }

  /** Ends all sessions with 421 (RFC 5321, 3.8). */
  endSessions(): void {
    for (const connection of [...this.connections]) (connection as HostConnection).endSession();
  }

  override connect(socket: Parameters<SMTPServer['connect']>[0]): void {
    const connection = new HostConnection(this, socket, this.host);
    this.bySession.set(connection.session, connection);
    this.connections.add(connection);
    // Clients may go away in mid-transaction; the event of the close records it.
    connection.on('error', () => undefined);
    connection.init();
  }

  /** Certificates are set by `show`; a default one would cost a millisecond a host. */
  override updateSecureContext(): void {}

  /** The certificate holds for any name that the client asks for. */
  show(certificate: SecureContext): void {
    this.secureContext = new Map([['*', certificate]]);
  }

  override _resolveSNI(...[, callback]: Parameters<SMTPServer['_resolveSNI']>): void {
    callback(null);
  }

  override onSecure(...[socket, session, callback]: Parameters<SMTPServer['onSecure']>): void {
    this.bySession.get(session)!.onSecure((socket as TLSSocket).getProtocol() ?? 'unknown');
    callback();
  }

  override onMailFrom(...[, , callback]: Parameters<SMTPServer['onMailFrom']>): void {
    callback();
  }

  override onRcptTo(...[, , callback]: Parameters<SMTPServer['onRcptTo']>): void {
    callback();
  }

  override onData(...[stream, session, callback]: Parameters<SMTPServer['onData']>): void {
    const connection = this.bySession.get(session)!;
    const header = new HeaderCollector();
    stream.on('data', (chunk: Buffer) => {
      header.add(chunk);
      connection.onBody(stream.byteLength);
    });
    stream.once('end', () => {
      // smtp-server takes a list of lines as a multi-line reply; its types allow only a text.
      connection.onMessage({ size: stream.byteLength, header }, callback as unknown as MessageDone);
    });
  }
}
