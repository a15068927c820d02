// One receiving host: asks its behaviors for verdicts and counts what they depend on (attempts, connections,
// transactions). It decides the same for a session over SMTP and for a client without bytes.

import { localPartOf, mailboxName } from '../../base/addresses.js';
import type { Clock } from '../../clock/clock.js';
import type { Emit } from '../../events/types.js';
import type { Random } from '../../base/random.js';
import { wildcard } from '../../base/wildcard.js';
import { BEHAVIORS } from '../behaviors/index.js';
import type { Scope, Situation, Verdict, Words } from '../behaviors/behavior.js';
import type { Certificates } from '../certificates.js';
import { holds } from './conditions.js';
import type { Handshake } from '../network/network.js';
import type { Endpoint } from '../network/memory-socket.js';
import type { BehaviorPlan, DomainPlan, Point } from '../plan.js';
import { fillText, wordsOf } from '../behaviors/profile-words.js';
import type { Letter } from '../returns/postman.js';
import { readShorthand, shorthandOf } from '../behaviors/shorthand.js';
import { outsideTransaction, type SessionState } from './session-state.js';

interface HostOptions {
  domain: string;
  name: string;
  address: string;
  /** The domain's, which all its hosts share. */
  plan: DomainPlan;
  /** Behaviors of this host alone. */
  behaviors?: BehaviorPlan[];
  clock: Clock;
  random: Random;
  emit: Emit;
  /** Needed to offer STARTTLS. */
  certificates?: Certificates | undefined;
  /** Looks up replies; absent: those of the profile. */
  words?: Words;
  /** Numbers the sessions of the whole fleet. */
  nextSession: () => number;
  /** Sends a bounce message or an automatic reply when it is due. */
  sendBack: (letter: Letter) => void;
}

export class Host {
  readonly domain: string;
  readonly name: string;
  readonly address: string;
  private readonly attempts = new Map<string, number>();
  private readonly notes = new Map<BehaviorPlan, Map<string, number>>();
  private readonly mailboxes: {
    matches: (localPart: string) => boolean;
    pattern: string;
    behaviors: BehaviorPlan[];
  }[];
  /** Behaviors named by addresses, by the text that names them. */
  private readonly shorthand = new Map<string, readonly BehaviorPlan[]>();
  private behaviors: BehaviorPlan[];
  /** Points at which a behavior acts, or did; at all others nothing needs to be decided. */
  private readonly points = new Set<Point>();
  /** Number of open connections that were greeted, by client address. */
  private readonly admitted = new Map<string, number>();
  private readonly date = (): Date => this.options.clock.date();
  private readonly words: Words | undefined;
  private own: BehaviorPlan[];
  private dials = 0;
  private connections = 0;
  private transactions = 0;

  constructor(readonly options: HostOptions) {
    this.domain = options.domain;
    this.name = options.name;
    this.address = options.address;
    this.behaviors = options.plan.behaviors;
    this.words = options.words ?? (options.plan.profile && wordsOf(options.plan.profile));
    this.own = options.behaviors ?? [];
    this.mailboxes = options.plan.mailboxes.map(({ pattern, behaviors }) => ({
      pattern,
      matches: wildcard(pattern),
      behaviors,
    }));
    for (const behaviors of [
      this.behaviors,
      this.own,
      ...this.mailboxes.map((mailbox) => mailbox.behaviors),
    ]) {
      this.notePoints(behaviors);
    }
  }

  handshake(client: Endpoint): Handshake {
    this.dials++;
    const verdict = this.decide('dial', outsideTransaction(client.address, this.dials)).next().value;
    if (verdict?.kind !== 'refuse' && verdict?.kind !== 'ignore') return 'accept';
    const how = verdict.kind === 'refuse' ? 'refused' : 'no-answer';
    this.options.emit({ type: 'connection.refused', domain: this.domain, host: this.name, how });
    return verdict.kind;
  }

  /** Replaces the behaviors of the domain, or of one mailbox, from now on. */
  setBehaviors(behaviors: BehaviorPlan[], localPart?: string): void {
    this.notePoints(behaviors);
    if (localPart === undefined) {
      this.behaviors = behaviors;
      return;
    }
    const pattern = localPart.toLowerCase();
    this.mailboxes.unshift({ pattern, matches: (other) => other === pattern, behaviors });
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
    this.attempts.set(recipient, attempt);
    return attempt;
  }

  /**
   * Asks the behaviors of the mailbox, then those of the host, then those of the domain. The first verdict
   * counts; a caller takes another one only to continue, as after a silence. Behaviors are asked lazily.
   */
  *decide(point: Exclude<Point, 'any'>, session: SessionState): Generator<Verdict, undefined> {
    const mailbox = session.recipient === '' ? undefined : this.mailboxOf(session.recipient);
    if (mailbox) yield* this.ask(mailbox, 'mailbox', point, session);
    yield* this.ask(this.own, 'host', point, session);
    yield* this.ask(this.behaviors, 'domain', point, session);
  }

  private *ask(
    behaviors: readonly BehaviorPlan[],
    scope: Scope,
    point: Exclude<Point, 'any'>,
    session: SessionState,
  ): Generator<Verdict, undefined> {
    for (const [index, plan] of behaviors.entries()) {
      if (plan.at !== point && plan.at !== 'any') continue;
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
      if (!holds(plan.when, situation, this.options.random, `${scope} ${index} ${plan.do}`)) continue;
      const verdict = BEHAVIORS.get(plan.do)!.decide(plan.params, situation);
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

  private mailboxOf(recipient: string): readonly BehaviorPlan[] | undefined {
    const isShort = this.options.plan.shorthand === true;
    if (this.mailboxes.length === 0 && !isShort) return undefined;
    const localPart = mailboxName(localPartOf(recipient));
    const named = this.mailboxes.find(({ matches }) => matches(localPart))?.behaviors;
    return named ?? (isShort ? this.shorthandFor(localPart) : undefined);
  }

  /** The behaviors that an address names. Addresses that name the same share one list. */
  private shorthandFor(localPart: string): readonly BehaviorPlan[] | undefined {
    const text = shorthandOf(localPart);
    if (text === undefined) return undefined;
    const known = this.shorthand.get(text);
    if (known) return known;
    const read = readShorthand(localPart, this.options.plan.profile)!;
    if ('message' in read) return undefined;
    this.notePoints(read);
    this.shorthand.set(text, read);
    return read;
  }
}
