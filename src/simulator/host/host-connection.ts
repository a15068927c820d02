// One SMTP session at a receiving host: asks the host for a verdict at every stage and carries it out.

import type net from 'node:net';
import { parsePath } from '../../base/smtp-path.js';
import type { Stage } from '../../events/types.js';
import type { Host } from './host.js';
import { PEER_GONE } from '../network/memory-socket.js';
import type { Timer } from '../../clock/clock.js';
import type { ReceivedMessage } from './received-message.js';
import type { Done, MessageDone } from './reply-connection.js';
import { addressIn, replyError } from './reply-text.js';
import { outsideTransaction } from './session-state.js';
import type { ShowingServer } from './tls-connection.js';
import { Transaction } from './transaction.js';
import { VerdictConnection, type Verdicts } from './verdict-connection.js';

type ParsedAddress = ReturnType<VerdictConnection['_parseAddressCommand']>;

/** Stage of the reply to each command; all others are `other`. */
const STAGE_OF_COMMAND: Record<string, Stage> = {
  HELO: 'ehlo',
  EHLO: 'ehlo',
  STARTTLS: 'starttls',
  MAIL: 'mail',
  RCPT: 'rcpt',
  DATA: 'data',
};

/** Larger than any server accepts: a message without an end is cut off here. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

export class HostConnection extends VerdictConnection {
  /** Number of this connection at its host. */
  private readonly nth: number;
  private isAdmitted = false;
  /** Whether the behaviors at `body` have been asked for this message, or there are none. */
  private isBodyDecided = false;
  /** Answers a message that came in whole during a silence. */
  private pendingMessage: Done | undefined;
  /** When it stopped reading this message. */
  private pausedAt: number | undefined;
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

  /** Greets at once: the library's pause of 100 ms, which detects clients that talk early, is not needed here. */
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
        this.isAdmitted = true;
        this.host.admit(this.remoteAddress);
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
      this.endTls();
      this.host.options.emit({ type: 'connection.closed', session: this.log.session });
      if (this.isAdmitted) this.host.release(this.remoteAddress);
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
    // With a parameter, or under TLS: the library answers 501 or 503.
    if (this.secure || /\s\S/.test(command.toString().trim())) {
      return super.handler_STARTTLS(command, callback);
    }
    this.certificate = 'valid';
    this.at('starttls', callback, () => super.handler_STARTTLS(command, callback));
  }

  /** Called for the behaviors and again by the library: parsed once. */
  override _parseAddressCommand(name: string, command: Buffer | string): ParsedAddress {
    if (this.lastParsed?.command !== command)
      this.lastParsed = {
        command,
        parsed: parsePath(command, (line) => super._parseAddressCommand(name, line)),
      };
    return this.lastParsed.parsed;
  }

  override handler_MAIL(command: Buffer, callback: Done): void {
    const parsed = this._parseAddressCommand('mail from', command);
    // Out of sequence or malformed: the library answers 503 or 501, and no behavior is asked.
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
    // As with MAIL: such a command does not count as an attempt.
    if (!this.session.envelope.mailFrom || !parsed || !parsed.address) {
      return super.handler_RCPT(command, callback);
    }
    this.transaction.name(addressIn(command), parsed.address);
    this.at('rcpt', callback, () => super.handler_RCPT(command, callback));
  }

  override handler_DATA(command: Buffer, callback: Done): void {
    if (this.session.envelope.rcptTo.length === 0) return super.handler_DATA(command, callback);
    this.isBodyDecided = !this.host.actsAt('body');
    this.pausedAt = undefined;
    this.answerCommand(this.transaction.objections('data'), callback, () =>
      super.handler_DATA(command, callback),
    );
  }

  /**
   * Called as the message comes in.
   *
   * @param bytes received so far
   */
  onBody(bytes: number): void {
    if (bytes > MESSAGE_BYTES_MAX && !this.isOver) {
      this.stage = 'data';
      this.send(552, '5.3.4 Message is larger than any server takes', false);
      this.close();
    }
    if (this.isBodyDecided) return;
    this.isBodyDecided = true;
    this.whileReceiving(this.transaction.objections('body'));
  }

  /**
   * Called once a whole message is in.
   *
   * @param message its size in bytes, dots unstuffed, and its header
   * @param done answers it: 250 with the text, or the reply of the error
   */
  onMessage(message: ReceivedMessage, done: MessageDone): void {
    this.onBody(message.size);
    if (this.hasStrayed) this.transaction.received(this.log.session, this.pausedAt);
    const answer = (): void => {
      if (this.isOver) return;
      this.stage = 'message';
      this.transaction.measured(message.size);
      this.answerMessage(message, done);
    };
    if (this.silent === 'no') answer();
    else this.pendingMessage = answer;
  }

  /** Decides at a stage; without an objection `proceed` does what the client asked for. */
  private at(stage: Stage, callback: Done, proceed: Done): void {
    if (!this.host.mayDecide(stage)) return proceed();
    this.answerCommand(this.host.decide(stage, this.transaction.state), callback, proceed);
  }

  private answerCommand(verdicts: Verdicts, callback: Done, proceed: Done): void {
    this.carryOut(verdicts, {
      refuse: (reply) => this.refuse(reply),
      sendReplacement: () => this.send(0),
      end: callback,
      proceed,
    });
  }

  private answerMessage(message: ReceivedMessage, done: MessageDone): void {
    let isTaken = false;
    const take = (): void => {
      if (!isTaken) this.transaction.take(message, this.log.session);
      isTaken = true;
    };
    this.carryOut(this.transaction.objections('message'), {
      refuse: (reply) => {
        this.expectBehaviorReply();
        done(replyError(reply));
      },
      sendReplacement: () => done(null),
      take,
      proceed: () => {
        take();
        done(null, `2.0.0 Ok: queued as ${this.log.session}.${this._transactionCounter + 1}`);
      },
    });
  }

  /** The client waits for no reply here: a refusal ends the connection, and a silence stops reading. */
  private whileReceiving(verdicts: Verdicts): void {
    this.carryOut(verdicts, {
      refuse: (reply) => {
        this.stage = 'data';
        this.refuseAndClose(reply);
      },
      pause: (isForEver) => {
        this.pausedAt = this.log.clock.now();
        // Reads no more: the client's window fills.
        if (this._parser) this._socket.unpipe(this._parser);
        // A socket that is not read does not notice its end either, and would never be closed.
        if (isForEver) this.raw.once(PEER_GONE, () => this._socket.destroy());
      },
      resume: (next) => {
        if (this._parser) this._socket.pipe(this._parser);
        next();
        if (this.silent === 'no') this.pendingMessage?.();
      },
    });
  }

  /** Ends the session with 421, as a server that shuts down does (RFC 5321, 3.8). */
  endSession(): void {
    if (this.isOver) return;
    if (this.silent !== 'no' || this.isWriting) return this.close();
    this.send(421, `4.3.2 ${this.host.name} Service shutting down`, false);
  }

  /** After each reply the connection may turn out to be idle. */
  protected override afterReply(): void {
    if (!this.host.actsAt('idle')) return;
    this.idleTimer?.cancel();
    const verdict = this.host.decide('idle', outsideTransaction(this.remoteAddress, this.nth)).next().value;
    if (!verdict || !('afterMs' in verdict)) return;
    this.idleTimer = this.host.options.clock.after(verdict.afterMs ?? 0, () => {
      if (!this.isIdle) return;
      this.host.carriesOut(verdict);
      this.carryOut([verdict].values(), { refuse: (reply) => this.refuseAndClose(reply) });
    });
  }

  /** Greeted and introduced, with no transaction under way. */
  private get isIdle(): boolean {
    if (this.isOver || this.silent !== 'no' || this.isWriting) return false;
    return this.hostNameAppearsAs !== false && !this.session.envelope.mailFrom && !this._dataStream;
  }
}

function declaredSize(args: unknown): number {
  const size = (args as Record<string, unknown> | undefined)?.['SIZE'];
  return Number(size) || 0;
}
