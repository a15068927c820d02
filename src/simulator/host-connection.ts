// One session at a receiving server: smtp-server's connection, with a verdict asked for at every
// stage and everything that is read or written told to the log.

import type net from 'node:net';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import type { SMTPServer } from 'smtp-server';
import type { Placement, Reply, Stage } from '../events/types.js';
import type { ComesBack, Verdict } from './behaviors/behavior.js';
import type { Asked, Host } from './host.js';

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

export class HostConnection extends SMTPConnection {
  private readonly number: number;
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
    this.asked = { client: this.remoteAddress, sender: '', recipient: '', attempt: host.countConnection() };
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
        this._sendGreeting();
      },
    );
  }

  override _onCommand(command: Buffer, callback?: Done): void {
    const line = command.toString();
    this.stage = STAGE_OF_COMMAND[line.split(' ', 1)[0]!.toUpperCase()] ?? 'other';
    this.host.options.emit({ type: 'smtp.command', session: this.number, line });
    super._onCommand(command, callback);
  }

  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    if (this.silent === 'for ever') return;
    const lines = Array.isArray(data) ? data : [data ?? ''];
    const { stage } = this;
    // Whatever is said next without having been asked, such as a timeout, is of no stage.
    this.stage = 'other';
    this.host.options.emit({
      type: 'smtp.reply',
      session: this.number,
      stage,
      ...splitEnhanced(code, lines),
    });
    super.send(code, data, context);
  }

  /** While we are silent the client owes us nothing; when that is for ever, nothing is left to wait for. */
  override _onTimeout(): void {
    if (this._closing || this.silent === 'no') super._onTimeout();
    else if (this.silent === 'for a time') this._armTimeout();
  }

  override _onClose(): void {
    if (!this._closed) this.host.options.emit({ type: 'connection.closed', session: this.number });
    super._onClose();
  }

  override handler_EHLO(command: Buffer, callback: Done): void {
    this.at('ehlo', callback, () => super.handler_EHLO(command, callback));
  }

  override handler_HELO(command: Buffer, callback: Done): void {
    this.at('ehlo', callback, () => super.handler_HELO(command, callback));
  }

  override handler_MAIL(command: Buffer, callback: Done): void {
    // Out of sequence or malformed: the library answers 503 or 501 and nobody is asked.
    if (this.session.envelope.mailFrom || !this._parseAddressCommand('mail from', command)) {
      return super.handler_MAIL(command, callback);
    }
    this.named.clear();
    this.asked.sender = addressIn(command);
    this.asked.recipient = '';
    this.asked.attempt = this.host.countTransaction();
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
    this.answer(this.objections('data'), callback, () => super.handler_DATA(command, callback));
  }

  /**
   * A whole message is in.
   *
   * @param message its size in bytes, dots unstuffed, and its header
   * @param done answers it: 250 with the text, or the reply of the error
   */
  onMessage(message: ReceivedMessage, done: MessageDone): void {
    this.stage = 'message';
    this.answerMessage(message, this.objections('message'), done);
  }

  private answerMessage(message: ReceivedMessage, verdicts: Verdicts, done: MessageDone): void {
    const verdict = verdicts.next().value;
    switch (verdict?.kind) {
      case 'reply': {
        done(replyError(verdict.reply));
        if (verdict.close) this.close();
        return;
      }
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
  private *objections(stage: 'data' | 'message'): Generator<Verdict, undefined> {
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
        const { responseCode, message } = replyError(verdict.reply);
        this.send(responseCode, message, false);
        if (verdict.close) this.close();
        return refused();
      }
      case 'silence':
        return this.beSilent(verdict.ms, () => this.answer(verdicts, refused, proceed));
      default:
        return proceed();
    }
  }

  private beSilent(ms: number | undefined, then: Done): void {
    if (ms === undefined) {
      this.silent = 'for ever';
      return;
    }
    this.silent = 'for a time';
    this.host.options.clock.after(ms, () => {
      this.silent = 'no';
      if (!this._closed && !this._closing) then();
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

interface ReplyError {
  responseCode: number;
  message: string[];
}

function replyError({ code, enhanced, lines }: Reply): ReplyError {
  const prefix = enhanced === undefined ? '' : `${enhanced} `;
  return { responseCode: code, message: lines.map((line) => `${prefix}${line}`) };
}

/** The address between angle brackets of MAIL or RCPT, as written. */
function addressIn(command: Buffer): string {
  return /<([^>]*)>/.exec(command.toString())?.[1] ?? '';
}

const ENHANCED = /^([245]\.\d{1,3}\.\d{1,3})(?: |$)/;

function splitEnhanced(code: number, lines: string[]): Reply {
  const enhanced = ENHANCED.exec(lines[0]!)?.[1];
  if (enhanced === undefined) return { code, lines };
  return {
    code,
    enhanced,
    lines: lines.map((line) => (line.startsWith(enhanced) ? line.slice(enhanced.length + 1) : line)),
  };
}
