// Mail to the recipient domains whose MX are the same hosts (`destinations.ts` finds them): what is due, and the
// connections that carry it. If the first connection fails, its result counts for all that is due; if a further one
// fails, for nothing (rule 13). Limits are those of the site (`site.ts`).

import type { Delivery } from '../model/delivery.js';
import type { Timer } from '../ports.js';
import type { Connection, DialogueResult } from '../transport.js';
import type { AttemptJournal, AttemptResult } from './attempt-journal.js';
import { ConnectionAttempt, type ConnectionAttemptOwner } from './connection-attempt.js';
import {
  DeliveryTransaction,
  triedBefore,
  type MessageSource,
  type TransactionOwner,
} from './delivery-transaction.js';
import { ConnectionPool } from './connection-pool.js';
import { DomainAnswers } from './domain-answers.js';
import { HostBackoff } from './host-backoff.js';
import type { DestinationOptions } from './options.js';
import { ReadyQueue, type Waiting } from './ready-queue.js';
import type { Site, SiteMember } from './site.js';

export interface Directory {
  /** The destination for a domain with these MX hosts; a new one when there is none. */
  locate(from: Destination, domain: string, hosts: readonly string[]): Destination;
  /** The destination has no domain any more, and nothing to do. */
  retire(destination: Destination): void;
}

export class Destination implements ConnectionAttemptOwner, TransactionOwner, SiteMember {
  readonly backoff: HostBackoff;
  readonly journal: AttemptJournal;
  readonly messages: MessageSource;
  private readonly ready: ReadyQueue;
  readonly domains: DomainAnswers;
  private readonly connections = new ConnectionPool();
  private connecting: { lead: Waiting; since: number; nth: number; attempt: ConnectionAttempt } | undefined;
  /** MX hosts of a domain that has just come from another destination. */
  private arrived: { domain: string; hosts: string[] } | undefined;
  /** Resolves `drain`; set while the destination drains. */
  private drained: (() => void) | undefined;
  /** Fires when the first suspended host may be tried again. */
  private resume: Timer | undefined;

  constructor(
    domain: string,
    private readonly options: DestinationOptions,
    private readonly directory: Directory,
  ) {
    this.domains = new DomainAnswers(domain);
    const { clock, emit, backoff: policy, limits, journal } = options;
    this.journal = journal;
    this.messages = options.messages;
    this.backoff = new HostBackoff({ clock, emit, policy, connectionsMax: limits.connectionsMax });
    this.ready = new ReadyQueue(clock, journal);
    this.backoff.site.join(this);
  }

  /**
   * Whether a delivery to this domain that falls due now belongs here without another MX lookup: the answer
   * for its domain is as recent as one of the connections, or the domain has been the only one here.
   */
  takes(domain: string): boolean {
    if (!this.domains.has(domain)) return false;
    if (!this.domains.isShared || this.connecting?.lead.delivery.contact.domain === domain) return true;
    const since = Math.min(this.connections.oldestSince, this.connecting?.since ?? Infinity);
    return this.domains.isAnsweredSince(domain, since);
  }

  /** Whether it has nothing to do. */
  get isCalm(): boolean {
    return this.connections.size === 0 && !this.connecting && this.ready.isEmpty;
  }

  /** Takes a delivery that is due. It is sent when `pump` finds a connection for it. */
  add(delivery: Delivery): void {
    this.backoff.regain();
    this.ready.add(delivery);
  }

  /** Gives the deliveries that are due to idle connections, and opens another connection if allowed. */
  pump(): void {
    for (const connection of this.connections.idle()) if (!this.ready.isEmpty) this.idle(connection);
    if (!this.connecting && this.mayOpen()) {
      const { site, connectionsMax } = this.backoff;
      const lead = site.connectionsInUse < connectionsMax ? this.take() : undefined;
      if (lead) this.open(lead);
      else if (!this.ready.isEmpty) site.makeRoom(this);
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
      for (const connection of this.connections.idle()) connection.quit();
      this.resolveDrained();
    });
  }

  /** What a delivery here waits for, for messages to people. */
  waitsFor(delivery: Delivery): string {
    const { domain } = delivery.contact;
    if (this.connecting) return this.connecting.attempt.connection?.waitsFor ?? `DNS of ${domain}`;
    if (delivery.runningSince !== undefined) return `the end of its attempt at ${domain}`;
    return `a free connection to ${domain}`;
  }

  /** Part of SiteMember, as are the methods down to `belongsTo`. */
  get connectionsInUse(): number {
    const { connection } = this.connecting?.attempt ?? {};
    const isDialed = !this.connecting || (connection !== undefined && this.connections.has(connection));
    return this.connections.size + (isDialed ? 0 : 1);
  }

  get isWaiting(): boolean {
    return !this.connecting && !this.ready.isEmpty;
  }

  quitIdle(): boolean {
    return this.connections.quitIdle();
  }

  belongsTo(site: Site): void {
    this.backoff.site = site;
  }

  openConnections(host?: string): number {
    return this.connections.open(host);
  }

  /** Part of ConnectionAttemptOwner, as are the methods down to `failed`. */
  openToSite(host?: string): number {
    return this.backoff.site.openConnections(host);
  }

  routed(hosts: string[]): boolean {
    const { lead, since } = this.connecting!;
    const { domain } = lead.delivery.contact;
    const to = this.directory.locate(this, domain, hosts);
    if (to === this) {
      this.domains.answered(domain, this.options.clock.now());
      if (this.backoff.admits(hosts)) return true;
      // Only the answer shows the site: others may have begun connections at the same time, or suspended the hosts.
      this.connectingEnded();
      if (this.journal.uncharged(lead.delivery)) this.ready.putBack(lead.delivery, lead.since);
      this.freed();
      return false;
    }
    this.connectingEnded();
    const waiting = this.ready.takeAll(domain, since);
    if (this.journal.uncharged(lead.delivery)) waiting.unshift(lead);
    this.domains.delete(domain);
    to.admit(domain, waiting, hosts);
    this.freed();
    return false;
  }

  unrouted(result: DialogueResult): void {
    if (!this.domains.isShared || this.openToSite() > 0) return this.failed(result);
    // What DNS says of one domain says nothing of the others.
    const { lead, since, attempt } = this.connecting!;
    const { domain } = lead.delivery.contact;
    this.domains.delete(domain);
    this.share([lead, ...this.ready.takeAll(domain, since)], since, result, undefined, attempt);
  }

  /** Drawn by the connection and not by the contact, so that another contact changes nothing. */
  orderOf(host: string): number {
    const { lead, nth } = this.connecting!;
    const { contact, attempts } = lead.delivery;
    return this.options.random.fraction('mx', contact.domain, attempts, nth, host);
  }

  dialing(connection: Connection): void {
    this.connections.add(connection, this.connecting!.since);
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
    if (this.openToSite() > 0) return this.furtherFailed(host);
    const { lead, since, attempt } = this.connecting!;
    const due = [lead];
    for (let entry = this.take(since); entry; entry = this.take(since)) due.push(entry);
    this.share(due, since, result, host, attempt);
  }

  private share(
    due: readonly Waiting[],
    since: number,
    result: DialogueResult,
    host: string | undefined,
    attempt: ConnectionAttempt,
  ): void {
    this.connectingEnded();
    const shared: Partial<AttemptResult> = triedBefore(host, attempt.tried);
    if (due.length > 1) shared.shared = true;
    // All are marked as running first: the result of one must not withdraw the next.
    for (const { delivery, since: ready } of due) delivery.runningSince = Math.max(since, ready);
    for (const { delivery } of due) {
      const startedAt = delivery.runningSince!;
      this.journal.attempted(delivery, { ...result, startedAt, ...shared });
    }
    this.freed();
  }

  idle(connection: Connection): void {
    const isSpent = connection.transactions >= this.options.limits.messagesPerConnectionMax;
    if (this.drained || isSpent || this.backoff.isHeld(connection.to.host)) return connection.quit();
    const entry = this.take();
    if (entry) this.serve(connection, entry.delivery, this.options.clock.now());
    else if (this.backoff.site.isWanted(this)) connection.quit();
    else connection.quitAfter(this.options.limits.idleMs);
  }

  closed(connection: Connection): void {
    this.connections.delete(connection);
    if (this.backoff.site.connectionsInUse === 0) this.backoff.regain();
    this.freed();
  }

  /** Takes the waiting deliveries of a domain that was found to have the hosts of this destination. */
  admit(domain: string, waiting: readonly Waiting[], hosts: string[]): void {
    this.domains.answered(domain, this.options.clock.now());
    for (const entry of waiting) this.ready.receive(entry);
    this.arrived = { domain, hosts };
    this.pump();
    this.arrived = undefined;
  }

  /** Part of TransactionOwner, as is `retake`. */
  throttled(domain: string, host: string): void {
    this.backoff.suspend(domain, host, 'throttled');
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
  private furtherFailed(host?: string): void {
    const { lead } = this.connectingEnded();
    const { domain } = lead.delivery.contact;
    this.backoff.lower(domain, host ?? domain, this.openToSite());
    if (this.journal.uncharged(lead.delivery)) this.ready.putBack(lead.delivery, lead.since);
    this.freed();
  }

  /** A connection was closed, or none was opened: another destination of the site may need one. */
  private freed(): void {
    this.backoff.site.freed(this);
    if (this.domains.isEmpty && this.isCalm) this.directory.retire(this);
    this.resolveDrained();
  }

  /** Opens a connection for `lead`. */
  private open(lead: Waiting): void {
    const { clock, resolver, transport } = this.options;
    const since = clock.now();
    lead.delivery.runningSince = since;
    const { domain } = lead.delivery.contact;
    const known = this.arrived?.domain === domain ? this.arrived.hosts : undefined;
    const attempt = new ConnectionAttempt(this, resolver, transport, domain, known);
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
