// The sender and retry engine: mailings in, attempts out, every result turned into the state of a
// delivery and the status of a contact. It is given its world as ports and knows no other.

import { BouncelabError } from '../base/errors.js';
import type { Emit } from '../events/types.js';
import { formatDuration } from '../base/units.js';
import { Automations, type NewAutomation } from './automation.js';
import { Bounces } from './bounce/bounces.js';
import { Intake } from './bounce/intake.js';
import { ReturnPaths } from './bounce/return-path.js';
import { Changes } from './changes.js';
import { Contacts, type Contact, type NewContact } from './model/contact.js';
import type { DestinationLimits } from './destination/destination.js';
import { Destinations } from './destination/destinations.js';
import { Delivery } from './model/delivery.js';
import type { DkimKey } from './message/dkim.js';
import { figuresOf, type MailingFigures } from './figures.js';
import { Mailing, type NewMailing } from './model/mailing.js';
import { OpenDeliveries } from './model/open-deliveries.js';
import type { Clock, Dialer, Inlet, Random, Resolver } from './ports.js';
import { Queue } from './queue.js';
import { Recovery } from './recovery.js';
import type { RetryPolicy } from '../policy/retry-policy.js';
import { chooser, type Selection } from './model/selection.js';
import { Settlement } from './settlement.js';
import type { Timeouts } from './smtp/timeouts.js';
import type { Store } from './store/store.js';

export interface SenderOptions {
  clock: Clock;
  resolver: Resolver;
  dialer: Dialer;
  random: Random;
  policy: RetryPolicy;
  /** Told every fact. */
  emit: Emit;
  /** Keeps what must outlive this sender; it goes on with what is in it. Absent: nothing is kept. */
  store?: Store;
  /**
   * Told once when the store fails: nothing can be kept any more, so that nothing may be done any
   * more. Whoever takes this cuts the connections. Default: throws it.
   */
  onFailure?: (error: Error) => void;
  /** `From:` of the messages. */
  from?: string;
  /** `List-Unsubscribe:` of the messages: a mailto: or https: address in which `{{email}}` is the contact. */
  listUnsubscribe?: string;
  /** Signs the messages (DKIM, RFC 6376): an RSA key. */
  dkim?: DkimKey;
  /** Domain of the return path; bounce messages go there. */
  returnPathDomain?: string;
  /**
   * What return paths are signed with, so that nobody can make one up. By default drawn from
   * `random`: give one where that does not draw the same after a restart.
   */
  returnPathSecret?: string;
  /** Where bounce messages come in; without it none are taken. */
  inlet?: Inlet;
  /** Name for EHLO. */
  clientName?: string;
  limits?: Partial<DestinationLimits>;
  timeouts?: Partial<Timeouts>;
}

export class Sender {
  readonly contacts: Contacts;
  private readonly mailings = new Map<string, Mailing>();
  private readonly open = new OpenDeliveries();
  private readonly changes: Changes;
  private readonly queue: Queue;
  private readonly settlement: Settlement;
  private readonly destinations: Destinations;
  private readonly automations: Automations;
  private readonly clock: Clock;
  private readonly intake: Intake | undefined;
  private isDraining = false;

  /** @throws BouncelabError E_STORE when the store cannot be read, E_STORE_CORRUPT when it contradicts itself */
  constructor(options: SenderOptions) {
    const { clock, random, policy, store, emit } = options;
    this.clock = clock;
    const { onFailure = (error) => this.fail(error) } = options;
    this.changes = new Changes({ clock, emit, store, onFailure });
    this.contacts = new Contacts(clock, this.changes, policy.bounce.softBouncesToError);
    this.queue = new Queue(clock, (deliveries) => this.destinations.take(deliveries));
    const { changes, contacts, open, queue } = this;
    this.settlement = new Settlement({ clock, random, policy, changes, contacts, open, queue });
    const returnPaths = new ReturnPaths(
      options.returnPathSecret ?? secretOf(random),
      options.returnPathDomain ?? 'return.sender.example',
    );
    this.destinations = new Destinations({
      ...options,
      settlement: this.settlement,
      returnPaths,
      tell: this.changes.emit,
    });
    this.automations = new Automations({
      clock,
      changes,
      mailings: this.mailings,
      begin: (order, buildingMs) => void this.begin(order, buildingMs),
    });
    if (store) this.recover(store);
    this.intake = options.inlet && this.openIntake(options.inlet, returnPaths, policy);
  }

  addContact(contact: NewContact): boolean {
    return this.changes.request(() => this.add(contact));
  }

  /**
   * Begins a mailing. Its recipients are chosen at the end of building: the contacts that are
   * active then (rule 1).
   *
   * @param buildingMs how long it is `building`
   */
  send(order: NewMailing, buildingMs: number): Mailing {
    return this.changes.request(() => this.begin(order, buildingMs));
  }

  /** Takes up an automated mailing: it begins mailings by itself from now on. */
  automate(order: NewAutomation): void {
    this.automations.add(order);
  }

  /** The contact wants no more mail: what is in progress for it is withdrawn (rule 10). */
  optOut(address: string, by: string): void {
    this.changes.request(() => {
      const contact = this.known(address, 'opt-out');
      if (contact && this.contacts.optOut(contact, by)) this.settlement.withdraw(contact);
    });
  }

  /**
   * Rule 9. Of those that a pattern means, contacts that are not in error are left alone; one that
   * is named and cannot be re-activated is told as refused.
   *
   * @returns how many are active again
   */
  reactivate(who: Selection, by: string, reason: string): number {
    return this.changes.request(() => {
      let count = 0;
      for (const contact of this.meant(who)) if (this.contacts.reactivate(contact, by, reason)) count++;
      return count;
    });
  }

  /** The contact asks for mail: new, or again after an opt-out. */
  subscribe(address: string): void {
    this.changes.request(() => {
      const contact = this.contacts.get(address);
      if (contact) this.contacts.subscribe(contact);
      else this.add({ address });
    });
  }

  /** The mailing of this name, if there is one. */
  mailing(name: string): Mailing | undefined {
    return this.mailings.get(name);
  }

  /** The figures of a mailing at this moment, counted anew. */
  response(name: string): MailingFigures | undefined {
    const mailing = this.mailings.get(name);
    return mailing && figuresOf(mailing, this.contacts.all());
  }

  /** Begins no attempt any more. @returns when those that are running have ended and no connection is left */
  drained(): Promise<void> {
    this.isDraining = true;
    this.queue.stop();
    return this.destinations.drain();
  }

  /** Takes no more bounce messages; servers that have some will come again. */
  close(): void {
    this.intake?.close();
  }

  /** What each delivery in progress waits for; for the message of a deadlock. */
  waiting(): string[] {
    return Array.from(this.open.all(), (delivery) => {
      const waits =
        delivery.dueAt > this.clock.now()
          ? `its next attempt at ${formatDuration(delivery.dueAt)}`
          : this.destinations.waitsFor(delivery);
      return `${delivery.contact.key} in ${delivery.mailing.name} waits for ${waits}`;
    });
  }

  private add(contact: NewContact): boolean {
    const isNew = this.contacts.add(contact);
    if (isNew) this.automations.added(this.contacts.get(contact.address)!);
    return isNew;
  }

  private begin(order: NewMailing, buildingMs: number): Mailing {
    const mailing = new Mailing(order, this.clock.now() + buildingMs);
    const { name, kind } = mailing;
    this.mailings.set(name, mailing);
    this.changes.mailing(mailing);
    const { series } = order;
    this.changes.emit({
      type: 'mailing.building',
      mailing: name,
      kind,
      ...(series === undefined ? {} : { series }),
    });
    this.build(mailing);
    return mailing;
  }

  private build(mailing: Mailing): void {
    this.clock.after(Math.max(0, mailing.buildingUntil - this.clock.now()), () => this.start(mailing));
  }

  private start(mailing: Mailing): void {
    // A sender that drains begins nothing; the next one on its store will.
    if (this.isDraining) return;
    const now = this.clock.now();
    this.destinations.compose(mailing, this.clock.date());
    const deliveries = this.changes.change(() => {
      const isChosen = chooser(mailing.order.to);
      const recipients = [...this.contacts.all()].filter(
        (contact) => contact.status === 'active' && isChosen(contact),
      );
      mailing.start(recipients.length, now, this.changes);
      return recipients.map((contact) => this.queueDelivery(mailing, contact, now));
    });
    this.destinations.take(deliveries);
  }

  private queueDelivery(mailing: Mailing, contact: Contact, now: number): Delivery {
    const delivery = new Delivery(mailing, contact);
    delivery.dueAt = now;
    this.open.add(delivery);
    this.changes.delivery(delivery);
    this.changes.emit({ type: 'delivery.queued', mailing: mailing.name, address: contact.key });
    return delivery;
  }

  /** Bounce messages come in here (rule 11). */
  private openIntake(inlet: Inlet, returnPaths: ReturnPaths, policy: RetryPolicy): Intake {
    const { changes, contacts, mailings, open, settlement } = this;
    const bounces = new Bounces({ returnPaths, policy, changes, contacts, mailings, open, settlement });
    return new Intake({
      domain: returnPaths.domain,
      inlet,
      received: (returnPath, message) => bounces.receive(returnPath, message),
      // What the store has to say about it has been told.
      broken: (error) => void (error instanceof BouncelabError || this.fail(error)),
    });
  }

  /** Goes on with what is in the store. */
  private recover(store: Store): void {
    const { changes, contacts, mailings, open, queue, settlement, destinations, clock } = this;
    new Recovery({
      changes,
      contacts,
      mailings,
      open,
      queue,
      settlement,
      clock,
      building: (mailing) => this.build(mailing),
      compose: (mailing, date) => destinations.compose(mailing, date),
    }).run(store.load());
  }

  /** Contacts that a request is about. */
  private *meant(who: Selection): Iterable<Contact> {
    const named = (who.addresses ?? []).filter((address) => !address.includes('*'));
    if (who.domain === undefined && named.length === who.addresses?.length) {
      for (const address of named) {
        const contact = this.known(address, 'reactivate');
        if (contact) yield contact;
      }
      return;
    }
    const isMeant = chooser(who);
    for (const contact of this.contacts.all())
      if (contact.status === 'error' && isMeant(contact)) yield contact;
  }

  private fail(error: unknown): void {
    this.clock.after(0, () => {
      throw error;
    });
  }

  private known(address: string, request: 'opt-out' | 'reactivate'): Contact | undefined {
    const contact = this.contacts.get(address);
    if (!contact)
      this.changes.emit({ type: 'contact.refused', address, request, why: 'there is no such contact' });
    return contact;
  }
}

function secretOf(random: Random): string {
  return [1, 2, 3, 4].map((part) => random.fraction('return-path secret', part)).join(' ');
}
