// One state change of the sender: the records that it touches are stored in one transaction, and its
// facts are logged only after that. Without a store, facts are logged at once.

import { BouncelabError } from '../base/errors.js';
import type { Emit, Fact } from '../events/types.js';
import type { Contact, ContactChanges } from './model/contact.js';
import type { Delivery, DeliveryChanges } from './model/delivery.js';
import type { Mailing } from './model/mailing.js';
import type { Clock } from './ports.js';
import { Records } from './store/records.js';
import type { JoinedRecord, StatusRecord, Store } from './store/store.js';

interface ChangesOptions {
  clock: Clock;
  emit: Emit;
  store?: Store | undefined;
  /** Called once when the store fails to keep a change. After that nothing is stored or logged. */
  onFailure: (error: Error) => void;
}

/** What a change has touched, and the store that keeps it. */
interface Touched {
  store: Store;
  contacts: Set<Contact>;
  entries: { contact: Contact; index: number }[];
  mailings: Set<Mailing>;
  joined: JoinedRecord[];
  deliveries: Set<Delivery>;
}

export class Changes implements ContactChanges, DeliveryChanges {
  /** Converts between the sender's objects and the store's records. */
  readonly records: Records;
  /** Absent without a store. */
  private readonly touched: Touched | undefined;
  private isOpen = false;
  private facts: Fact[] = [];
  private failure: Error | undefined;

  constructor(private readonly options: ChangesOptions) {
    const { store } = options;
    this.touched = store && {
      store,
      contacts: new Set(),
      entries: [],
      mailings: new Set(),
      joined: [],
      deliveries: new Set(),
    };
    this.records = new Records(options.clock);
  }

  /** Logs a fact once the change that it belongs to is stored. Bound, so it can be passed as a function. */
  readonly emit: Emit = (fact) => {
    if (this.isOpen) this.facts.push(fact);
    else if (!this.failure) this.options.emit(fact);
  };

  /** Runs `make` as one change. A call inside another change becomes part of that change. */
  change<T>(make: () => T): T {
    if (!this.touched || this.isOpen) return make();
    this.isOpen = true;
    let made: T;
    try {
      made = make();
    } finally {
      this.isOpen = false;
    }
    this.commit(this.touched);
    return made;
  }

  /**
   * Runs `make` as one change for a caller who must learn of a store failure.
   *
   * @throws BouncelabError E_STORE_... when the change is not stored, or the store has failed before
   */
  request<T>(make: () => T): T {
    this.throwFailure();
    const made = this.change(make);
    this.throwFailure();
    return made;
  }

  contact(contact: Contact): void {
    this.touched?.contacts.add(contact);
  }

  past(contact: Contact, index: number): void {
    this.touched?.entries.push({ contact, index });
  }

  mailing(mailing: Mailing): void {
    this.touched?.mailings.add(mailing);
  }

  joined({ name }: Mailing, contact: string): void {
    this.touched?.joined.push({ mailing: name, contact });
  }

  delivery(delivery: Delivery): void {
    this.touched?.deliveries.add(delivery);
  }

  private throwFailure(): void {
    if (this.failure) throw this.failure;
  }

  private commit(touched: Touched): void {
    const { facts } = this;
    this.facts = [];
    if (!this.failure) this.save(touched, facts);
    touched.contacts.clear();
    touched.entries.length = 0;
    touched.mailings.clear();
    touched.joined.length = 0;
    touched.deliveries.clear();
    if (!this.failure) for (const fact of facts) this.options.emit(fact);
  }

  private save(touched: Touched, facts: readonly Fact[]): void {
    const { store, contacts, entries, mailings, joined, deliveries } = touched;
    const { records } = this;
    if (contacts.size + entries.length + mailings.size + joined.length + deliveries.size === 0) return;
    const statuses: StatusRecord[] = [];
    for (const fact of facts) if (fact.type === 'contact.status') statuses.push(records.status(fact));
    try {
      store.commit({
        contacts: Array.from(contacts, (contact) => records.contact(contact)),
        past: entries.map(({ contact, index }) => records.past(contact, index)),
        statuses,
        mailings: Array.from(mailings, (mailing) => records.mailing(mailing)),
        joined: [...joined],
        deliveries: Array.from(deliveries, (delivery) => records.delivery(delivery)),
      });
    } catch (error) {
      const known = error instanceof BouncelabError;
      this.failure = known
        ? error
        : new BouncelabError('E_STORE', `the store failed: ${(error as Error).message}`, { cause: error });
      this.options.onFailure(this.failure);
    }
  }
}
