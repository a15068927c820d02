// The SMTP listener of the return-path domain, which receives bounce messages. It accepts return paths
// and the postmaster as recipients and refuses all others, and replies to the final dot after the message has
// been applied.

import { SMTPServer } from 'smtp-server';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import { addressKey, parseAddress, wireAddress } from '../../base/addresses.js';
import { domainKey } from '../../base/domain-names.js';
import { parsePath } from '../../base/smtp-path.js';
import type { Inlet } from '../ports.js';
import { isPostmaster } from './postmaster.js';

/** Bytes of a message that are parsed: the delivery status is near its beginning. The rest is dropped. */
const READ_BYTES_MAX = 1024 * 1024;

/** Message size limit, announced at EHLO and enforced, bytes. */
const SIZE_MAX = 32 * 1024 * 1024;

/** RFC 5321, 4.5.3.2.7: a server waits at least five minutes for the next command. */
const COMMAND_TIMEOUT_MS = 5 * 60_000;

interface IntakeOptions {
  /** Return-path domain. */
  domain: string;
  inlet: Inlet;
  /** Applies a message to a return path. @param message cut off after `READ_BYTES_MAX` bytes */
  received(returnPath: string, message: Uint8Array): Promise<void>;
  /** Called when this program fails, not the client. */
  broken(error: unknown): void;
}

export class Intake {
  private readonly server: IntakeServer;
  private readonly opened: { close(): void };

  /** Opens the listener. */
  constructor(options: IntakeOptions) {
    this.server = new IntakeServer(options);
    this.opened = options.inlet.open(options.domain, (socket) => this.server.connect(socket));
  }

  /** Accepts no more connections, and ends the open ones with 421 (RFC 5321, 3.8). */
  close(): void {
    this.opened.close();
    for (const connection of this.server.connections) connection.send(421, '4.3.2 Shutting down', false);
  }
}

class IntakeServer extends SMTPServer {
  constructor(private readonly intake: IntakeOptions) {
    super({
      name: intake.domain,
      banner: '',
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      disableReverseLookup: true,
      logger: false,
      size: SIZE_MAX,
      socketTimeout: COMMAND_TIMEOUT_MS,
      lenientAddressParsing: true,
    });
  }

  override connect(socket: Parameters<SMTPServer['connect']>[0]): void {
    const connection = new IntakeConnection(this, socket);
    this.connections.add(connection);
    // A client that disconnects during a transaction will retry.
    connection.on('error', () => undefined);
    connection.init();
  }

  /** STARTTLS is disabled, so no certificate is needed. */
  override updateSecureContext(): void {}

  override onRcptTo(...[{ address }, , callback]: Parameters<SMTPServer['onRcptTo']>): void {
    if (isPostmaster(address, this.intake.domain)) return callback();
    const { localPart = '', domain } = parseAddress(addressKey(address)) ?? {};
    if (domain !== domainKey(this.intake.domain)) return callback(refusal(550, '5.7.1 Relaying denied'));
    if (!localPart.startsWith('bounce+')) return callback(refusal(550, '5.1.1 No such user here'));
    callback();
  }

  override onData(...[stream, session, callback]: Parameters<SMTPServer['onData']>): void {
    const chunks: Buffer[] = [];
    let kept = 0;
    stream.on('data', (chunk: Buffer) => {
      if (kept >= READ_BYTES_MAX) return;
      chunks.push(chunk);
      kept += chunk.length;
    });
    stream.once('end', () => {
      if (stream.sizeExceeded) return callback(refusal(552, '5.3.4 Message too big'));
      const message = Buffer.concat(chunks);
      const applied = session.envelope.rcptTo.map(({ address }) =>
        this.intake.received(wireAddress(address), message),
      );
      Promise.all(applied).then(
        () => callback(null, '2.0.0 Noted'),
        (error: unknown) => {
          callback(refusal(451, '4.3.0 Try again later'));
          this.intake.broken(error);
        },
      );
    });
  }
}

class IntakeConnection extends SMTPConnection {
  override _parseAddressCommand(
    ...[name, command]: Parameters<SMTPConnection['_parseAddressCommand']>
  ): ReturnType<SMTPConnection['_parseAddressCommand']> {
    return parsePath(command, (line) => super._parseAddressCommand(name, line));
  }
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
