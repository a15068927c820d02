// The sender and retry engine: mailings in, attempts out, every result turned into the state of a
// delivery and the status of a contact. It is given its world as ports and knows no other.

import type { Cause, Emit } from '../events/types.js';
import { formatDuration } from '../units.js';
import { attemptFact } from './attempt.js';
import { liesWithRecipient } from './classify.js';
import { Contacts, type Contact, type NewContact } from './contact.js';
import {
  DEFAULT_LIMITS,
  Destination,
  type DestinationLimits,
  type DestinationResult,
} from './destination.js';
import { Delivery } from './delivery.js';
import type { EndedDelivery } from './history.js';
import { Mailing, type NewMailing } from './mailing.js';
import { Composer } from './message.js';
import type { Clock, Dialer, Random, Resolver } from './ports.js';
import { Queue } from './queue.js';
import { budgetClass, decide, windowEdge, type RetryPolicy } from './retry-policy.js';
import { DEFAULT_TIMEOUTS, type Timeouts } from './smtp/session.js';

export interface SenderOptions {
  clock: Clock;
  resolver: Resolver;
  dialer: Dialer;
  random: Random;
  policy: RetryPolicy;
  /** Told every fact. */
  emit: Emit;
  /** `From:` of the messages. */
  from?: string;
  /** Domain of the return path; bounce messages go there. */
  returnPathDomain?: string;
  /** Name for EHLO. */
  clientName?: string;
  limits?: Partial<DestinationLimits>;
  timeouts?: Partial<Timeouts>;
}

export class Sender {
  readonly contacts: Contacts;
  private readonly queue: Queue;
  private readonly destinations = new Map<string, Destination>();
  private readonly composers = new Map<Mailing, Composer>();
  /** Deliveries in progress by contact. */
  private readonly open = new Map<Contact, Set<Delivery>>();
  private readonly emit: Emit;
  private readonly clock: Clock;

  constructor(private readonly options: SenderOptions) {
    this.emit = options.emit;
    this.clock = options.clock;
    this.contacts = new Contacts(
      options.emit,
      () => options.clock.now(),
      options.policy.bounce.softBouncesToError,
    );
    this.queue = new Queue(options.clock, (deliveries) => this.take(deliveries));
  }

  addContact(contact: NewContact): boolean {
    return this.contacts.add(contact);
  }

  /**
   * Begins a mailing. Its recipients are chosen at the end of building: the contacts that are
   * active then (rule 1).
   *
   * @param buildingMs how long it is `building`
   */
  send(order: NewMailing, buildingMs: number): Mailing {
    const mailing = new Mailing(order);
    this.emit({ type: 'mailing.building', mailing: mailing.name, kind: mailing.kind });
    this.clock.after(buildingMs, () => this.start(mailing));
    return mailing;
  }

  /** The contact wants no more mail: what is in progress for it is withdrawn (rule 10). */
  optOut(address: string, by: string): void {
    const contact = this.known(address, 'opt-out');
    if (contact && this.contacts.optOut(contact, by)) this.withdraw(contact);
  }

  /** Rule 9. */
  reactivate(address: string, by: string, reason: string): void {
    const contact = this.known(address, 'reactivate');
    if (contact) this.contacts.reactivate(contact, by, reason);
  }

  /** The contact asks for mail: new, or again after an opt-out. */
  subscribe(address: string): void {
    const contact = this.contacts.get(address);
    if (contact) this.contacts.subscribe(contact);
    else this.contacts.add({ address });
  }

  /** What each delivery in progress waits for; for the message of a deadlock. */
  waiting(): string[] {
    const lines: string[] = [];
    for (const deliveries of this.open.values()) {
      for (const delivery of deliveries) {
        const { contact, mailing } = delivery;
        const destination = this.destinations.get(contact.domain);
        const waits =
          delivery.dueAt > this.clock.now()
            ? `its next attempt at ${formatDuration(delivery.dueAt)}`
            : (destination?.waitsFor(delivery) ?? 'its first attempt');
        lines.push(`${contact.key} in ${mailing.name} waits for ${waits}`);
      }
    }
    return lines;
  }

  private start(mailing: Mailing): void {
    const { message, chooses = () => true } = mailing.order;
    const from = this.options.from ?? 'news@sender.example';
    this.composers.set(
      mailing,
      new Composer(message, { mailing: mailing.name, from, date: this.clock.date() }),
    );
    const recipients = [...this.contacts.all()].filter(
      (contact) => contact.status === 'active' && chooses(contact),
    );
    const now = this.clock.now();
    mailing.start(recipients.length, now, this.emit);
    const deliveries = recipients.map((contact) => this.queueDelivery(mailing, contact, now));
    this.take(deliveries);
  }

  private queueDelivery(mailing: Mailing, contact: Contact, now: number): Delivery {
    const delivery = new Delivery(mailing, contact);
    delivery.dueAt = now;
    let open = this.open.get(contact);
    if (!open) this.open.set(contact, (open = new Set()));
    open.add(delivery);
    this.emit({ type: 'delivery.queued', mailing: mailing.name, address: contact.key });
    return delivery;
  }

  /** Hands deliveries that are due to their destinations, all of one moment before any is begun. */
  private take(deliveries: Delivery[]): void {
    const touched = new Set<Destination>();
    for (const delivery of deliveries) {
      const destination = this.destinationOf(delivery.contact);
      destination.add(delivery);
      touched.add(destination);
    }
    for (const destination of touched) destination.pump();
  }

  private destinationOf(contact: Contact): Destination {
    const { domain } = contact;
    let destination = this.destinations.get(domain);
    if (!destination) {
      const { clock, resolver, dialer, limits, timeouts, clientName = 'sender.example' } = this.options;
      destination = new Destination(domain, {
        clock,
        resolver,
        limits: { ...DEFAULT_LIMITS, ...limits },
        session: { clock, dialer, clientName, timeouts: { ...DEFAULT_TIMEOUTS, ...timeouts } },
        envelopeFrom: (delivery) => this.returnPath(delivery),
        render: (delivery) => this.composers.get(delivery.mailing)!.render(delivery.contact),
        attempted: (delivery, result) => this.attempted(delivery, result),
        edgeOf: (delivery) => this.edgeOf(delivery),
        expired: (delivery) => this.expired(delivery),
        broken: (error) =>
          void clock.after(0, () => {
            throw error;
          }),
        left: (delivery) => this.withdrawn(delivery),
      });
      this.destinations.set(domain, destination);
    }
    return destination;
  }

  /** Variable envelope return path: a bounce message tells by its address whom it is about. */
  private returnPath({ mailing, contact }: Delivery): string {
    const recipient = contact.key.replace(/@(?=[^@]*$)/, '=');
    return `bounce+${mailing.name}+${recipient}@${this.options.returnPathDomain ?? 'return.sender.example'}`;
  }

  private attempted(delivery: Delivery, result: DestinationResult): void {
    const { contact, mailing } = delivery;
    const fact = attemptFact(delivery, result, this.options.policy);
    const { outcome, cause } = fact;
    delivery.attempts = fact.n;
    delivery.runningSince = undefined;
    delivery.firstAttemptAt ??= result.startedAt;
    delivery.lastCause = cause;
    if (outcome === 'accepted') {
      this.emit(fact);
      return this.delivered(delivery, result.startedAt);
    }
    if (outcome === 'rejected') {
      this.emit(fact);
      return this.hardBounced(
        delivery,
        cause,
        result.reply ? `${result.reply.code} at ${result.stage}` : (result.error ?? cause),
        result.startedAt,
      );
    }
    const spent = budgetClass(outcome, result.stage);
    delivery[spent]++;
    const decision = decide(this.options.policy, {
      attempts: fact.n,
      replied: delivery.replied,
      unreachable: delivery.unreachable,
      class: spent,
      firstAttemptAt: delivery.firstAttemptAt,
      mailingStartedAt: mailing.startedAt,
      endedAt: this.clock.now(),
      draw:
        this.options.policy.retry.jitter === 0
          ? 0
          : this.options.random.fraction('jitter', mailing.name, contact.key, fact.n),
    });
    if ('giveUp' in decision) {
      this.emit(fact);
      return this.softBounced(delivery, cause, decision.giveUp, result.startedAt);
    }
    if (delivery.leaving) {
      this.emit(fact);
      return this.withdrawn(delivery);
    }
    fact.nextAt = decision.retryAt;
    this.emit(fact);
    delivery.dueAt = decision.retryAt;
    this.queue.add(delivery);
  }

  private delivered(delivery: Delivery, begunAt: number): void {
    this.end(delivery, () => delivery.end('delivered', '2xx after the final dot', this.emit));
    this.count(delivery, { what: 'delivered', begunAt });
  }

  private hardBounced(delivery: Delivery, cause: Cause, why: string, begunAt: number): void {
    this.end(delivery, () => delivery.end('hard-bounced', why, this.emit, cause));
    this.count(delivery, { what: 'hard-bounced', begunAt, ...this.spares(cause) });
  }

  private softBounced(delivery: Delivery, cause: Cause, why: string, begunAt: number): void {
    this.end(delivery, () => delivery.end('soft-bounced', why, this.emit, cause));
    this.count(delivery, { what: 'soft-bounced', begunAt });
  }

  private count(
    { contact, mailing }: Delivery,
    how: Pick<EndedDelivery, 'what' | 'begunAt' | 'spares'>,
  ): void {
    const { startedAt: chosenAt, name } = mailing;
    this.contacts.count(contact, { ...how, mailing: name, chosenAt, endedAt: this.clock.now() });
    this.withdraw(contact);
  }

  /** Whether the policy lets a contact stay active after a hard bounce. */
  private spares(cause: Cause): { spares?: true } {
    const isSpared = this.options.policy.bounce.hard === 'recipient-only' && !liesWithRecipient(cause);
    return isSpared ? { spares: true } : {};
  }

  /** The window was over before a connection was free. */
  private expired(delivery: Delivery): void {
    this.softBounced(delivery, delivery.lastCause ?? 'other', 'window over', this.clock.now());
  }

  private edgeOf({ mailing, firstAttemptAt }: Delivery): number {
    const { startedAt: mailingStartedAt } = mailing;
    return windowEdge(this.options.policy.retry, { mailingStartedAt, firstAttemptAt });
  }

  /** Rule 10: ends what else is in progress for a contact that is not active any more. */
  private withdraw(contact: Contact): void {
    const { status } = contact;
    if (status === 'active') return;
    for (const delivery of [...(this.open.get(contact) ?? [])]) {
      if (delivery.runningSince !== undefined) {
        delivery.leaving ??= status;
        continue;
      }
      this.withdrawn(delivery);
    }
  }

  private withdrawn(delivery: Delivery): void {
    this.end(delivery, () =>
      delivery.end('withdrawn', delivery.leaving ?? delivery.contact.status, this.emit),
    );
  }

  private end(delivery: Delivery, how: () => void): void {
    const open = this.open.get(delivery.contact);
    open?.delete(delivery);
    if (open?.size === 0) this.open.delete(delivery.contact);
    how();
  }

  private known(address: string, request: 'opt-out' | 'reactivate'): Contact | undefined {
    const contact = this.contacts.get(address);
    if (!contact) this.emit({ type: 'contact.refused', address, request, why: 'there is no such contact' });
    return contact;
  }
}
