// smtp-server's connection with STARTTLS as the fleet does it: the certificate is chosen session by
// session, timeouts stay on the clock, and the log hears how it went. Bytes of TLS itself are told to
// nobody: they are never the same twice.

import net from 'node:net';
import { TLSSocket, type SecureContext } from 'node:tls';
import type { SMTPServer } from 'smtp-server';
import { invariant } from '../../base/errors.js';
import type { Certificates } from '../certificates.js';
import { SpeakingConnection, type Done, type SessionLog } from './speaking-connection.js';

/** A server that shows the certificate that it is told to. */
export interface ShowingServer extends SMTPServer {
  /** Sets the certificate of the TLS session that is begun next. */
  show(certificate: SecureContext): void;
}

export abstract class TlsConnection extends SpeakingConnection {
  /** What is shown when TLS begins. */
  protected certificate: keyof Certificates = 'valid';

  constructor(
    private readonly server: ShowingServer,
    socket: net.Socket,
    log: SessionLog,
    private readonly certificates: Certificates | undefined,
  ) {
    super(server, socket, log);
  }

  /** Whether STARTTLS is known here. */
  protected abstract get offersTls(): boolean;

  override _isSupported(command: string): boolean {
    return super._isSupported(command) && (command !== 'STARTTLS' || this.offersTls);
  }

  /** TLS begins once the yes to STARTTLS has left, however long that takes. */
  override upgrade(callback: Done, secured?: Done): void {
    const { certificates } = this;
    invariant(certificates, 'a server offers STARTTLS and was given no certificates');
    this.afterSpeech(() => {
      if (this.isOver) return;
      this.server.show(certificates[this.certificate]);
      super.upgrade(callback, secured);
    });
  }

  /** A client that leaves a handshake half done is not told so: there is no way to speak. */
  override _onTimeout(): void {
    if (this._upgrading) this.raw.destroy();
    else super._onTimeout();
  }

  /** TLS has begun. @param protocol such as TLSv1.3 */
  onSecure(protocol: string): void {
    const { emit, session } = this.log;
    // Without a certificate there is no getting here.
    const certificate = this.certificate === 'expired' ? 'expired' : 'valid';
    emit({ type: 'tls.started', session, protocol, certificate });
  }

  /** The connection is over: if it was on its way to TLS, it did not get there. */
  protected tlsOver(): void {
    if (this._upgrading) this.log.emit({ type: 'tls.failed', session: this.log.session });
  }

  /** A socket of Node's own keeps its timeouts in real time: of the simulated two, the lower is on the clock. */
  override _armTimeout(socket: net.Socket = this._socket): void {
    super._armTimeout(socket instanceof TLSSocket && !(this.raw instanceof net.Socket) ? this.raw : socket);
  }
}
