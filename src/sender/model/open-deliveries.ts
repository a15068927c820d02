// The deliveries in progress, by contact: a change of the contact's status withdraws them.

import type { Contact } from './contact.js';
import type { Delivery } from './delivery.js';

export class OpenDeliveries {
  /** Most contacts have one delivery at a time, for which a set would cost more than the delivery. */
  private readonly byContact = new Map<Contact, Delivery | Set<Delivery>>();

  add(delivery: Delivery): void {
    const open = this.byContact.get(delivery.contact);
    if (open instanceof Set) open.add(delivery);
    else this.byContact.set(delivery.contact, open ? new Set([open, delivery]) : delivery);
  }

  remove(delivery: Delivery): void {
    const open = this.byContact.get(delivery.contact);
    if (open instanceof Set) open.delete(delivery);
    if (open === delivery || (open instanceof Set && open.size === 0))
      this.byContact.delete(delivery.contact);
  }

  /** The deliveries of one contact; a copy, so that a caller may end them while it iterates. */
  of(contact: Contact): Delivery[] {
    const open = this.byContact.get(contact);
    if (open instanceof Set) return [...open];
    return open ? [open] : [];
  }

  *all(): Iterable<Delivery> {
    for (const open of this.byContact.values()) {
      if (open instanceof Set) yield* open;
      else yield open;
    }
  }
}
