// Everything that goes to one recipient domain: the deliveries that are due, and the connections
// that serve them. A busy or dead host is found out with one connection, and what it says then
// holds for all that is due there (rule 13).

import Denque from 'denque';
import type { Cause, Emit, TriedHost } from '../../events/types.js';
import type { Delivery } from '../model/delivery.js';
import { HostCare } from './host-backoff.js';
import { Opening } from './connection-attempt.js';
import type { Clock, Random, Resolver, Timer } from '../ports.js';
import type { CarePolicy } from '../../policy/retry-policy.js';
import type { DialogueResult, Session, SessionOptions } from '../smtp/session.js';

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
  /** Draws the order of hosts of equal preference. */
  random: Random;
  care: CarePolicy | undefined;
  /** Told what is no attempt of anybody. */
  tell: Emit;
  envelopeFrom(delivery: Delivery): string;
  render(delivery: Delivery): Promise<string>;
  /** The server is about to hear of this delivery. */
  begun(delivery: Delivery, startedAt: number, host: string): void;
  /** The final dot of its message is about to leave. */
  finalDot(delivery: Delivery): void;
  /** Takes the result of one attempt. @returns why it went so */
  attempted(delivery: Delivery, result: DestinationResult): Cause;
  /** The last moment at which an attempt of this delivery may begin. */
  edgeOf(delivery: Delivery): number;
  /** That moment is over before the attempt that was due could begin. */
  expired(delivery: Delivery): void;
  /** The attempt that was running turned out to be none. @returns whether it is still to be made */
  uncharged(delivery: Delivery): boolean;
  /** Something of ours failed: the run cannot go on. */
  broken(error: unknown): void;
}

export interface DestinationResult extends DialogueResult {
  startedAt: number;
  host?: string;
  /** Hosts that did not come to a dialogue before that one. */
  tried?: TriedHost[];
  shared?: true;
}

/** A delivery that is due, and since when. */
interface Waiting {
  delivery: Delivery;
  since: number;
}

export class Destination {
  private readonly ready = new Denque<Waiting>();
  private readonly sessions = new Set<Session>();
  private readonly care: HostCare;
  private connecting: { lead: Waiting; since: number; opening: Opening } | undefined;
  /** Told when no connection is left; set while it drains. */
  private gone: (() => void) | undefined;
  private expiry: { at: number; timer: Timer } | undefined;
  private wakeUp: Timer | undefined;

  constructor(
    readonly domain: string,
    private readonly options: DestinationOptions,
  ) {
    const { clock, tell, care: policy, limits } = options;
    this.care = new HostCare({ domain, clock, tell, policy, connectionsMax: limits.connectionsMax });
  }

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
    if (!this.connecting && this.sessions.size < this.care.connectionsMax && this.mayOpen()) {
      const lead = this.take();
      if (lead) this.open(lead);
    }
    this.watchExpiry();
  }

  /**
   * Begins no delivery any more: those that are running are let finish, and each connection ends with
   * QUIT (RFC 5321, 4.1.1.10).
   *
   * @returns when no connection is left
   */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.gone = resolve;
      for (const session of this.sessions) if (session.state === 'idle') session.quit();
      this.whenGone();
    });
  }

  /** What a delivery here waits for, for people. */
  waitsFor(delivery: Delivery): string {
    if (this.connecting) return this.connecting.opening.session?.waitsFor ?? `DNS of ${this.domain}`;
    if (delivery.runningSince !== undefined) return `the end of its attempt at ${this.domain}`;
    return `a free connection to ${this.domain}`;
  }

  /** Under a policy that waits for suspended hosts: whether one is free; if not, comes back then. */
  private mayOpen(): boolean {
    const at = this.care.resumesAt;
    if (at === undefined || this.ready.length === 0 || this.gone) return true;
    this.wakeUp ??= this.options.clock.after(at - this.options.clock.now(), () => {
      this.wakeUp = undefined;
      this.pump();
    });
    return false;
  }

  /** Opens a connection for `lead`; whatever else is due shares what comes of it if it fails. */
  private open(lead: Waiting): void {
    const { clock, resolver, random, session } = this.options;
    const broken = (error: unknown): void => this.options.broken(error);
    const since = clock.now();
    lead.delivery.runningSince = since;
    const { attempts } = lead.delivery;
    const nth = this.sessions.size;
    const opening = new Opening({
      domain: this.domain,
      resolver,
      session,
      care: this.care,
      standingAt: (host) => this.standing(host),
      standing: () => this.standing(),
      // By what is opened, not for whom: another contact changes nothing.
      draw: (host) => random.fraction('mx', this.domain, attempts, nth, host),
      begun: (begun) => this.begun(begun),
      stands: (standing) => this.opened(standing),
      failed: (result, host) => this.failed(result, host),
      broken,
    });
    this.connecting = { lead, since, opening };
    opening.run().catch(broken);
  }

  private begun(session: Session): void {
    this.sessions.add(session);
    session.onClosed = () => {
      this.sessions.delete(session);
      this.pump();
      this.whenGone();
    };
  }

  private opened(session: Session): void {
    const { lead, since, opening } = this.connecting!;
    this.connecting = undefined;
    session.onIdle = () => this.idle(session);
    // Nobody has heard of a contact that left meanwhile, and nobody shall (rule 1).
    if (lead.delivery.leaving) {
      this.options.uncharged(lead.delivery);
      this.idle(session);
    } else this.serve(session, lead.delivery, since, opening.tried);
    this.pump();
  }

  /** Connections that stand, at one host or at all. */
  private standing(host?: string): number {
    let count = 0;
    for (const { state, target } of this.sessions) {
      if ((state === 'idle' || state === 'busy') && (host === undefined || target.host === host)) count++;
    }
    return count;
  }

  /** No dialogue came about: all that is due here takes that result together. */
  private failed(result: DialogueResult, host?: string): void {
    const { lead, since, opening } = this.connecting!;
    const due = [lead];
    for (let entry = this.take(since); entry; entry = this.take(since)) due.push(entry);
    this.connecting = undefined;
    const how: Partial<DestinationResult> = { ...named(host, opening.tried) };
    if (due.length > 1) how.shared = true;
    // All of them are being attempted: what happens to the first must not withdraw the second.
    for (const { delivery, since: ready } of due) delivery.runningSince = Math.max(since, ready);
    for (const { delivery } of due) {
      const startedAt = delivery.runningSince!;
      this.options.attempted(delivery, { ...result, startedAt, ...how });
    }
    this.pump();
    this.whenGone();
  }

  private whenGone(): void {
    if (this.sessions.size === 0 && !this.connecting) this.gone?.();
  }

  private serve(session: Session, delivery: Delivery, startedAt: number, tried: TriedHost[] = []): void {
    session.reserve();
    delivery.runningSince = startedAt;
    this.options
      .render(delivery)
      .then((message) => this.deliver(session, delivery, startedAt, message, tried))
      .catch((error: unknown) => this.options.broken(error));
  }

  private deliver(
    session: Session,
    delivery: Delivery,
    startedAt: number,
    message: string,
    tried: TriedHost[],
  ): void {
    const { host } = session.target;
    this.options.begun(delivery, startedAt, host);
    session.onFinalDot = () => this.options.finalDot(delivery);
    session.deliver(this.options.envelopeFrom(delivery), delivery.contact.address, message, (result) => {
      if (!session.isStale(result)) {
        const cause = this.options.attempted(delivery, { ...result, startedAt, ...named(host, tried) });
        if (cause === 'throttled' && result.outcome === 'deferred') this.care.suspend(host, 'throttled');
        return;
      }
      if (!this.options.uncharged(delivery)) return;
      this.ready.unshift({ delivery, since: startedAt });
      this.pump();
    });
  }

  private idle(session: Session): void {
    if (this.gone) return session.quit();
    if (session.transactions >= this.options.limits.messagesPerConnectionMax) return session.quit();
    if (this.care.isHeld(session.target.host)) return session.quit();
    const entry = this.take();
    if (entry) this.serve(session, entry.delivery, this.options.clock.now());
    else session.quitAfter(this.options.limits.idleMs);
  }

  /**
   * The next delivery that is due; those withdrawn or too late are left behind.
   *
   * @param sharedSince when the connection began to be opened whose result it will share; left out: what
   *   is taken begins now
   */
  private take(sharedSince = Infinity): Waiting | undefined {
    if (this.gone) return undefined;
    for (let entry = this.ready.shift(); entry; entry = this.ready.shift()) {
      if (this.ready.length === 0) this.forgetExpiry();
      if (entry.delivery.inProgress && !this.isTooLate(entry, sharedSince)) return entry;
    }
    return undefined;
  }

  /** Ends a delivery whose window is over. What shares a connection that is being opened has begun. */
  private isTooLate({ delivery, since }: Waiting, sharedSince: number): boolean {
    const begun = Math.min(Math.max(sharedSince, since), this.options.clock.now());
    if (begun <= this.options.edgeOf(delivery)) return false;
    this.options.expired(delivery);
    return true;
  }

  /** Wakes up when the first window among what waits here is over. */
  private watchExpiry(): void {
    if (this.expiry) return;
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
      if (entry.delivery.inProgress && !this.isTooLate(entry, this.connecting?.since ?? Infinity))
        this.ready.push(entry);
    }
    // What has begun with a connection that is being opened is looked at again when that is decided.
    if (!this.connecting) this.watchExpiry();
  }
}

/** The host of a result, and those before it where there are any. */
function named(host: string | undefined, tried: TriedHost[]): Pick<DestinationResult, 'host' | 'tried'> {
  return { ...(host === undefined ? {} : { host }), ...(tried.length > 0 ? { tried } : {}) };
}
