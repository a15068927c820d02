// One receiving host: asks its behaviors for verdicts and counts what they depend on (attempts, connections,
// transactions). It decides the same for a session over SMTP and for a client without bytes.

import { domainOf, parseAddress, type Address } from '../../base/addresses.js';
import type { Clock } from '../../clock/clock.js';
import type { Emit, Reply } from '../../events/types.js';
import type { Random } from '../../base/random.js';
import type { BehaviorUse } from '../behavior-use.js';
import { BEHAVIORS } from '../behaviors/index.js';
import type { Scope, Situation, Verdict, Words } from '../behaviors/behavior.js';
import type { Certificates } from '../certificates.js';
import { holds, isDownNow } from './conditions.js';
import { Mailboxes } from './mailboxes.js';
import type { Handshake } from '../network/network.js';
import type { Endpoint } from '../network/memory-socket.js';
import type { Addresses, BehaviorPlan, DomainPlan, Family, Point } from '../plan.js';
import { fillText, wordsOf } from '../behaviors/profile-words.js';
import type { Letter } from '../returns/postman.js';
import { outsideTransaction, type SessionState } from './session-state.js';

/** The domains of a site. `default` may stand for some that the fleet does not name. */
export interface DomainsOfSite {
  /** Plans of those that the fleet names, and of `default` when it belongs to the site. */
  named: readonly DomainPlan[];
  /** Undefined for a domain that does not belong to the site. */
  planOf(domain: string): DomainPlan | undefined;
}

export interface HostOptions {
  /** Recipient domain that it serves; for a host that several domains share, the name of their site. */
  domain: string;
  name: string;
  addresses: Addresses;
  /** Of its domain or its site: what all hosts there share. */
  plan: DomainPlan;
  /** Whether it takes recipients of any domain. */
  relays?: boolean;
  /** Whether a domain is one of those that it serves beside `domain`; absent: there are none. */
  receives?: (domain: string) => boolean;
  /** The domains that share this host; absent: it serves one. */
  sharedBy?: DomainsOfSite;
  /** Behaviors of this host alone. */
  behaviors?: BehaviorPlan[];
  clock: Clock;
  random: Random;
  emit: Emit;
  /** Needed to offer STARTTLS. */
  certificates?: Certificates | undefined;
  /** Looks up replies; absent: those of the profile. */
  words?: Words;
  /** Learns which behaviors are asked and which act; absent: that is not of interest. */
  use?: BehaviorUse | undefined;
  /** Numbers the sessions of the whole fleet. */
  nextSession: () => number;
  /** Sends a bounce message or an automatic reply when it is due. */
  sendBack: (letter: Letter) => void;
}

/** Refusal of a recipient of another domain (RFC 5321, 3.6.2; RFC 3463, 3.8). */
const RELAYING_DENIED: Reply = { code: 550, enhanced: '5.7.1', lines: ['Relaying denied'] };

export class Host {
  readonly domain: string;
  readonly name: string;
  readonly addresses: Addresses;
  private readonly attempts = new Map<string, number>();
  private readonly notes = new Map<BehaviorPlan, Map<string, number>>();
  /** By recipient domain; a host that serves one domain has them under its own `domain`. */
  private readonly mailboxes = new Map<string, Mailboxes>();
  private behaviors: BehaviorPlan[];
  /** Points at which a behavior acts, or did; at all others nothing needs to be decided. */
  private readonly points = new Set<Point>();
  /** Number of open connections that were greeted, by client address. */
  private readonly admitted = new Map<string, number>();
  private readonly date = (): Date => this.options.clock.date();
  private readonly words: Words | undefined;
  /** Behaviors at `idle` that act only if no command comes. */
  private readonly waiting = new WeakMap<Verdict, BehaviorPlan>();
  private own: BehaviorPlan[];
  /** The host that answers for a recipient: another one when this host stands for others. */
  readonly receiver: (recipient: string) => Host = () => this;
  private dials = 0;
  private connections = 0;
  private transactions = 0;

  constructor(readonly options: HostOptions) {
    this.domain = options.domain;
    this.name = options.name;
    this.addresses = options.addresses;
    this.behaviors = options.plan.behaviors;
    this.words = options.words ?? (options.plan.profile && wordsOf(options.plan.profile));
    this.own = options.behaviors ?? [];
    this.notePoints(this.behaviors);
    this.notePoints(this.own);
    if (!options.sharedBy) this.mailboxes.set(this.domain, this.mailboxesIn(options.plan));
    // Those of shared hosts are created at need, but where they act is known from the start.
    for (const plan of options.sharedBy?.named ?? []) this.mailboxesIn(plan);
  }

  handshake(client: Endpoint): Handshake {
    this.dials++;
    const verdict = this.decide('dial', outsideTransaction(client.address, this.dials)).next().value;
    if (verdict?.kind !== 'refuse' && verdict?.kind !== 'ignore') return 'accept';
    const how = verdict.kind === 'refuse' ? 'refused' : 'no-answer';
    this.options.emit({ type: 'connection.refused', domain: this.domain, host: this.name, how });
    return verdict.kind;
  }

  /** The address from which it dials. */
  get address(): string {
    return this.addresses.v4 ?? this.addresses.v6!;
  }

  /** Whether it refuses every connection over a family now, whichever client makes it. */
  isDown(family: Family): boolean {
    return isDownNow([...this.own, ...this.behaviors], this.options.clock.now(), family);
  }

  /** Replaces the behaviors that all hosts of its domain or its site share, from now on. */
  setBehaviors(behaviors: BehaviorPlan[]): void {
    this.notePoints(behaviors);
    this.behaviors = behaviors;
  }

  /** Replaces the behaviors for recipients of one of the domains that share this host, from now on. */
  setDomainBehaviors(domain: string, behaviors: BehaviorPlan[]): void {
    const mailboxes = this.mailboxesOf(domain);
    if (!mailboxes) return;
    this.notePoints(behaviors);
    mailboxes.behaviors = behaviors;
  }

  /** Replaces the behaviors of one mailbox, from now on. */
  setMailboxBehaviors({ localPart, domain }: Address, behaviors: BehaviorPlan[]): void {
    this.mailboxesOf(domain)?.set(localPart, behaviors);
  }

  /** The greeting of its profile; undefined without one. */
  banner(client: string): string[] | undefined {
    const { random, plan } = this.options;
    const known = { client, sender: '', recipient: '', attempt: this.connections, random, date: this.date };
    return plan.profile?.banner?.map((line) =>
      fillText(line, { ...known, host: this.name, domain: this.domain }),
    );
  }

  /** Whether any behavior acts at a point. */
  actsAt(point: Point): boolean {
    return this.points.has(point);
  }

  /** Whether a behavior may decide at a point, so that it has to be asked; at RCPT the domain is checked too. */
  mayDecide(point: Exclude<Point, 'any'>): boolean {
    return point === 'rcpt' || this.points.has(point) || this.points.has('any');
  }

  /** Whether it offers STARTTLS: its plan says so, or a behavior acts at `starttls`. */
  get offersTls(): boolean {
    return this.options.plan.tls === true || this.actsAt('starttls');
  }

  /** Counts an open connection of a client: its greeting is being sent. */
  admit(client: string): void {
    this.admitted.set(client, (this.admitted.get(client) ?? 0) + 1);
  }

  /** An admitted connection is closed. */
  release(client: string): void {
    const left = this.admitted.get(client)! - 1;
    if (left > 0) this.admitted.set(client, left);
    else this.admitted.delete(client);
  }

  /** Replaces the behaviors of this host alone, from now on. */
  setOwnBehaviors(behaviors: BehaviorPlan[]): void {
    this.notePoints(behaviors);
    this.own = behaviors;
  }

  /** @returns the number of this connection at this host, from 1 */
  countConnection(): number {
    return ++this.connections;
  }

  /** @returns the number of this mail transaction at this host, from 1 */
  countTransaction(): number {
    return ++this.transactions;
  }

  /** Counts an attempt at a recipient. @returns its number at this host, from 1 */
  countAttempt(recipient: string): number {
    const attempt = (this.attempts.get(recipient) ?? 0) + 1;
    // A copy: the recipient is a part of a line, and V8 would keep the line.
    this.attempts.set(attempt === 1 ? copied(recipient) : recipient, attempt);
    return attempt;
  }

  /**
   * Asks the behaviors of the mailbox, then those of the host, then those of the domain. A host that several
   * domains share has those of the recipient's domain after the mailbox, and those of the site last. The first
   * verdict counts; a caller takes another one only to continue, as after a silence. Behaviors are asked lazily.
   * Before all of them, a recipient of a domain that the host does not serve is refused.
   */
  *decide(point: Exclude<Point, 'any'>, session: SessionState): Generator<Verdict, undefined> {
    if (point === 'rcpt' && !this.options.relays && !this.servesRecipient(session.recipient))
      yield { kind: 'reply', reply: RELAYING_DENIED };
    if (session.recipient !== '') yield* this.askMailbox(point, session);
    yield* this.ask(this.own, 'host', point, session);
    yield* this.ask(this.behaviors, 'domain', point, session);
  }

  /** A verdict at `idle` is carried out, since no command has come. */
  carriesOut(verdict: Verdict): void {
    const plan = this.waiting.get(verdict);
    if (plan) this.options.use?.act(plan);
  }

  /** A recipient without a domain, `postmaster`, is one of every host (RFC 5321, 4.5.1). */
  private servesRecipient(recipient: string): boolean {
    const domain = parseAddress(recipient)?.domain;
    const { sharedBy, receives } = this.options;
    if (domain === undefined) return true;
    if (sharedBy) return sharedBy.planOf(domain) !== undefined;
    return domain === this.domain || receives?.(domain) === true;
  }

  private *askMailbox(point: Exclude<Point, 'any'>, session: SessionState): Generator<Verdict, undefined> {
    if (!this.servesRecipient(session.recipient)) return;
    const domain = domainOf(session.recipient);
    const mailboxes = this.mailboxesOf(domain);
    const own = mailboxes?.of(session.recipient);
    if (own) yield* this.ask(own, 'mailbox', point, session);
    if (mailboxes && this.options.sharedBy)
      yield* this.ask(mailboxes.behaviors, 'domain', point, session, `${domain} `);
  }

  /** @param label tells the behaviors of one domain from those of another, for random draws */
  private *ask(
    behaviors: readonly BehaviorPlan[],
    scope: Scope,
    point: Exclude<Point, 'any'>,
    session: SessionState,
    label = '',
  ): Generator<Verdict, undefined> {
    const { use } = this.options;
    for (const [index, plan] of behaviors.entries()) {
      if (plan.at !== point && plan.at !== 'any') continue;
      use?.ask(plan);
      // Field by field: spreading `session` costs more than the rest of the decision.
      const situation: Situation = {
        point,
        scope,
        now: this.options.clock.now(),
        domain: this.domain,
        host: this.name,
        client: session.client,
        sender: session.sender,
        recipient: session.recipient,
        attempt: session.attempt,
        isHelo: session.isHelo,
        size: session.size,
        messages: session.messages,
        connections: this.admitted.get(session.client) ?? 0,
        random: this.options.random,
        date: this.date,
        notes: this.notesOf(plan),
        words: this.words,
      };
      if (!holds(plan.when, situation, this.options.random, `${label}${scope} ${index} ${plan.do}`)) continue;
      const definition = BEHAVIORS.get(plan.do)!;
      const verdict = definition.decide(plan.params, situation);
      if (point === 'idle' && verdict) this.waiting.set(verdict, plan);
      else if (verdict || definition.checks?.(plan.params, situation)) use?.act(plan);
      if (verdict) yield verdict;
    }
  }

  private notePoints(behaviors: readonly BehaviorPlan[]): void {
    for (const { at } of behaviors) this.points.add(at);
  }

  private notesOf(plan: BehaviorPlan): Map<string, number> {
    let notes = this.notes.get(plan);
    if (!notes) this.notes.set(plan, (notes = new Map<string, number>()));
    return notes;
  }

  private mailboxesOf(domain: string): Mailboxes | undefined {
    const { sharedBy } = this.options;
    const known = this.mailboxes.get(sharedBy ? domain : this.domain);
    const plan = known ? undefined : sharedBy?.planOf(domain);
    if (!plan) return known;
    const mailboxes = this.mailboxesIn(plan);
    this.mailboxes.set(domain, mailboxes);
    return mailboxes;
  }

  private mailboxesIn(plan: DomainPlan): Mailboxes {
    return new Mailboxes(plan, this.options.plan.profile, (behaviors) => this.notePoints(behaviors));
  }
}

function copied(text: string): string {
  const copy = Buffer.from(text).toString();
  return copy === text ? copy : text;
}
