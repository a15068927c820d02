// A connection over SMTP: EHLO, STARTTLS if offered, then one transaction after the other with one
// recipient each. Every failure of the remote host is a result with its stage, never an exception.

import type net from 'node:net';
import type { Reply } from '../../events/types.js';
import type { Clock, Dialer } from '../ports.js';
import type {
  Connection,
  ConnectionOwner,
  ConnectionState,
  DialogueResult,
  HostAddress,
  MailTransaction,
} from '../transport.js';
import { SmtpClient, withBracketsAside } from './client.js';
import { Deadline } from './deadline.js';
import { errorCode, type LibraryError } from './library-error.js';
import { inBlocks, whyUnfit } from './outgoing.js';
import { parseReply } from './reply.js';
import type { Timeouts } from './timeouts.js';
import { outcomeOf } from '../../policy/classify.js';

export interface SessionOptions {
  clock: Clock;
  dialer: Dialer;
  /** Name for EHLO. */
  clientName: string;
  timeouts: Timeouts;
}

/** Beyond any timeout of ours, which know the stage; nodemailer's own timers must never fire first. */
const LIBRARY_TIMEOUT_MS = 24 * 3600_000;

export class Session implements Connection {
  transactions = 0;
  state: ConnectionState = 'connecting';
  /** STARTTLS has failed: the next connection to this host does without it. */
  private isPlain = false;
  private isFallingBack = false;
  private socket!: net.Socket;
  private localEnd: string | undefined;
  private client: SmtpClient | undefined;
  private settle: Settle | undefined;
  private transaction: MailTransaction | undefined;
  private readonly deadline: Deadline;
  /** Whether the connection was kept idle before the current transaction. */
  private wasIdle = false;

  constructor(
    private readonly options: SessionOptions,
    readonly to: HostAddress,
    private readonly owner: ConnectionOwner,
  ) {
    this.deadline = new Deadline(options.clock, () => this.timedOut());
  }

  connect(done: Settle): void {
    this.settle = done;
    this.dial();
  }

  private dial(): void {
    this.deadline.within(this.options.timeouts.dial);
    const socket = this.options.dialer.dial(this.to.address, this.to.port);
    this.socket = socket;
    // After nodemailer's own listener, which may still process a last reply without a line end.
    socket.once('close', () => queueMicrotask(() => this.closed()));
    const onDialError = (error: NodeJS.ErrnoException): void => this.fail(error.code ?? 'ECONNECTION');
    socket.once('error', onDialError);
    socket.once('connect', () => {
      // From here on nodemailer reports the errors of the socket.
      socket.removeListener('error', onDialError);
      this.localEnd = `${socket.localAddress}:${socket.localPort}`;
      this.startDialogue(socket);
    });
  }

  deliver(transaction: MailTransaction): void {
    this.state = 'busy';
    this.wasIdle = this.deadline.lift();
    transaction
      .render()
      .then((message) => {
        transaction.begun();
        this.transact(transaction, message);
      })
      .catch((error: unknown) => transaction.broken(error));
  }

  quit(): void {
    if (this.state !== 'idle' || !this.client) return this.destroy();
    this.state = 'closing';
    this.deadline.within(this.options.timeouts.quit);
    this.client.quit();
  }

  quitAfter(ms: number): void {
    this.deadline.within(ms);
  }

  get waitsFor(): string {
    return this.client
      ? `a reply at ${this.client.awaiting} from ${this.to.host}`
      : `a connection to ${this.to.host}`;
  }

  private transact(transaction: MailTransaction, message: string): void {
    const client = this.client!;
    const { to } = transaction;
    const from = transaction.from();
    const unfit = whyUnfit(client, from, to, message);
    if (unfit !== undefined) {
      // The EHLO reply excludes this message: the server would refuse it, so it is not sent.
      transaction.ended({ stage: 'mail', outcome: 'rejected', error: unfit });
      return this.becomeIdle();
    }
    this.transactions++;
    this.transaction = transaction;
    this.settle = (result) => {
      if (this.isStale(result!)) transaction.uncharged();
      else transaction.ended(result!);
    };
    if (client.destroyed) return this.take()!({ stage: 'mail', outcome: 'unreachable', error: 'ECLOSED' });
    client.beginTransaction();
    client.send({ from, to: [withBracketsAside(to)] }, inBlocks(message), (error, info) => {
      if (error) return this.refused(error);
      const reply = parseReply(info?.response ?? '');
      if (!reply) return this.fail('EPROTOCOL');
      this.finish({ stage: 'message', outcome: outcomeOf(reply), reply });
      this.becomeIdle();
    });
  }

  /**
   * Whether the server had closed this connection, or lost the step, before this transaction: gone at
   * MAIL on a connection that was used, 421 there after idle time, or 503 there, which is about the
   * transaction before. The server has not judged the message then, so this is not an attempt.
   */
  private isStale({ stage, reply, error }: DialogueResult): boolean {
    if (this.transactions < 2 || stage !== 'mail') return false;
    if (reply) return reply.code === 503 || (reply.code === 421 && this.wasIdle);
    return error !== 'ETIMEDOUT';
  }

  private startDialogue(socket: net.Socket): void {
    const client = new SmtpClient({
      connection: socket,
      host: this.to.host,
      name: this.options.clientName,
      // Opportunistic (RFC 7435): plain text would be accepted too, so any certificate is better.
      ignoreTLS: this.isPlain,
      tls: { rejectUnauthorized: false, minVersion: 'TLSv1' },
      connectionTimeout: LIBRARY_TIMEOUT_MS,
      greetingTimeout: LIBRARY_TIMEOUT_MS,
      socketTimeout: LIBRARY_TIMEOUT_MS,
      socketCloseTimeout: 0,
      logger: false,
    });
    this.client = client;
    client.onFinalDot = () => this.transaction?.finalDot();
    client.onStage = (stage) => this.deadline.within(this.options.timeouts[stage]);
    client.on('error', (error: LibraryError) => {
      if (client === this.client) this.broken(error);
    });
    client.once('end', () => {
      if (client === this.client) this.destroy();
    });
    this.deadline.within(this.options.timeouts.connect);
    client.connect((error) => {
      if (client !== this.client) return;
      if (error) return this.broken(error);
      const done = this.take();
      this.state = 'idle';
      this.deadline.lift();
      done?.();
    });
  }

  /** The transaction was refused by a reply; if the connection broke, `broken` has reported it before. */
  private refused(error: LibraryError): void {
    if (this.state !== 'busy') return;
    const result = this.resultOf(error);
    this.finish(result);
    // After 503, client and server disagree about the transaction, and RSET may not help.
    if (result.reply && result.reply.code !== 421 && result.reply.code !== 503) this.reset();
    else this.destroy();
  }

  /** The connection could not be opened, or broke during a transaction. */
  private broken(error: LibraryError): void {
    if (this.fallBack()) return;
    this.finish(this.resultOf(error));
    this.destroy();
  }

  private resultOf(error: LibraryError): DialogueResult {
    const reply = this.usableReply(error);
    if (!reply) return this.lost(errorCode(error));
    return { stage: this.client?.awaiting ?? 'connect', outcome: outcomeOf(reply), reply };
  }

  private usableReply(error: LibraryError): Reply | undefined {
    const stray =
      error.code === 'EPROTOCOL' && error.command === 'CONN' && this.client!.awaiting !== 'connect';
    if (stray || typeof error.response !== 'string') return undefined;
    const reply = parseReply(error.response);
    return reply && reply.code >= 400 ? reply : undefined;
  }

  /** After a refusal the server may still hold the transaction open (RFC 5321, 4.1.4). */
  private reset(): void {
    this.deadline.within(this.options.timeouts.reset);
    this.client!.reset((error) => {
      if (error) return this.destroy();
      this.becomeIdle();
    });
  }

  private becomeIdle(): void {
    if (this.state !== 'busy') return;
    this.state = 'idle';
    this.deadline.lift();
    this.owner.idle(this);
  }

  private fail(code: string): void {
    if (this.fallBack()) return;
    this.finish(this.lost(code));
    this.destroy();
  }

  private lost(error: string): DialogueResult {
    const stage = this.client?.awaiting ?? 'connect';
    return {
      stage,
      outcome: this.client?.finalDotSent && stage === 'message' ? 'unknown' : 'unreachable',
      error,
    };
  }

  /**
   * After a failed STARTTLS, connects to the same host again without TLS (RFC 3207, 4.1 leaves the choice
   * to the client).
   *
   * @returns whether this failure leads to a connection without TLS
   */
  private fallBack(): boolean {
    const { client } = this;
    if (this.isFallingBack) return true;
    if (this.state !== 'connecting' || this.isPlain || client?.awaiting !== 'starttls') return false;
    this.isPlain = true;
    this.isFallingBack = true;
    this.client = undefined;
    client.close();
    this.socket.destroy();
    return true;
  }

  private finish(result: DialogueResult): void {
    if (this.localEnd !== undefined) result.client = this.localEnd;
    this.take()?.(result);
  }

  private take(): Settle | undefined {
    const settle = this.settle;
    this.settle = undefined;
    return settle;
  }

  private destroy(): void {
    if (this.state === 'closed') return;
    this.state = 'closing';
    this.isFallingBack = false;
    this.deadline.stop();
    this.client?.close();
    this.socket.destroy();
  }

  private closed(): void {
    if (this.state === 'closed') return;
    if (this.fallBack()) {
      this.isFallingBack = false;
      try {
        return this.dial();
      } catch {
        // This sender was killed meanwhile, and its dialer refuses.
      }
    }
    this.fail('ECLOSED');
    this.state = 'closed';
    this.owner.closed(this);
  }

  private timedOut(): void {
    if (this.state === 'idle') return this.quit();
    this.fail('ETIMEDOUT');
  }
}

/** Called once with the result of a transaction or of a failed connection; without it when it is open. */
type Settle = (result?: DialogueResult) => void;
