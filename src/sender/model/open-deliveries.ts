// The deliveries in progress, by contact: a change of the contact's status withdraws them.

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

  /** The deliveries of one contact; a copy, so that a caller may end them while it iterates. */
  of(contact: Contact): Delivery[] {
    return [...(this.byContact.get(contact) ?? [])];
  }

  *all(): Iterable<Delivery> {
    for (const deliveries of this.byContact.values()) yield* deliveries;
  }
}
