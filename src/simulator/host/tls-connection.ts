// smtp-server's connection with STARTTLS as the fleet does it: each session has its own certificate,
// timeouts stay on the clock, and the outcome of the handshake is an event. The bytes of TLS are not
// logged, since they differ from run to run.

import net from 'node:net';
import { TLSSocket, type SecureContext } from 'node:tls';
import type { SMTPServer } from 'smtp-server';
import { invariant } from '../../base/errors.js';
import type { Certificates } from '../certificates.js';
import { ReplyConnection, type Done, type SessionLog } from './reply-connection.js';

/** A server whose certificate can be chosen for each session. */
export interface ShowingServer extends SMTPServer {
  /** Sets the certificate of the next TLS handshake. */
  show(certificate: SecureContext): void;
}

export abstract class TlsConnection extends ReplyConnection {
  /** The certificate of this session's handshake. */
  protected certificate: keyof Certificates = 'valid';

  constructor(
    private readonly server: ShowingServer,
    socket: net.Socket,
    log: SessionLog,
    private readonly certificates: Certificates | undefined,
  ) {
    super(server, socket, log);
  }

  /** Whether EHLO offers STARTTLS. */
  protected abstract get offersTls(): boolean;

  override _isSupported(command: string): boolean {
    return super._isSupported(command) && (command !== 'STARTTLS' || this.offersTls);
  }

  /** TLS begins once the 220 to STARTTLS is written, which may be slow. */
  override upgrade(callback: Done, secured?: Done): void {
    const { certificates } = this;
    invariant(certificates, 'a server offers STARTTLS and was given no certificates');
    this.onceWritten(() => {
      if (this.isOver) return;
      this.server.show(certificates[this.certificate]);
      super.upgrade(callback, secured);
    });
  }

  /** In the middle of a handshake no reply can be sent. */
  override _onTimeout(): void {
    if (this._upgrading) this.raw.destroy();
    else super._onTimeout();
  }

  /** Called when the handshake is done. @param protocol such as TLSv1.3 */
  onSecure(protocol: string): void {
    const { emit, session } = this.log;
    // Without a certificate every handshake fails.
    const certificate = this.certificate === 'expired' ? 'expired' : 'valid';
    emit({ type: 'tls.started', session, protocol, certificate });
  }

  /** Called when the connection closes: a handshake in progress has failed. */
  protected endTls(): void {
    if (this._upgrading) this.log.emit({ type: 'tls.failed', session: this.log.session });
  }

  /** A TLSSocket keeps its timeouts in real time: the simulated socket below it keeps them on the clock. */
  override _armTimeout(socket: net.Socket = this._socket): void {
    super._armTimeout(socket instanceof TLSSocket && !(this.raw instanceof net.Socket) ? this.raw : socket);
  }
}
