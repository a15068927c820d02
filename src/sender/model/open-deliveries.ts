// The deliveries in progress, by contact: what a change of the contact's status ends.

import type { Contact } from './contact.js';
import type { Delivery } from './delivery.js';

export class OpenDeliveries {
  private readonly byContact = new Map<Contact, Set<Delivery>>();

  add(delivery: Delivery): void {
    const open = this.byContact.get(delivery.contact);
    if (open) open.add(delivery);
    else this.byContact.set(delivery.contact, new Set([delivery]));
  }

  remove(delivery: Delivery): void {
    const open = this.byContact.get(delivery.contact);
    open?.delete(delivery);
    if (open?.size === 0) this.byContact.delete(delivery.contact);
  }

  /** Those of one contact; a list of its own, so that ending them does not change it. */
  of(contact: Contact): Delivery[] {
    return [...(this.byContact.get(contact) ?? [])];
  }

  *all(): Iterable<Delivery> {
    for (const deliveries of this.byContact.values()) yield* deliveries;
  }
}
