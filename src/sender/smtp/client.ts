// nodemailer's SMTP connection, extended by what the sender must know and the library does not expose: the
// command that awaits its reply, and whether the final dot has been sent. It overrides internal methods,
// for which the version of nodemailer is pinned.

import type { Transform } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { decodedText } from '../../base/charset.js';
import type { Stage } from '../../events/types.js';

/** Members of nodemailer's class that its types leave out. */
interface Internals {
  _onError(this: SmtpClient, error: Error, code: string, response: false, command: string): void;
  _onData(this: SmtpClient, chunk: Buffer): void;
  _processResponse(this: SmtpClient): void;
  /** Replies received and not processed yet, the lines of each joined by line feeds. */
  _responseQueue: string[];
  _sendCommand(this: SmtpClient, text: string, logged?: string): void;
  /** Its `_flush` writes the final dot. */
  _createSendStream(this: SmtpClient, callback: unknown): Transform;
  _formatError(this: SmtpClient, ...args: unknown[]): Error;
  _parseEhloExtensions(this: SmtpClient, text: string): void;
  _supportedExtensions: string[];
  /** Limit of SIZE (RFC 1870), bytes; 0 for none. */
  _maxAllowedSize: number;
}

const library = SMTPConnection.prototype as unknown as Internals;

const STAGE_OF_VERB: Record<string, Stage> = {
  EHLO: 'ehlo',
  HELO: 'ehlo',
  STAR: 'starttls',
  MAIL: 'mail',
  RCPT: 'rcpt',
  DATA: 'data',
};

/** Bytes accepted after one command. nodemailer limits each reply, but not the number of replies. */
const RECEIVED_MAX = 1024 * 1024;

/** The line that ends a reply (RFC 5321, 4.2). */
const LAST_LINE = /^[2-5]\d\d(?: |$)/;

export class SmtpClient extends SMTPConnection {
  /** Stage whose reply is awaited, or came last. */
  awaiting: Stage = 'connect';
  /** Whether the final dot has been written to the socket, so that the server may have the message. */
  finalDotSent = false;
  /** Whether the message is being written to the socket. */
  private isSendingBody = false;
  /** Bytes received since the last command. */
  private received = 0;
  /** Called just before the final dot is written to the socket. */
  onFinalDot: () => void = () => undefined;
  /** Called when another reply is awaited, and for each `block` of a message that is written. */
  onStage: (stage: Stage | 'block') => void = () => undefined;

  /** Resets the state of the transaction before. */
  beginTransaction(): void {
    this.finalDotSent = false;
    this.isSendingBody = false;
    this.awaiting = 'mail';
  }

  private enter(stage: Stage): void {
    this.awaiting = stage;
    this.onStage(stage);
  }

  /**
   * A reply that arrives before its command is sent belongs to no command. Client and server are out of
   * step, and each later reply would be matched with the wrong command.
   */
  protected _sendCommand(text: string, logged?: string): void {
    const stage = STAGE_OF_VERB[text.slice(0, 4)];
    if (stage) this.enter(stage);
    if (this.internals._responseQueue.length > 0) {
      return this.outOfStep();
    }
    this.received = 0;
    library._sendCommand.call(this, withBracketsBack(text), logged);
  }

  protected _onData(chunk: Buffer): void {
    this.received += chunk.length;
    if (this.received > RECEIVED_MAX) return this.outOfStep();
    library._onData.call(this, chunk);
  }

  /**
   * nodemailer takes the code of a reply from its first line. Here the last line counts, which ends the
   * reply and must begin with a code.
   */
  protected _processResponse(): void {
    const queue = this.internals._responseQueue;
    const first = queue[0];
    if (first !== undefined) queue[0] = inUtf8(withLastCode(first));
    if (first?.trim() && !LAST_LINE.test(first.slice(first.lastIndexOf('\n') + 1))) return this.outOfStep();
    // A server may refuse a message before its end, but cannot have accepted it.
    if (this.isSendingBody && isPositive(queue[0])) return this.outOfStep();
    // Nor can it have accepted one that has not begun. Checked now, before the final dot is sent.
    if (this.awaiting === 'data' && isPositive(queue[0]) && isPositive(queue[1])) return this.outOfStep();
    library._processResponse.call(this);
  }

  protected _createSendStream(callback: unknown): Transform {
    const stream = library._createSendStream.call(this, callback);
    const flush = stream._flush.bind(stream);
    stream._flush = (done) => {
      this.onFinalDot();
      flush(done);
    };
    this.isSendingBody = true;
    stream.on('data', (chunk: Buffer) => {
      this.onStage('block');
      // The stream emits `end` later than its last bytes are written.
      if (stream.writableEnded && chunk.toString('latin1').endsWith('.\r\n')) this.finalDotWritten();
    });
    stream.once('end', () => this.finalDotWritten());
    return stream;
  }

  private finalDotWritten(): void {
    if (this.finalDotSent) return;
    this.isSendingBody = false;
    this.finalDotSent = true;
    this.received = 0;
    this.enter('message');
  }

  private outOfStep(): void {
    library._onError.call(this, new Error('Unexpected Response'), 'EPROTOCOL', false, 'CONN');
  }

  /**
   * Refusals are frequent and only the reply of their errors is read: a stack trace for each would cost as
   * much as the rest of the dialogue.
   */
  protected _formatError(...args: unknown[]): Error {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return library._formatError.apply(this, args);
    } finally {
      Error.stackTraceLimit = limit;
    }
  }

  /** Removes PIPELINING, so that each reply belongs to the one command that awaits it. */
  protected _parseEhloExtensions(text: string): void {
    library._parseEhloExtensions.call(this, text);
    const { internals } = this;
    internals._supportedExtensions = internals._supportedExtensions.filter((name) => name !== 'PIPELINING');
  }

  /** Message size limit of the server (RFC 1870), bytes; 0 when it gave none. */
  get sizeMax(): number {
    return this.internals._maxAllowedSize;
  }

  /** Whether the server accepts internationalized addresses (RFC 6531). */
  get takesUtf8(): boolean {
    return this.internals._supportedExtensions.includes('SMTPUTF8');
  }

  private get internals(): Internals {
    return this as unknown as Internals;
  }
}

/**
 * nodemailer refuses an address with angle brackets, which a quoted local part may contain (RFC 5321, 4.1.2). Two
 * control characters, which no address contains, replace them until the command is written.
 */
export function withBracketsAside(address: string): string {
  return address.replaceAll('<', '\x01').replaceAll('>', '\x02');
}

function withBracketsBack(command: string): string {
  // Nearly every command is without them.
  return command.includes('\x01') || command.includes('\x02')
    ? command.replaceAll('\x01', '<').replaceAll('\x02', '>')
    : command;
}

/**
 * The lines of a reply in UTF-8: nodemailer holds a reply as bytes, one character each, and decodes it as
 * UTF-8 or not at all. A server may write any charset, and another one on the next line.
 */
function inUtf8(reply: string): string {
  if (!/[\x80-\xff]/.test(reply)) return reply;
  const lines = reply.split('\n').map((line) => decodedText(Buffer.from(line, 'latin1')));
  return Buffer.from(lines.join('\n'), 'utf8').toString('latin1');
}

/** Gives every line of a reply the code of its last line. */
function withLastCode(reply: string): string {
  const last = reply.lastIndexOf('\n') + 1;
  const code = /^\d{3}(?= |$)/.exec(reply.slice(last))?.[0];
  return last === 0 || code === undefined ? reply : reply.replace(/^\d{3}(?=-)/gm, code);
}

function isPositive(reply: string | undefined): boolean {
  return reply !== undefined && /^[23]/.test(reply);
}
