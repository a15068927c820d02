// nodemailer's connection with the three things the engine must know and the library keeps to
// itself: which command waits for its reply, whether the final dot has left, and what was said
// last. It reaches into the library where its types allow it; the version is pinned for that.

import type { Transform } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Stage } from '../../events/types.js';

/** The members of nodemailer's class that are overridden here; its types leave them out. */
interface Internals {
  _onError(this: SmtpClient, error: Error, code: string, response: false, command: string): void;
  _onData(this: SmtpClient, chunk: Buffer): void;
  _processResponse(this: SmtpClient): void;
  /** Replies that have come and that nothing has read yet, the lines of each joined by line feeds. */
  _responseQueue: string[];
  _sendCommand(this: SmtpClient, text: string, logged?: string): void;
  /** Its `_flush` writes the final dot. */
  _createSendStream(this: SmtpClient, callback: unknown): Transform;
  _formatError(this: SmtpClient, ...args: unknown[]): Error;
  _parseEhloExtensions(this: SmtpClient, text: string): void;
  _supportedExtensions: string[];
  /** Of SIZE (RFC 1870); 0 for none. */
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

/** Bytes that a server may say to one command; the library bounds a reply, but not what comes beside it. */
const SAID_MAX = 1024 * 1024;

/** The line that ends a reply (RFC 5321, 4.2). */
const LAST_LINE = /^[2-5]\d\d(?: |$)/;

export class SmtpClient extends SMTPConnection {
  /** Stage whose reply is awaited, or came last. */
  awaiting: Stage = 'connect';
  /** Set once the final dot has been handed to the socket: from then on the server may have the message. */
  finalDotSent = false;
  /** The message is being handed to the socket. */
  private bodyUnderWay = false;
  /** Bytes that have come since the last command. */
  private said = 0;
  /** Told right before the final dot is handed to the socket. */
  onFinalDot: () => void = () => undefined;
  /** Told whenever a new reply is awaited, and for each `block` of a message that leaves. */
  onStage: (stage: Stage | 'block') => void = () => undefined;

  /** Starts the records of a new transaction. */
  beginTransaction(): void {
    this.finalDotSent = false;
    this.bodyUnderWay = false;
    this.awaiting = 'mail';
  }

  private enter(stage: Stage): void {
    this.awaiting = stage;
    this.onStage(stage);
  }

  /**
   * A reply that is there before its command was sent answers nothing: the two sides are out of
   * step, and whatever comes next would be taken for the reply to something else.
   */
  protected _sendCommand(text: string, logged?: string): void {
    const stage = STAGE_OF_VERB[text.slice(0, 4)];
    if (stage) this.enter(stage);
    if (this.internals._responseQueue.length > 0) {
      return this.lostStep();
    }
    this.said = 0;
    library._sendCommand.call(this, text, logged);
  }

  protected _onData(chunk: Buffer): void {
    this.said += chunk.length;
    if (this.said > SAID_MAX) return this.lostStep();
    library._onData.call(this, chunk);
  }

  /**
   * The library goes by the first line of a reply and there by the first digit; this project by the
   * last line, which ends the reply, and which must begin with a code.
   */
  protected _processResponse(): void {
    const queue = this.internals._responseQueue;
    const first = queue[0];
    if (first !== undefined) queue[0] = withLastCode(first);
    if (first?.trim() && !LAST_LINE.test(first.slice(first.lastIndexOf('\n') + 1))) return this.lostStep();
    // A server may refuse a message before its end; it cannot have taken it.
    if (this.bodyUnderWay && isYes(queue[0])) return this.lostStep();
    // Nor can it have taken one that was not begun: better found now than after the final dot.
    if (this.awaiting === 'data' && isYes(queue[0]) && isYes(queue[1])) return this.lostStep();
    library._processResponse.call(this);
  }

  protected _createSendStream(callback: unknown): Transform {
    const stream = library._createSendStream.call(this, callback);
    const flush = stream._flush.bind(stream);
    stream._flush = (done) => {
      this.onFinalDot();
      flush(done);
    };
    this.bodyUnderWay = true;
    stream.on('data', (chunk: Buffer) => {
      this.onStage('block');
      // That a stream has ended is told later than its last bytes leave.
      if (stream.writableEnded && chunk.toString('latin1').endsWith('.\r\n')) this.dotLeft();
    });
    stream.once('end', () => this.dotLeft());
    return stream;
  }

  private dotLeft(): void {
    if (this.finalDotSent) return;
    this.bodyUnderWay = false;
    this.finalDotSent = true;
    this.said = 0;
    this.enter('message');
  }

  private lostStep(): void {
    library._onError.call(this, new Error('Unexpected Response'), 'EPROTOCOL', false, 'CONN');
  }

  /**
   * A refusal is the everyday case here and its error is read for its reply alone: a stack trace
   * for each would cost as much as the rest of the dialogue.
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

  /** Without PIPELINING every reply belongs to the one command that waits for it. */
  protected _parseEhloExtensions(text: string): void {
    library._parseEhloExtensions.call(this, text);
    const { internals } = this;
    internals._supportedExtensions = internals._supportedExtensions.filter((name) => name !== 'PIPELINING');
  }

  /** Most bytes that the server takes (RFC 1870); 0 when it did not say. */
  get sizeMax(): number {
    return this.internals._maxAllowedSize;
  }

  /** Whether the server takes addresses with other characters than ASCII (RFC 6531). */
  get takesUtf8(): boolean {
    return this.internals._supportedExtensions.includes('SMTPUTF8');
  }

  private get internals(): Internals {
    return this as unknown as Internals;
  }
}

/** Gives every line of a reply the code of its last one. */
function withLastCode(reply: string): string {
  const last = reply.lastIndexOf('\n') + 1;
  const code = /^\d{3}(?= |$)/.exec(reply.slice(last))?.[0];
  return last === 0 || code === undefined ? reply : reply.replace(/^\d{3}(?=-)/gm, code);
}

function isYes(reply: string | undefined): boolean {
  return reply !== undefined && /^[23]/.test(reply);
}
