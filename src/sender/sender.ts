// The sender and retry engine: it turns mailings into deliveries, and the result of each attempt into the
// state of a delivery and the status of a contact. It reaches the world through its ports only.

import { wireDomain } from '../base/domain-names.js';
import { BouncelabError } from '../base/errors.js';
import { formatDuration } from '../base/units.js';
import { Automations, type NewAutomation } from './automation.js';
import { Bounces } from './bounce/bounces.js';
import { Intake } from './bounce/intake.js';
import { ReturnPaths } from './bounce/return-path.js';
import { Changes } from './changes.js';
import { Contacts, type Contact, type NewContact } from './model/contact.js';
import { limitsOf } from './destination/options.js';
import { Destinations } from './destination/destinations.js';
import { Delivery } from './model/delivery.js';
import { Messages } from './message/messages.js';
import { Responses, type MailingFigures } from './figures.js';
import { Mailing, type NewMailing } from './model/mailing.js';
import { OpenDeliveries } from './model/open-deliveries.js';
import type { Clock, Inlet, Random } from './ports.js';
import { Queue } from './queue.js';
import { Recovery } from './recovery.js';
import { SHIPPED_PROVIDERS } from '../policy/providers.js';
import type { RetryPolicy } from '../policy/retry-policy.js';
import { chooser, namedOnly, type Selection } from './model/selection.js';
import type { SenderOptions } from './sender-options.js';
import { Settlement } from './settlement.js';
import { SmtpTransport } from './smtp/smtp-transport.js';
import { DEFAULT_TIMEOUTS } from './smtp/timeouts.js';
import type { Store } from './store/store.js';

export type { SenderOptions } from './sender-options.js';

export class Sender {
  readonly contacts: Contacts;
  private readonly responses: Responses;
  private readonly mailings = new Map<string, Mailing>();
  private readonly open = new OpenDeliveries();
  private readonly changes: Changes;
  private readonly queue: Queue;
  private readonly settlement: Settlement;
  private readonly messages: Messages;
  private readonly destinations: Destinations;
  private readonly automations: Automations;
  private readonly clock: Clock;
  private readonly intake: Intake | undefined;
  private isDraining = false;

  /** @throws BouncelabError E_STORE when the store cannot be read, E_STORE_CORRUPT when its records contradict each other */
  constructor(options: SenderOptions) {
    const { clock, random, policy, store, emit } = options;
    this.clock = clock;
    const { onFailure = (error) => this.fail(error) } = options;
    this.changes = new Changes({ clock, emit, store, onFailure });
    this.contacts = new Contacts(clock, this.changes, policy.bounce.softBouncesToError);
    this.responses = new Responses(this.contacts);
    this.queue = new Queue(clock, (deliveries) => this.destinations.take(deliveries));
    const { changes, contacts, open, queue } = this;
    this.settlement = new Settlement({ clock, random, policy, changes, contacts, open, queue });
    const returnPaths = new ReturnPaths(
      options.returnPathSecret ?? secretOf(random),
      options.returnPathDomain ?? 'return.sender.example',
    );
    this.messages = new Messages({ ...options, returnPaths });
    const { by = 'site', providers = [] } = policy.destination ?? {};
    this.destinations = new Destinations({
      by,
      providers: [...SHIPPED_PROVIDERS, ...providers],
      clock,
      random,
      resolver: options.resolver,
      transport: new SmtpTransport({
        clock,
        dialer: options.dialer,
        clientName: wireDomain(options.clientName ?? 'sender.example'),
        timeouts: { ...DEFAULT_TIMEOUTS, ...options.timeouts },
      }),
      limits: { ...limitsOf(policy), ...options.limits },
      backoff: policy.destination,
      emit: this.changes.emit,
      journal: this.settlement,
      messages: this.messages,
      onFailure: (error) => this.fail(error),
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

  /** Starts an automated mailing: from now on it begins its occurrences. */
  automate(order: NewAutomation): void {
    this.automations.add(order);
  }

  /** Opts a contact out and withdraws its deliveries in progress (rule 10). @param by who asked for it */
  optOut(address: string, by: string): void {
    this.changes.request(() => {
      const contact = this.known(address, 'opt-out');
      if (contact && this.contacts.optOut(contact, by)) this.settlement.withdraw(contact);
    });
  }

  /**
   * Re-activates contacts (rule 9). Contacts that match a pattern or a domain and are not in `error` are
   * skipped. For an address that is named and cannot be re-activated, `contact.refused` is logged.
   *
   * @returns how many contacts became active
   */
  reactivate(who: Selection, by: string, reason: string): number {
    return this.changes.request(() => {
      let count = 0;
      for (const contact of this.selected(who)) if (this.contacts.reactivate(contact, by, reason)) count++;
      return count;
    });
  }

  /** The contact asks for mail: for the first time, or again after an opt-out. */
  subscribe(address: string): void {
    this.changes.request(() => {
      const contact = this.contacts.get(address);
      if (contact) this.contacts.subscribe(contact);
      else this.add({ address });
    });
  }

  mailing(name: string): Mailing | undefined {
    return this.mailings.get(name);
  }

  /** The figures of a mailing at the present time. */
  response(name: string): MailingFigures | undefined {
    const mailing = this.mailings.get(name);
    return mailing && this.responses.of(mailing);
  }

  /** Begins no more attempts. @returns when the running ones have ended and all connections are closed */
  drained(): Promise<void> {
    this.isDraining = true;
    this.queue.stop();
    return this.destinations.drain();
  }

  /** Receives no more bounce messages: the servers that have some try again later. */
  close(): void {
    this.intake?.close();
  }

  /** One line of text for each delivery in progress: what it waits for. Used in the message of a deadlock. */
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
    // While draining no mailing starts; the next sender on this store starts it.
    if (this.isDraining) return;
    const now = this.clock.now();
    this.messages.compose(mailing, this.clock.date());
    const deliveries = this.changes.change(() => {
      const recipients = chosen(mailing.to, this.contacts);
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

  /** Receives bounce messages (rule 11). */
  private openIntake(inlet: Inlet, returnPaths: ReturnPaths, policy: RetryPolicy): Intake {
    const { changes, contacts, mailings, open, settlement } = this;
    const bounces = new Bounces({ returnPaths, policy, changes, contacts, mailings, open, settlement });
    return new Intake({
      domain: returnPaths.domain,
      inlet,
      received: (returnPath, message) => bounces.receive(returnPath, message),
      // A failure of the store was reported to onFailure.
      broken: (error) => void (error instanceof BouncelabError || this.fail(error)),
    });
  }

  /** Resumes what is in the store. */
  private recover(store: Store): void {
    const { changes, contacts, mailings, open, queue, settlement, messages, clock } = this;
    new Recovery({
      changes,
      contacts,
      mailings,
      open,
      queue,
      settlement,
      clock,
      building: (mailing) => this.build(mailing),
      compose: (mailing, date) => messages.compose(mailing, date),
    }).run(store.load());
  }

  /** Contacts in a selection that may be re-activated: those in `error`, and every address that is named. */
  private *selected(who: Selection): Iterable<Contact> {
    const named = namedOnly(who);
    if (named) {
      for (const address of named) {
        const contact = this.known(address, 'reactivate');
        if (contact) yield contact;
      }
      return;
    }
    const isSelected = chooser(who);
    for (const contact of this.contacts.all())
      if (contact.status === 'error' && isSelected(contact)) yield contact;
  }

  /** Throws outside of every caller: nothing can handle this error. */
  private fail(error: unknown): void {
    this.clock.after(0, () => {
      throw error;
    });
  }

  /** Finds a contact; logs the request as refused when there is none. */
  private known(address: string, request: 'opt-out' | 'reactivate'): Contact | undefined {
    const contact = this.contacts.get(address);
    if (!contact)
      this.changes.emit({ type: 'contact.refused', address, request, why: 'there is no such contact' });
    return contact;
  }
}

/** The active contacts of a selection, in the order of the audience. A few that are named are looked up. */
function chosen(to: Selection | undefined, contacts: Contacts): Contact[] {
  const named = to && namedOnly(to);
  const isChosen = chooser(to);
  const among = named
    ? [...new Set(named.flatMap((address) => contacts.get(address) ?? []))].sort((a, b) => a.nth - b.nth)
    : contacts.all();
  const found: Contact[] = [];
  for (const contact of among) if (contact.status === 'active' && isChosen(contact)) found.push(contact);
  return found;
}

function secretOf(random: Random): string {
  return [1, 2, 3, 4].map((part) => random.fraction('return-path secret', part)).join(' ');
}
