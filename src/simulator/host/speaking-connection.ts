// smtp-server's connection with a mouth of its own: replies that are late, in pieces or none at all,
// silence, and ways to leave. Everything that is said is told to the log.

import type net from 'node:net';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import type { SMTPServer } from 'smtp-server';
import type { Clock } from '../../clock/clock.js';
import type { Emit, Reply, Stage } from '../../events/types.js';
import type { Verdict } from '../behaviors/behavior.js';
import { bytesOf, replyError, splitEnhanced, type ReplyError } from './reply-text.js';
import { inPieces, Speech, type Manner } from './reply-style.js';

export type Done = () => void;

/** How smtp-server takes an answer to a message; a list of lines makes a multi-line reply. */
export type MessageDone = (error: ReplyError | null, text?: string) => void;

type Bytes = Extract<Verdict, { kind: 'bytes' }>;

/** Errors of a client after which a server loses patience, as Postfix does (`smtpd_hard_error_limit`). */
const FAULTS_MAX = 20;

/** Where a session is told of, and in which time. */
export interface SessionLog {
  clock: Clock;
  emit: Emit;
  session: number;
}

export abstract class SpeakingConnection extends SMTPConnection {
  /** Below TLS, if there is any. */
  protected readonly raw: net.Socket;
  private readonly speech: Speech;
  /** How the next reply is given, when not plainly. */
  protected manner: Manner | undefined;
  /** What is written in the place of the next reply. */
  protected instead: Bytes | undefined;
  private faults = 0;
  /** The next reply is a behavior's, and no complaint about the client. */
  protected isMeant = false;
  /** Nothing more is asked or answered. */
  protected isOver = false;
  /** Stage of the next reply. */
  protected stage: Stage | 'other' = 'connect';
  /** How long a behavior keeps this session silent. */
  protected silent: 'no' | 'for a time' | 'for ever' = 'no';

  constructor(
    server: SMTPServer,
    socket: net.Socket,
    protected readonly log: SessionLog,
  ) {
    super(server, socket);
    this.raw = socket;
    this.speech = new Speech(log.clock, (bytes) => this.put(bytes));
  }

  /** Told after each reply. */
  protected abstract said(): void;

  /** Whether a reply is still on its way out. */
  protected get isSpeaking(): boolean {
    return this.speech.isBusy;
  }

  /** Runs `then` once all that is being said has left. */
  protected afterSpeech(then: Done): void {
    this.speech.after(then);
  }

  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    if (this.silent === 'for ever') return;
    const { stage, manner, instead, isMeant } = this;
    this.isMeant = false;
    this.manner = undefined;
    this.instead = undefined;
    // Whatever is said next without having been asked, such as a timeout, is of no stage.
    this.stage = 'other';
    if (instead) return this.sayBytes(instead, stage);
    const plain = splitEnhanced(code, Array.isArray(data) ? data : [data ?? '']);
    const said = manner ? mannered(plain, manner) : plain;
    this.tell(said, stage);
    if (!manner && !this.speech.isBusy) super.send(code, data, context);
    else {
      // In one write: what comes a moment later could as well be the answer to the next command.
      const stray = manner?.stray ? bytesOf(manner.stray) : '';
      this.speech.say(inPieces(`${bytesOf(said)}${stray}`, manner ?? {}));
      if (manner?.stray) this.tell(manner.stray, 'other');
      if (said.code === 421) this.close();
    }
    if (code >= 500 && code <= 504 && !isMeant) this.losePatience();
    else this.said();
  }

  /** Waits for what is being said to be said. */
  override close(): void {
    this.isOver = true;
    if (!this.speech.isBusy) return super.close();
    if (this._parser) this._parser.isClosed = true;
    this.speech.after(() => super.close());
  }

  /** While we are silent the client owes us nothing; when that is for ever, nothing is left to wait for. */
  override _onTimeout(): void {
    if (this._closing || this.silent === 'no') super._onTimeout();
    else if (this.silent === 'for a time') this._armTimeout();
  }

  protected refuse(reply: Reply): void {
    const { responseCode, message } = replyError(reply);
    this.isMeant = true;
    this.send(responseCode, message, false);
  }

  protected lastWord(reply: Reply): void {
    this.refuse(reply);
    this.close();
  }

  protected drop(how: 'fin' | 'rst'): void {
    if (how === 'fin') return this.close();
    this.isOver = true;
    if (this._parser) this._parser.isClosed = true;
    this.raw.resetAndDestroy();
  }

  protected adopt(manner: Manner, then: Done): void {
    const { delayMs = 0, ...rest } = manner;
    const capabilities = [...(this.manner?.capabilities ?? []), ...(rest.capabilities ?? [])];
    // Who is asked first has the first word.
    this.manner = { ...rest, ...this.manner, capabilities };
    if (delayMs > 0) this.beSilent(delayMs, then);
    else then();
  }

  protected sayBytes({ pieces, reply, mute }: Bytes, stage: Stage | 'other'): void {
    if (reply) this.tell(reply, stage);
    else {
      const text = pieces.map(({ bytes }) => bytes).join('');
      this.log.emit({ type: 'smtp.garbled', session: this.log.session, stage, text });
    }
    this.speech.say(pieces);
    if (mute) this.silent = 'for ever';
  }

  private tell(reply: Reply, stage: Stage | 'other'): void {
    this.log.emit({ type: 'smtp.reply', session: this.log.session, stage, ...reply });
  }

  /** @returns false when the connection is gone */
  private put(bytes: string): boolean {
    const { _socket: socket } = this;
    if (this._upgrading || socket.destroyed || socket.readyState !== 'open') return false;
    socket.write(Buffer.from(bytes, 'latin1'));
    return true;
  }

  /** A client that does nothing right is turned away. */
  private losePatience(): void {
    if (this.isOver) return;
    if (++this.faults >= FAULTS_MAX) this.send(421, '4.7.0 Error: too many errors', false);
  }

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
}

/** The reply as it is given in a manner. */
function mannered(plain: Reply, { yes, capabilities = [] }: Manner): Reply {
  if (plain.code >= 400) return plain;
  const { lines, ...codes } = yes ?? plain;
  return { ...codes, lines: [...lines, ...capabilities] };
}
