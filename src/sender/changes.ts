// One state change of the sender: what it touches is kept by the store as one transaction, and
// only then told to the log. Without a store there is nothing to keep, and facts are told at once.

import { BouncelabError } from '../base/errors.js';
import type { Emit, Fact } from '../events/types.js';
import type { Contact } from './model/contact.js';
import type { Delivery } from './model/delivery.js';
import type { Mailing } from './model/mailing.js';
import type { Clock } from './ports.js';
import { Records } from './store/records.js';
import type { StatusRecord, Store } from './store/store.js';

export interface ChangesOptions {
  clock: Clock;
  emit: Emit;
  store?: Store | undefined;
  /** Told once when the store does not keep a change: from then on nothing is done any more. */
  onFailure: (error: Error) => void;
}

/** What a change has touched, and the store that is to keep it. */
interface Touched {
  store: Store;
  contacts: Set<Contact>;
  entries: { contact: Contact; index: number }[];
  mailings: Set<Mailing>;
  deliveries: Set<Delivery>;
}

export class Changes {
  /** Between the sender's objects and a store's records. */
  readonly records: Records;
  /** Absent without a store. */
  private readonly touched: Touched | undefined;
  private readonly emit: Emit;
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
      deliveries: new Set(),
    };
    this.emit = options.emit;
    this.records = new Records(options.clock);
  }

  /** Tells a fact, once the change that it is part of is kept. Bound, so that it can be handed out. */
  readonly tell: Emit = (fact) => {
    if (this.isOpen) this.facts.push(fact);
    else if (!this.failure) this.emit(fact);
  };

  /** Makes one change of what `make` does, or a part of the change that is being made. */
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
   * Makes a change that somebody asked for.
   *
   * @throws BouncelabError E_STORE_... when it is not kept, or none can be kept any more
   */
  request<T>(make: () => T): T {
    this.throwFailure();
    const made = this.change(make);
    this.throwFailure();
    return made;
  }

  /** The contact is another from now on. */
  contact(contact: Contact): void {
    this.touched?.contacts.add(contact);
  }

  /** An entry of the contact's history is new, or another from now on. */
  past(contact: Contact, index: number): void {
    this.touched?.entries.push({ contact, index });
  }

  /** The mailing is another from now on. */
  mailing(mailing: Mailing): void {
    this.touched?.mailings.add(mailing);
  }

  /** The delivery is another from now on. */
  delivery(delivery: Delivery): void {
    this.touched?.deliveries.add(delivery);
  }

  private throwFailure(): void {
    if (this.failure) throw this.failure;
  }

  private commit(touched: Touched): void {
    const { facts } = this;
    this.facts = [];
    if (!this.failure) this.keep(touched, facts);
    touched.contacts.clear();
    touched.entries.length = 0;
    touched.mailings.clear();
    touched.deliveries.clear();
    if (!this.failure) for (const fact of facts) this.emit(fact);
  }

  private keep(touched: Touched, facts: readonly Fact[]): void {
    const { store, contacts, entries, mailings, deliveries } = touched;
    const { records } = this;
    if (contacts.size + entries.length + mailings.size + deliveries.size === 0) return;
    const statuses: StatusRecord[] = [];
    for (const fact of facts) if (fact.type === 'contact.status') statuses.push(records.status(fact));
    try {
      store.commit({
        contacts: Array.from(contacts, (contact) => records.contact(contact)),
        past: entries.map(({ contact, index }) => records.past(contact, index)),
        statuses,
        mailings: Array.from(mailings, (mailing) => records.mailing(mailing)),
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
