// One session at a receiving server: asks for a verdict at every stage and does what it says.

import type net from 'node:net';
import type { Stage } from '../../events/types.js';
import type { Verdict } from '../behaviors/behavior.js';
import type { Host } from './host.js';
import { PEER_GONE } from '../network/memory-socket.js';
import type { Timer } from '../../clock/clock.js';
import type { ReceivedMessage } from './received-message.js';
import { addressIn, replyError } from './reply-text.js';
import type { Done, MessageDone } from './speaking-connection.js';
import { outsideTransaction } from './session-state.js';
import { TlsConnection, type ShowingServer } from './tls-connection.js';
import { Transaction } from './transaction.js';

/** Verdicts of the behaviors at one stage, asked for one by one. */
type Verdicts = Iterator<Verdict, undefined>;

type ParsedAddress = ReturnType<TlsConnection['_parseAddressCommand']>;

/** Stage of the reply to each command; all others are `other`. */
const STAGE_OF_COMMAND: Record<string, Stage> = {
  HELO: 'ehlo',
  EHLO: 'ehlo',
  STARTTLS: 'starttls',
  MAIL: 'mail',
  RCPT: 'rcpt',
  DATA: 'data',
};

/** No server takes more; an endless message must come to an end. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

export class HostConnection extends TlsConnection {
  /** Number of this connection at its host. */
  private readonly nth: number;
  private isLetIn = false;
  private bodyAsked = false;
  /** The end of a message that came in while nobody listened. */
  private held: Done | undefined;
  private idleTimer: Timer | undefined;
  private readonly transaction: Transaction;
  private lastParsed: { command: Buffer | string; parsed: ParsedAddress } | undefined;

  constructor(
    server: ShowingServer,
    socket: net.Socket,
    private readonly host: Host,
  ) {
    const { clock, emit, nextSession } = host.options;
    super(server, socket, { clock, emit, session: nextSession() }, host.options.certificates);
    this.nth = host.countConnection();
    const client = { client: this.remoteAddress, nth: this.nth };
    this.transaction = new Transaction(host, client, () => this.session.envelope.rcptTo);
    host.options.emit({
      type: 'connection.opened',
      session: this.log.session,
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

  override _sendGreeting(): void {
    const banner = this.host.banner(this.remoteAddress);
    if (banner) this.send(220, banner, false);
    else super._sendGreeting();
  }

  override _onCommand(command: Buffer, callback?: Done): void {
    const line = command.toString();
    this.stage = STAGE_OF_COMMAND[line.split(' ', 1)[0]!.toUpperCase()] ?? 'other';
    this.idleTimer?.cancel();
    this.host.options.emit({ type: 'smtp.command', session: this.log.session, line });
    super._onCommand(command, callback);
  }

  override _onClose(): void {
    if (!this._closed) {
      this.tlsOver();
      this.host.options.emit({ type: 'connection.closed', session: this.log.session });
      if (this.isLetIn) this.host.letOut(this.remoteAddress);
    }
    this.isOver = true;
    this.idleTimer?.cancel();
    super._onClose();
  }

  override handler_EHLO(command: Buffer, callback: Done): void {
    this.transaction.state.isHelo = false;
    this.at('ehlo', callback, () => super.handler_EHLO(command, callback));
  }

  override handler_HELO(command: Buffer, callback: Done): void {
    this.transaction.state.isHelo = true;
    this.at('ehlo', callback, () => super.handler_HELO(command, callback));
  }

  override get offersTls(): boolean {
    return this.host.offersTls;
  }

  override handler_STARTTLS(command: Buffer, callback: Done): void {
    // Asked for with a parameter, or twice: the library answers 501 or 503.
    if (this.secure || /\s\S/.test(command.toString().trim())) {
      return super.handler_STARTTLS(command, callback);
    }
    this.certificate = 'valid';
    this.at('starttls', callback, () => super.handler_STARTTLS(command, callback));
  }

  /** What MAIL and RCPT say is read for the behaviors and again by the library: parsed once. */
  override _parseAddressCommand(name: string, command: Buffer | string): ParsedAddress {
    if (this.lastParsed?.command !== command)
      this.lastParsed = { command, parsed: super._parseAddressCommand(name, command) };
    return this.lastParsed.parsed;
  }

  override handler_MAIL(command: Buffer, callback: Done): void {
    const parsed = this._parseAddressCommand('mail from', command);
    // Out of sequence or malformed: the library answers 503 or 501 and nobody is asked.
    if (this.session.envelope.mailFrom || !parsed) {
      return super.handler_MAIL(command, callback);
    }
    this.transaction.begin({
      sender: addressIn(command),
      messages: this._transactionCounter,
      size: declaredSize(parsed.args),
    });
    this.at('mail', callback, () => super.handler_MAIL(command, callback));
  }

  override handler_RCPT(command: Buffer, callback: Done): void {
    const parsed = this._parseAddressCommand('rcpt to', command);
    // Neither is this an attempt.
    if (!this.session.envelope.mailFrom || !parsed || !parsed.address) {
      return super.handler_RCPT(command, callback);
    }
    this.transaction.name(addressIn(command), parsed.address);
    this.at('rcpt', callback, () => super.handler_RCPT(command, callback));
  }

  override handler_DATA(command: Buffer, callback: Done): void {
    if (this.session.envelope.rcptTo.length === 0) return super.handler_DATA(command, callback);
    this.bodyAsked = !this.host.actsAt('body');
    this.answer(this.transaction.objections('data'), callback, () => super.handler_DATA(command, callback));
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
    this.hearOut(this.transaction.objections('body'));
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
      this.transaction.measured(message.size);
      this.answerMessage(message, this.transaction.objections('message'), done);
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
        if (verdict.kept) this.transaction.take(message, this.log.session);
        return this.drop(verdict.how);
      case 'manner':
        return this.adopt(verdict.manner, () => this.answerMessage(message, verdicts, done));
      case 'silence':
        if (!verdict.kept)
          return this.beSilent(verdict.ms, () => this.answerMessage(message, verdicts, done));
        this.transaction.take(message, this.log.session);
        return this.beSilent(verdict.ms, () => done(null, this.queuedAs()));
      default:
        this.transaction.take(message, this.log.session);
        done(null, this.queuedAs());
    }
  }

  /** Asks the behaviors at a stage; `proceed` is what a server does that has nothing against it. */
  private at(stage: Stage, refused: Done, proceed: Done): void {
    this.answer(this.host.decide(stage, this.transaction.state), refused, proceed);
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
      case 'certificate':
        this.certificate = verdict.which;
        return this.answer(verdicts, refused, proceed);
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
        // Who does not read does not see the end either, and would hold this connection for ever.
        if (verdict.ms === undefined) this._socket.once(PEER_GONE, () => this._socket.destroy());
        return this.beSilent(verdict.ms, () => {
          if (this._parser) this._socket.pipe(this._parser);
          this.hearOut(verdicts);
          if (this.silent === 'no') this.held?.();
        });
      default:
    }
  }

  /** Whatever was said last, it may turn out that nothing follows it. */
  protected override said(): void {
    if (!this.host.actsAt('idle')) return;
    this.idleTimer?.cancel();
    const verdict = this.host.decide('idle', outsideTransaction(this.remoteAddress, this.nth)).next().value;
    if (verdict?.kind !== 'reply' && verdict?.kind !== 'drop') return;
    this.idleTimer = this.host.options.clock.after(verdict.afterMs ?? 0, () => {
      if (!this.isIdle) return;
      if (verdict.kind === 'reply') this.lastWord(verdict.reply);
      else this.drop(verdict.how);
    });
  }

  /** Introduced, and with no transaction under way. */
  private get isIdle(): boolean {
    if (this.isOver || this.silent !== 'no' || this.isSpeaking) return false;
    return this.hostNameAppearsAs !== false && !this.session.envelope.mailFrom && !this._dataStream;
  }

  private queuedAs(): string {
    return `2.0.0 Ok: queued as ${this.log.session}.${this._transactionCounter + 1}`;
  }
}

function declaredSize(args: unknown): number {
  const size = (args as Record<string, unknown> | undefined)?.['SIZE'];
  return Number(size) || 0;
}
