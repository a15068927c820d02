// Mail to one recipient domain: the deliveries that are due, and the connections that carry them. One
// connection is opened at a time; if the first one fails, its result counts for everything that is due, and
// if a further one fails, for nothing (rule 13).

import type { Emit } from '../../events/types.js';
import type { CarePolicy } from '../../policy/retry-policy.js';
import type { Delivery } from '../model/delivery.js';
import type { Clock, Random, Resolver, Timer } from '../ports.js';
import type { Connection, DialogueResult, Transport } from '../transport.js';
import type { AttemptJournal, AttemptResult } from './attempt-journal.js';
import { ConnectionAttempt, type ConnectionAttemptOwner } from './connection-attempt.js';
import {
  DeliveryTransaction,
  triedBefore,
  type MessageSource,
  type TransactionOwner,
} from './delivery-transaction.js';
import { HostBackoff } from './host-backoff.js';
import { ReadyQueue, type Waiting } from './ready-queue.js';

export interface DestinationLimits {
  /** Connections open at once. */
  connectionsMax: number;
  /** Transactions after which a connection is ended. */
  messagesPerConnectionMax: number;
  /** How long a connection without work is kept, ms. */
  idleMs: number;
}

export const DEFAULT_LIMITS: DestinationLimits = {
  connectionsMax: 5,
  messagesPerConnectionMax: 100,
  idleMs: 5000,
};

/** What a destination needs of the sender. */
export interface DestinationOptions {
  clock: Clock;
  resolver: Resolver;
  transport: Transport;
  /** Draws the order of hosts of equal preference. */
  random: Random;
  limits: DestinationLimits;
  backoff: CarePolicy | undefined;
  /** Takes the events that are not part of an attempt: suspended hosts, lowered limits. */
  emit: Emit;
  journal: AttemptJournal;
  messages: MessageSource;
  /** Called when this program fails: the run cannot go on. */
  onFailure: (error: unknown) => void;
}

export class Destination implements ConnectionAttemptOwner, TransactionOwner {
  readonly backoff: HostBackoff;
  readonly journal: AttemptJournal;
  readonly messages: MessageSource;
  private readonly ready: ReadyQueue;
  private readonly connections = new Set<Connection>();
  private connecting: { lead: Waiting; since: number; nth: number; attempt: ConnectionAttempt } | undefined;
  /** Resolves `drain`; set while the destination drains. */
  private drained: (() => void) | undefined;
  /** Fires when the first suspended host may be tried again. */
  private resume: Timer | undefined;

  constructor(
    readonly domain: string,
    private readonly options: DestinationOptions,
  ) {
    const { clock, emit, backoff: policy, limits, journal, messages } = options;
    this.journal = journal;
    this.messages = messages;
    this.backoff = new HostBackoff({ domain, clock, emit, policy, connectionsMax: limits.connectionsMax });
    this.ready = new ReadyQueue(clock, journal);
  }

  /** Takes a delivery that is due. It is sent when `pump` finds a connection for it. */
  add(delivery: Delivery): void {
    this.backoff.regain();
    this.ready.add(delivery);
  }

  /** Gives the deliveries that are due to idle connections, and opens another connection if allowed. */
  pump(): void {
    for (const connection of this.connections) {
      if (connection.state === 'idle' && !this.ready.isEmpty) this.idle(connection);
    }
    if (!this.connecting && this.connections.size < this.backoff.connectionsMax && this.mayOpen()) {
      const lead = this.take();
      if (lead) this.open(lead);
    }
    this.ready.watchExpiry();
  }

  /**
   * Begins no further delivery. Those that are running end first, and each connection ends with QUIT
   * (RFC 5321, 4.1.1.10).
   *
   * @returns when no connection is left
   */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.drained = resolve;
      for (const connection of this.connections) if (connection.state === 'idle') connection.quit();
      this.resolveDrained();
    });
  }

  /** What a delivery here waits for, for messages to people. */
  waitsFor(delivery: Delivery): string {
    if (this.connecting) return this.connecting.attempt.connection?.waitsFor ?? `DNS of ${this.domain}`;
    if (delivery.runningSince !== undefined) return `the end of its attempt at ${this.domain}`;
    return `a free connection to ${this.domain}`;
  }

  /** Part of ConnectionAttemptOwner, as are the methods down to `failed`. */
  openConnections(host?: string): number {
    let count = 0;
    for (const { state, to } of this.connections) {
      if ((state === 'idle' || state === 'busy') && (host === undefined || to.host === host)) count++;
    }
    return count;
  }

  /** Drawn by the connection and not by the contact, so that another contact changes nothing. */
  orderOf(host: string): number {
    const { lead, nth } = this.connecting!;
    return this.options.random.fraction('mx', this.domain, lead.delivery.attempts, nth, host);
  }

  dialing(connection: Connection): void {
    this.connections.add(connection);
  }

  opened(connection: Connection): void {
    const { lead, since, attempt } = this.connectingEnded();
    // The server does not know yet of a contact that left meanwhile, so it gets no mail (rule 1).
    if (lead.delivery.leaving) {
      this.journal.uncharged(lead.delivery);
      this.idle(connection);
    } else this.serve(connection, lead.delivery, since, attempt);
    this.pump();
  }

  /** All deliveries that are due share the result, unless another connection is open. */
  failed(result: DialogueResult, host?: string): void {
    if (this.openConnections() > 0) return this.furtherFailed(host);
    const { lead, since, attempt } = this.connecting!;
    const due = [lead];
    for (let entry = this.take(since); entry; entry = this.take(since)) due.push(entry);
    this.connectingEnded();
    const shared: Partial<AttemptResult> = triedBefore(host, attempt.tried);
    if (due.length > 1) shared.shared = true;
    // All are marked as running first: the result of one must not withdraw the next.
    for (const { delivery, since: ready } of due) delivery.runningSince = Math.max(since, ready);
    for (const { delivery } of due) {
      const startedAt = delivery.runningSince!;
      this.journal.attempted(delivery, { ...result, startedAt, ...shared });
    }
    this.pump();
    this.resolveDrained();
  }

  idle(connection: Connection): void {
    if (this.drained || !this.mayReuse(connection)) return connection.quit();
    const entry = this.take();
    if (entry) this.serve(connection, entry.delivery, this.options.clock.now());
    else connection.quitAfter(this.options.limits.idleMs);
  }

  closed(connection: Connection): void {
    this.connections.delete(connection);
    if (this.connections.size === 0) this.backoff.regain();
    this.pump();
    this.resolveDrained();
  }

  /** Part of TransactionOwner, as is `retake`. */
  throttled(host: string): void {
    this.backoff.suspend(host, 'throttled');
  }

  retake(delivery: Delivery, since: number): void {
    this.ready.putBack(delivery, since);
    this.pump();
  }

  broken(error: unknown): void {
    this.options.onFailure(error);
  }

  /** Whether a host may be dialed now. If all are suspended and the policy waits, pumps again then. */
  private mayOpen(): boolean {
    const at = this.backoff.resumesAt;
    if (at === undefined || this.ready.isEmpty || this.drained) return true;
    this.resume ??= this.options.clock.after(at - this.options.clock.now(), () => {
      this.resume = undefined;
      this.pump();
    });
    return false;
  }

  /** A connection failed while others are open: fewer are opened from now on, and what waits goes on waiting. */
  private furtherFailed(host = this.domain): void {
    const { lead } = this.connectingEnded();
    this.backoff.lower(host, this.openConnections());
    if (this.journal.uncharged(lead.delivery)) this.ready.putBack(lead.delivery, lead.since);
    this.pump();
    this.resolveDrained();
  }

  /** Opens a connection for `lead`. */
  private open(lead: Waiting): void {
    const { clock, resolver, transport } = this.options;
    const since = clock.now();
    lead.delivery.runningSince = since;
    const attempt = new ConnectionAttempt(this, resolver, transport);
    this.connecting = { lead, since, nth: this.connections.size, attempt };
    this.ready.connectingSince = since;
    attempt.run().catch((error: unknown) => this.broken(error));
  }

  private connectingEnded(): NonNullable<typeof this.connecting> {
    const ended = this.connecting!;
    this.connecting = undefined;
    this.ready.connectingSince = undefined;
    return ended;
  }

  private mayReuse({ transactions, to }: Connection): boolean {
    return transactions < this.options.limits.messagesPerConnectionMax && !this.backoff.isHeld(to.host);
  }

  private serve(connection: Connection, delivery: Delivery, startedAt: number, by?: ConnectionAttempt): void {
    delivery.runningSince = startedAt;
    connection.deliver(new DeliveryTransaction(this, delivery, connection.to.host, startedAt, by?.tried));
  }

  private take(sharedSince?: number): Waiting | undefined {
    return this.drained ? undefined : this.ready.take(sharedSince);
  }

  private resolveDrained(): void {
    if (this.connections.size === 0 && !this.connecting) this.drained?.();
  }
}
