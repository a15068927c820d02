// One session at a receiving server: smtp-server's connection, with a verdict asked for at every
// stage and everything that is read or written told to the log.

import type net from 'node:net';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import type { SMTPServer } from 'smtp-server';
import type { Placement, Reply, Stage } from '../events/types.js';
import type { ComesBack, Verdict } from './behaviors/behavior.js';
import type { Asked, Host } from './host.js';
import type { Timer } from '../clock/clock.js';
import { addressIn, bytesOf, replyError, splitEnhanced, type ReplyError } from './reply-text.js';
import { inPieces, Speech, type Manner } from './speech.js';

type Done = () => void;

/** Verdicts of the behaviors at one stage, asked for one by one. */
type Verdicts = Iterator<Verdict, undefined>;

/** Stage of the reply to each command; all others are `other`. */
const STAGE_OF_COMMAND: Record<string, Stage> = {
  HELO: 'ehlo',
  EHLO: 'ehlo',
  MAIL: 'mail',
  RCPT: 'rcpt',
  DATA: 'data',
};

/** Errors of a client after which a server loses patience, as Postfix does (`smtpd_hard_error_limit`). */
const FAULTS_MAX = 20;

/** No server takes more; an endless message must come to an end. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

export class HostConnection extends SMTPConnection {
  private readonly number: number;
  /** Number of this connection at its host. */
  private readonly nth: number;
  private readonly raw: net.Socket;
  private readonly speech: Speech;
  /** How the next reply is given, when not plainly. */
  private manner: Manner | undefined;
  /** What is written in the place of the next reply. */
  private instead: Bytes | undefined;
  private faults = 0;
  /** The next reply is a behavior's, and no complaint about the client. */
  private isMeant = false;
  private isLetIn = false;
  /** Nothing more is asked or answered. */
  private isOver = false;
  private bodyAsked = false;
  /** The end of a message that came in while nobody listened. */
  private held: Done | undefined;
  private idleTimer: Timer | undefined;
  private stage: Stage | 'other' = 'connect';
  private readonly asked: Asked;
  /** The recipients named in this transaction, by address in lower case. */
  private readonly named = new Map<string, Recipient>();
  /** How long a behavior keeps this session silent. */
  private silent: 'no' | 'for a time' | 'for ever' = 'no';

  constructor(
    server: SMTPServer,
    socket: net.Socket,
    private readonly host: Host,
  ) {
    super(server, socket);
    this.number = host.options.nextSession();
    this.raw = socket;
    this.nth = host.countConnection();
    this.speech = new Speech(host.options.clock, (bytes) => this.put(bytes));
    this.asked = blank(this.remoteAddress, this.nth);
    host.options.emit({
      type: 'connection.opened',
      session: this.number,
      domain: host.domain,
      host: host.name,
      client: `${this.remoteAddress}:${this.remotePort}`,
    });
  }

  /** Greets at once: the library's pause for early talkers costs 100 ms and nothing here needs it. */
  override init(): void {
    this._setListeners(() => this.connectionReady());
  }

  override connectionReady(): void {
    this._setClientHostname('');
    this._resetSession();
    this.at(
      'connect',
      () => this.close(),
      () => {
        this._ready = true;
        this.isLetIn = true;
        this.host.letIn(this.remoteAddress);
        this._sendGreeting();
      },
    );
  }

  override _onCommand(command: Buffer, callback?: Done): void {
    const line = command.toString();
    this.stage = STAGE_OF_COMMAND[line.split(' ', 1)[0]!.toUpperCase()] ?? 'other';
    this.idleTimer?.cancel();
    this.host.options.emit({ type: 'smtp.command', session: this.number, line });
    super._onCommand(command, callback);
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
      this.speech.say(inPieces(bytesOf(said), manner ?? {}));
      if (manner?.stray) {
        this.tell(manner.stray, 'other');
        this.speech.say(inPieces(bytesOf(manner.stray), {}));
      }
      if (said.code === 421) this.close();
    }
    if (code >= 500 && code <= 504 && !isMeant) this.losePatience();
    else if (this.host.actsAt('idle')) this.watchIdle();
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

  override _onClose(): void {
    if (!this._closed) {
      this.host.options.emit({ type: 'connection.closed', session: this.number });
      if (this.isLetIn) this.host.letOut(this.remoteAddress);
    }
    this.isOver = true;
    this.idleTimer?.cancel();
    super._onClose();
  }

  override handler_EHLO(command: Buffer, callback: Done): void {
    this.asked.isHelo = false;
    this.at('ehlo', callback, () => super.handler_EHLO(command, callback));
  }

  override handler_HELO(command: Buffer, callback: Done): void {
    this.asked.isHelo = true;
    this.at('ehlo', callback, () => super.handler_HELO(command, callback));
  }

  override handler_MAIL(command: Buffer, callback: Done): void {
    const parsed = this._parseAddressCommand('mail from', command);
    // Out of sequence or malformed: the library answers 503 or 501 and nobody is asked.
    if (this.session.envelope.mailFrom || !parsed) {
      return super.handler_MAIL(command, callback);
    }
    this.named.clear();
    this.asked.sender = addressIn(command);
    this.asked.recipient = '';
    this.asked.attempt = this.host.countTransaction();
    this.asked.messages = this._transactionCounter;
    this.asked.size = declaredSize(parsed.args);
    this.at('mail', callback, () => super.handler_MAIL(command, callback));
  }

  override handler_RCPT(command: Buffer, callback: Done): void {
    const parsed = this._parseAddressCommand('rcpt to', command);
    // Neither is this an attempt.
    if (!this.session.envelope.mailFrom || !parsed || !parsed.address) {
      return super.handler_RCPT(command, callback);
    }
    this.asked.recipient = addressIn(command).toLowerCase();
    this.asked.attempt = this.host.countAttempt(this.asked.recipient);
    this.named.set(parsed.address.toLowerCase(), { ...this.asked, placement: 'inbox' });
    this.at('rcpt', callback, () => super.handler_RCPT(command, callback));
  }

  override handler_DATA(command: Buffer, callback: Done): void {
    if (this.session.envelope.rcptTo.length === 0) return super.handler_DATA(command, callback);
    this.bodyAsked = !this.host.actsAt('body');
    this.answer(this.objections('data'), callback, () => super.handler_DATA(command, callback));
  }

  /**
   * Something of a message has come in.
   *
   * @param bytes so many by now
   */
  onBody(bytes: number): void {
    if (bytes > MESSAGE_BYTES_MAX && !this.isOver) {
      this.stage = 'data';
      this.send(552, '5.3.4 Message is larger than any server takes', false);
      this.close();
    }
    if (this.bodyAsked) return;
    this.bodyAsked = true;
    this.hearOut(this.objections('body'));
  }

  /**
   * A whole message is in.
   *
   * @param message its size in bytes, dots unstuffed, and its header
   * @param done answers it: 250 with the text, or the reply of the error
   */
  onMessage(message: ReceivedMessage, done: MessageDone): void {
    this.onBody(message.size);
    const take = (): void => {
      if (this.isOver) return;
      this.stage = 'message';
      for (const recipient of this.recipients()) recipient.size = message.size;
      this.answerMessage(message, this.objections('message'), done);
    };
    if (this.silent === 'no') take();
    else this.held = take;
  }

  private answerMessage(message: ReceivedMessage, verdicts: Verdicts, done: MessageDone): void {
    const verdict = verdicts.next().value;
    switch (verdict?.kind) {
      case 'reply': {
        this.isMeant = true;
        done(replyError(verdict.reply));
        if (verdict.close) this.close();
        return;
      }
      case 'bytes':
        if (verdict.mute) return this.sayBytes(verdict, 'message');
        this.instead = verdict;
        return done(null);
      case 'drop':
        if (verdict.kept) this.keep(message);
        return this.drop(verdict.how);
      case 'manner':
        return this.adopt(verdict.manner, () => this.answerMessage(message, verdicts, done));
      case 'silence':
        if (!verdict.kept)
          return this.beSilent(verdict.ms, () => this.answerMessage(message, verdicts, done));
        this.keep(message);
        return this.beSilent(verdict.ms, () => done(null, this.queuedAs()));
      default:
        this.keep(message);
        done(null, this.queuedAs());
    }
  }

  /** What stands against the message at a stage: one reply speaks for all its recipients. */
  private *objections(stage: 'data' | 'body' | 'message'): Generator<Verdict, undefined> {
    for (const recipient of this.recipients()) {
      for (const verdict of this.host.decide(stage, recipient)) {
        if (verdict.kind !== 'accept') {
          yield verdict;
          continue;
        }
        if (stage === 'message') {
          recipient.placement = verdict.placement;
          recipient.comesBack = verdict.comesBack;
        }
        break;
      }
    }
  }

  /** The recipients that were let through. */
  private recipients(): Recipient[] {
    return this.session.envelope.rcptTo.map(({ address }) => this.named.get(address.toLowerCase())!);
  }

  /** Asks the behaviors at a stage; `proceed` is what a server does that has nothing against it. */
  private at(stage: Stage, refused: Done, proceed: Done): void {
    this.answer(this.host.decide(stage, this.asked), refused, proceed);
  }

  private answer(verdicts: Verdicts, refused: Done, proceed: Done): void {
    const verdict = verdicts.next().value;
    switch (verdict?.kind) {
      case 'reply': {
        this.refuse(verdict.reply);
        if (verdict.close) this.close();
        return refused();
      }
      case 'bytes':
        this.instead = verdict;
        this.send(0);
        return verdict.mute ? undefined : refused();
      case 'drop':
        return this.drop(verdict.how);
      case 'manner':
        return this.adopt(verdict.manner, () => this.answer(verdicts, refused, proceed));
      case 'silence':
        return this.beSilent(verdict.ms, () => this.answer(verdicts, refused, proceed));
      default:
        return proceed();
    }
  }

  /** What a server does while a message comes in: nothing, or it gives up on the client. */
  private hearOut(verdicts: Verdicts): void {
    const verdict = verdicts.next().value;
    switch (verdict?.kind) {
      case 'reply':
        this.stage = 'data';
        return this.lastWord(verdict.reply);
      case 'drop':
        return this.drop(verdict.how);
      case 'silence':
        // Reads no more: the client's window fills.
        if (this._parser) this._socket.unpipe(this._parser);
        return this.beSilent(verdict.ms, () => {
          if (this._parser) this._socket.pipe(this._parser);
          this.hearOut(verdicts);
          if (this.silent === 'no') this.held?.();
        });
      default:
    }
  }

  /** Whatever was said last, it may turn out that nothing follows it. */
  private watchIdle(): void {
    this.idleTimer?.cancel();
    const verdict = this.host.decide('idle', blank(this.remoteAddress, this.nth)).next().value;
    if (verdict?.kind !== 'reply' && verdict?.kind !== 'drop') return;
    this.idleTimer = this.host.options.clock.after(verdict.afterMs ?? 0, () => {
      if (!this.isIdle) return;
      if (verdict.kind === 'reply') this.lastWord(verdict.reply);
      else this.drop(verdict.how);
    });
  }

  /** Introduced, and with no transaction under way. */
  private get isIdle(): boolean {
    if (this.isOver || this.silent !== 'no' || this.speech.isBusy) return false;
    return this.hostNameAppearsAs !== false && !this.session.envelope.mailFrom && !this._dataStream;
  }

  private refuse(reply: Reply): void {
    const { responseCode, message } = replyError(reply);
    this.isMeant = true;
    this.send(responseCode, message, false);
  }

  private lastWord(reply: Reply): void {
    this.refuse(reply);
    this.close();
  }

  private drop(how: 'fin' | 'rst'): void {
    if (how === 'fin') return this.close();
    this.isOver = true;
    if (this._parser) this._parser.isClosed = true;
    this.raw.resetAndDestroy();
  }

  private adopt(manner: Manner, then: Done): void {
    const { delayMs = 0, ...rest } = manner;
    const capabilities = [...(this.manner?.capabilities ?? []), ...(rest.capabilities ?? [])];
    this.manner = { ...this.manner, ...rest, capabilities };
    if (delayMs > 0) this.beSilent(delayMs, then);
    else then();
  }

  private sayBytes({ pieces, reply, mute }: Bytes, stage: Stage | 'other'): void {
    if (reply) this.tell(reply, stage);
    else {
      const text = pieces.map(({ bytes }) => bytes).join('');
      this.host.options.emit({ type: 'smtp.garbled', session: this.number, stage, text });
    }
    this.speech.say(pieces);
    if (mute) this.silent = 'for ever';
  }

  private tell(reply: Reply, stage: Stage | 'other'): void {
    this.host.options.emit({ type: 'smtp.reply', session: this.number, stage, ...reply });
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

  private beSilent(ms: number | undefined, then: Done): void {
    if (ms === undefined) {
      this.silent = 'for ever';
      return;
    }
    this.silent = 'for a time';
    this.host.options.clock.after(ms, () => {
      this.silent = 'no';
      if (!this.isOver) then();
    });
  }

  private keep({ size, header }: ReceivedMessage): void {
    const { domain, name: host, address } = this.host;
    const { emit, clock, sendBack } = this.host.options;
    for (const { sender: mailFrom, recipient: rcpt, placement, comesBack: what } of this.recipients()) {
      emit({
        type: 'message.accepted',
        session: this.number,
        domain,
        host,
        mailFrom,
        rcpt,
        size,
        placement,
      });
      if (!what) continue;
      const acceptedAt = clock.date();
      sendBack({ domain, host, address, returnPath: mailFrom, rcpt, acceptedAt, header: header.text, what });
    }
  }

  private queuedAs(): string {
    return `2.0.0 Ok: queued as ${this.number}.${this._transactionCounter + 1}`;
  }
}

/** What was known of a recipient when it was named, and where its copy goes if it is taken. */
interface Recipient extends Asked {
  placement: Placement;
  comesBack?: ComesBack | undefined;
}

interface ReceivedMessage {
  size: number;
  header: HeaderCollector;
}

/** What a server quotes of a message at most. */
const HEADER_BYTES_MAX = 64 * 1024;

/** Keeps the beginning of a message as it comes in, up to the end of its header. */
export class HeaderCollector {
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private isDone = false;

  add(chunk: Buffer): void {
    if (this.isDone) return;
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    // An end that is torn between two chunks is found with the next one.
    this.isDone = this.bytes >= HEADER_BYTES_MAX || chunk.includes('\r\n\r\n');
  }

  /** The header, its last line ended. */
  get text(): string {
    const read = Buffer.concat(this.chunks).subarray(0, HEADER_BYTES_MAX);
    const end = read.indexOf('\r\n\r\n');
    return read.toString('utf8', 0, end < 0 ? read.length : end + 2);
  }
}

/** How smtp-server takes an answer to a message; a list of lines makes a multi-line reply. */
export type MessageDone = (error: ReplyError | null, text?: string) => void;

type Bytes = Extract<Verdict, { kind: 'bytes' }>;

/** What is asked about when no transaction is under way. */
function blank(client: string, attempt: number): Asked {
  return { client, sender: '', recipient: '', attempt, isHelo: false, size: 0, messages: 0 };
}

function declaredSize(args: unknown): number {
  const size = (args as Record<string, unknown> | undefined)?.['SIZE'];
  return Number(size) || 0;
}

/** The reply as it is given in a manner. */
function mannered(plain: Reply, { yes, capabilities = [] }: Manner): Reply {
  if (plain.code >= 400) return plain;
  const { lines, ...codes } = yes ?? plain;
  return { ...codes, lines: [...lines, ...capabilities] };
}
