// smtp-server's connection with what its hooks cannot express: replies that are late, in pieces or
// missing, silence, and abrupt ends. Logs every reply that it writes.

import type net from 'node:net';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import type { SMTPServer } from 'smtp-server';
import type { Clock } from '../../clock/clock.js';
import type { Emit, Reply, Stage } from '../../events/types.js';
import type { Verdict } from '../behaviors/behavior.js';
import { inPieces, styled, type ReplyStyle } from './reply-style.js';
import { splitEnhanced } from '../../events/reply-text.js';
import { bytesOf, replyError, type ReplyError } from './reply-text.js';
import { ReplyWriter } from './reply-writer.js';

export type Done = () => void;

/** How smtp-server takes the reply to a message; a list of lines makes a multi-line reply. */
export type MessageDone = (error: ReplyError | null, text?: string) => void;

type Bytes = Extract<Verdict, { kind: 'bytes' }>;

/** Client errors after which a server disconnects, as Postfix does (`smtpd_hard_error_limit`). */
const CLIENT_ERRORS_MAX = 20;

/** Where the events of a session go, and the clock that times them. */
export interface SessionLog {
  clock: Clock;
  emit: Emit;
  session: number;
}

export abstract class ReplyConnection extends SMTPConnection {
  /** The TCP socket, also after TLS has begun. */
  protected readonly raw: net.Socket;
  private readonly writer: ReplyWriter;
  /** How the next reply is written; undefined for plainly. */
  private style: ReplyStyle | undefined;
  /** Written instead of the next reply. */
  private replacement: Bytes | undefined;
  private clientErrors = 0;
  /** The next reply was chosen by a behavior: a 5xx in it is no error of the client. */
  private isFromBehavior = false;
  /** No command is answered any more. */
  protected isOver = false;
  /** Stage of the next reply. */
  protected stage: Stage | 'other' = 'connect';
  /** How long a behavior keeps this session silent. */
  protected silent: 'no' | 'for a time' | 'for ever' = 'no';
  /** Whether it has sent, or is sending, a reply that belongs to no command. */
  protected hasStrayed = false;

  constructor(
    server: SMTPServer,
    socket: net.Socket,
    protected readonly log: SessionLog,
  ) {
    super(server, socket);
    this.raw = socket;
    this.writer = new ReplyWriter(log.clock, (bytes) => this.put(bytes));
  }

  /** Called after each reply. */
  protected abstract afterReply(): void;

  /** Whether a reply is still being written. */
  protected get isWriting(): boolean {
    return this.writer.isBusy;
  }

  /** Runs `then` once all replies so far are written. */
  protected onceWritten(then: Done): void {
    this.writer.after(then);
  }

  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    if (this.silent === 'for ever') return;
    const { stage, style, replacement, isFromBehavior } = this;
    this.isFromBehavior = false;
    this.style = undefined;
    this.replacement = undefined;
    // A reply that answers no command, such as that of a timeout, belongs to no stage.
    this.stage = 'other';
    if (replacement) return this.writeBytes(replacement, stage);
    const plain = splitEnhanced(code, Array.isArray(data) ? data : [data ?? '']);
    const reply = style ? styled(plain, style) : plain;
    this.logReply(reply, stage);
    if (!style && !this.writer.isBusy) super.send(code, data, context);
    else {
      // In one write: a client could take what comes a moment later for the reply to its next command.
      const stray = style?.stray ? bytesOf(style.stray) : '';
      this.writer.write(inPieces(`${bytesOf(reply)}${stray}`, style ?? {}));
      if (style?.stray) this.logStray(style.stray);
      if (reply.code === 421) this.close();
    }
    if (code >= 500 && code <= 504 && !isFromBehavior) this.countClientError();
    else this.afterReply();
  }

  /** Closes once all replies so far are written. */
  override close(): void {
    this.isOver = true;
    if (!this.writer.isBusy) return super.close();
    if (this._parser) this._parser.isClosed = true;
    this.writer.after(() => super.close());
  }

  /** The client is waiting for us during a silence, so that its own idle time is no reason to disconnect. */
  override _onTimeout(): void {
    if (this._closing || this.silent === 'no') super._onTimeout();
    else if (this.silent === 'for a time') this._armTimeout();
  }

  /** Marks the next reply as that of a behavior. */
  protected expectBehaviorReply(): void {
    this.isFromBehavior = true;
  }

  protected refuse(reply: Reply): void {
    const { responseCode, message } = replyError(reply);
    this.expectBehaviorReply();
    this.send(responseCode, message, false);
  }

  protected refuseAndClose(reply: Reply): void {
    this.refuse(reply);
    this.close();
  }

  /** Writes these bytes instead of the next reply. */
  protected replaceReply(bytes: Bytes): void {
    this.replacement = bytes;
  }

  protected drop(how: 'fin' | 'rst'): void {
    if (how === 'fin') return this.close();
    this.isOver = true;
    if (this._parser) this._parser.isClosed = true;
    this.raw.resetAndDestroy();
  }

  /** Adds a style to that of the next reply; where both say something, the earlier one counts. */
  protected addStyle({ delayMs = 0, ...style }: ReplyStyle, then: Done): void {
    const capabilities = [...(this.style?.capabilities ?? []), ...(style.capabilities ?? [])];
    this.style = { ...style, ...this.style, capabilities };
    if (delayMs > 0) this.beSilent(delayMs, then);
    else then();
  }

  /** @param ms undefined for ever: `then` is not called */
  protected beSilent(ms: number | undefined, then: Done): void {
    if (ms === undefined) {
      this.silent = 'for ever';
      return;
    }
    this.silent = 'for a time';
    this.log.clock.after(ms, () => {
      this.silent = 'no';
      if (!this.isOver) then();
    });
  }

  private writeBytes({ pieces, reply, mute }: Bytes, stage: Stage | 'other'): void {
    if (reply) this.logReply(reply, stage);
    else {
      const text = pieces.map(({ bytes }) => bytes).join('');
      this.log.emit({ type: 'smtp.garbled', session: this.log.session, stage, text });
    }
    this.writer.write(pieces);
    if (mute) this.silent = 'for ever';
  }

  private logReply(reply: Reply, stage: Stage | 'other'): void {
    this.log.emit({ type: 'smtp.reply', session: this.log.session, stage, ...reply });
  }

  /** Logged when it is written to the end: what the client makes of it depends on when it arrives. */
  private logStray(reply: Reply): void {
    this.hasStrayed = true;
    this.writer.after(() => this.logReply(reply, 'other'));
  }

  /** @returns false when the connection is closed */
  private put(bytes: string): boolean {
    const { _socket: socket } = this;
    if (this._upgrading || socket.destroyed || socket.readyState !== 'open') return false;
    socket.write(Buffer.from(bytes, 'latin1'));
    return true;
  }

  private countClientError(): void {
    if (this.isOver) return;
    if (++this.clientErrors >= CLIENT_ERRORS_MAX) this.send(421, '4.7.0 Error: too many errors', false);
  }
}
