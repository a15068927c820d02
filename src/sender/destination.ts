// Everything that goes to one recipient domain: the deliveries that are due, and the connections
// that serve them. A busy or dead host is found out with one connection, and what it says then
// holds for all that is due there (rule 13).

import Denque from 'denque';
import type { Clock, MxRecord, Resolver, Timer } from './ports.js';
import type { Delivery } from './delivery.js';
import { Session, type DialogueResult, type SessionOptions, type SessionTarget } from './smtp/session.js';

export interface DestinationLimits {
  /** Connections open at once. */
  connectionsMax: number;
  /** Messages after which a connection is ended. */
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
  session: SessionOptions;
  limits: DestinationLimits;
  envelopeFrom(delivery: Delivery): string;
  render(delivery: Delivery): Promise<string>;
  /** The server is about to hear of this delivery. */
  begun(delivery: Delivery, startedAt: number, host: string): void;
  /** The final dot of its message is about to leave. */
  finalDot(delivery: Delivery): void;
  /** Takes the result of one attempt. */
  attempted(delivery: Delivery, result: DestinationResult): void;
  /** The last moment at which an attempt of this delivery may begin. */
  edgeOf(delivery: Delivery): number;
  /** That moment is over before the attempt that was due could begin. */
  expired(delivery: Delivery): void;
  /** The contact left while an attempt was running that turned out to be none. */
  left(delivery: Delivery): void;
  /** Something of ours failed: the run cannot go on. */
  broken(error: unknown): void;
}

export interface DestinationResult extends DialogueResult {
  startedAt: number;
  host?: string;
  shared?: true;
}

/** DNS answers that will not change by waiting: the domain or its mail service does not exist. */
const PERMANENT_DNS = new Set(['ENOTFOUND', 'ENULLMX']);

const SMTP_PORT = 25;

/** A delivery that is due, and since when. */
interface Waiting {
  delivery: Delivery;
  since: number;
}

export class Destination {
  private readonly ready = new Denque<Waiting>();
  private readonly sessions = new Set<Session>();
  private connecting: { lead: Waiting; since: number; session?: Session } | undefined;
  private isDraining = false;
  private expiry: { at: number; timer: Timer } | undefined;

  constructor(
    readonly domain: string,
    private readonly options: DestinationOptions,
  ) {}

  /** A delivery is due: it is taken up as soon as a connection is free. */
  add(delivery: Delivery): void {
    this.ready.push({ delivery, since: this.options.clock.now() });
    if (this.expiry && this.options.edgeOf(delivery) < this.expiry.at) this.forgetExpiry();
  }

  /** Gives the work that is due to the connections there are, and opens another where that helps. */
  pump(): void {
    for (const session of this.sessions) {
      if (session.state === 'idle' && this.ready.length > 0) this.idle(session);
    }
    if (!this.connecting && this.sessions.size < this.options.limits.connectionsMax) {
      const lead = this.take();
      if (lead) this.open(lead).catch((error: unknown) => this.options.broken(error));
    }
    this.watchExpiry();
  }

  /** Begins no delivery any more; those that are running are let finish. */
  drain(): void {
    this.isDraining = true;
  }

  /** What a delivery here waits for, for people. */
  waitsFor(delivery: Delivery): string {
    if (this.connecting) return this.connecting.session?.waitsFor ?? `DNS of ${this.domain}`;
    if (delivery.runningSince !== undefined) return `the end of its attempt at ${this.domain}`;
    return `a free connection to ${this.domain}`;
  }

  /** Opens a connection for `lead`; whatever else is due shares what comes of it if it fails. */
  private async open(lead: Waiting): Promise<void> {
    const since = this.options.clock.now();
    lead.delivery.runningSince = since;
    this.connecting = { lead, since };
    const target = await this.locate();
    if ('outcome' in target) return this.failed(target);
    const session = new Session(this.options.session, target);
    this.connecting.session = session;
    this.sessions.add(session);
    session.onClosed = () => {
      this.sessions.delete(session);
      this.pump();
    };
    session.connect((failure) => {
      if (failure) return this.failed(failure, target.host);
      this.connecting = undefined;
      session.onIdle = () => this.idle(session);
      // Nobody has heard of a contact that left meanwhile, and nobody shall (rule 1).
      if (lead.delivery.leaving) {
        this.options.left(lead.delivery);
        this.idle(session);
      } else this.serve(session, lead.delivery, since);
      this.pump();
    });
  }

  /** The host to talk to, or why there is none. */
  private async locate(): Promise<SessionTarget | DialogueResult> {
    try {
      const host = mostPreferred(await this.options.resolver.resolveMx(this.domain));
      const [address] = await this.options.resolver.resolve4(host);
      if (address === undefined) throw dnsError('ENODATA');
      return { host, address, port: SMTP_PORT };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      return { stage: 'connect', outcome: PERMANENT_DNS.has(code) ? 'rejected' : 'unreachable', error: code };
    }
  }

  /** No dialogue came about: all that is due here takes that result together. */
  private failed(result: DialogueResult, host?: string): void {
    const { lead, since } = this.connecting!;
    const due = [lead];
    for (let entry = this.take(); entry; entry = this.take()) due.push(entry);
    this.connecting = undefined;
    const shared = due.length > 1 ? { shared: true as const } : {};
    const named = host === undefined ? {} : { host };
    // All of them are being attempted: what happens to the first must not withdraw the second.
    for (const { delivery, since: ready } of due) delivery.runningSince = Math.max(since, ready);
    for (const { delivery } of due) {
      const startedAt = delivery.runningSince!;
      this.options.attempted(delivery, { ...result, startedAt, ...named, ...shared });
    }
    this.pump();
  }

  private serve(session: Session, delivery: Delivery, startedAt: number): void {
    session.reserve();
    delivery.runningSince = startedAt;
    this.options
      .render(delivery)
      .then((message) => this.deliver(session, delivery, startedAt, message))
      .catch((error: unknown) => this.options.broken(error));
  }

  private deliver(session: Session, delivery: Delivery, startedAt: number, message: string): void {
    const { host } = session.target;
    this.options.begun(delivery, startedAt, host);
    session.onFinalDot = () => this.options.finalDot(delivery);
    session.deliver(this.options.envelopeFrom(delivery), delivery.contact.address, message, (result) => {
      if (!session.isStale(result)) return this.options.attempted(delivery, { ...result, startedAt, host });
      delivery.runningSince = undefined;
      if (delivery.leaving) return this.options.left(delivery);
      this.ready.unshift({ delivery, since: startedAt });
      this.pump();
    });
  }

  private idle(session: Session): void {
    if (session.transactions >= this.options.limits.messagesPerConnectionMax) return session.quit();
    const entry = this.take();
    if (entry) this.serve(session, entry.delivery, this.options.clock.now());
    else session.quitAfter(this.options.limits.idleMs);
  }

  /** The next delivery that is due; those withdrawn or too late by now are left behind. */
  private take(): Waiting | undefined {
    if (this.isDraining) return undefined;
    for (let entry = this.ready.shift(); entry; entry = this.ready.shift()) {
      if (this.ready.length === 0) this.forgetExpiry();
      if (entry.delivery.inProgress && !this.isTooLate(entry)) return entry;
    }
    return undefined;
  }

  /** Ends a delivery whose window is over. What shares a connection that is being opened has begun. */
  private isTooLate({ delivery, since }: Waiting): boolean {
    const begun = this.connecting ? Math.max(this.connecting.since, since) : this.options.clock.now();
    if (begun <= this.options.edgeOf(delivery)) return false;
    this.options.expired(delivery);
    return true;
  }

  /** Wakes up when the first window among what waits here is over. */
  private watchExpiry(): void {
    if (this.expiry || this.ready.length === 0) return;
    let at = Infinity;
    for (const { delivery } of this.ready.toArray()) at = Math.min(at, this.options.edgeOf(delivery) + 1);
    if (at === Infinity) return;
    const now = this.options.clock.now();
    const timer = this.options.clock.after(Math.max(0, at - now), () => {
      this.expiry = undefined;
      this.expire();
    });
    this.expiry = { at, timer };
  }

  private forgetExpiry(): void {
    this.expiry?.timer.cancel();
    this.expiry = undefined;
  }

  private expire(): void {
    const waiting = this.ready.toArray();
    this.ready.clear();
    for (const entry of waiting) {
      if (entry.delivery.inProgress && !this.isTooLate(entry)) this.ready.push(entry);
    }
    // What has begun with a connection that is being opened is looked at again when that is decided.
    if (!this.connecting) this.watchExpiry();
  }
}

/** @throws system error ENODATA, or ENULLMX for a domain that takes no mail (RFC 7505) */
function mostPreferred(records: MxRecord[]): string {
  const [first, ...others] = records;
  if (!first) throw dnsError('ENODATA');
  const best = others.reduce(
    (found, record) => (record.preference < found.preference ? record : found),
    first,
  );
  if (best.exchange === '') throw dnsError('ENULLMX');
  return best.exchange;
}

function dnsError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}
