// Contacts: the status that decides who is mailed, and the streak of soft bounces behind it.
// Rules 1, 8 and 9 of docs/semantics.md.

import type { ContactStatus, Emit } from '../events/types.js';

export interface Contact {
  /** As written by the user; goes on the wire. */
  readonly address: string;
  /** In lower case: two addresses are the same contact when their keys are. */
  readonly key: string;
  readonly domain: string;
  status: ContactStatus;
  softBounceStreak: number;
}

export interface NewContact {
  address: string;
  status?: ContactStatus;
  softBounceStreak?: number;
}

/** How contacts are compared. */
export function contactKey(address: string): string {
  return address.toLowerCase();
}

/** The audience. Every change of a status or a streak goes through here and is told to the log. */
export class Contacts {
  private readonly byKey = new Map<string, Contact>();

  constructor(
    private readonly emit: Emit,
    private readonly softBouncesToError: number,
  ) {}

  get(address: string): Contact | undefined {
    return this.byKey.get(contactKey(address));
  }

  all(): Iterable<Contact> {
    return this.byKey.values();
  }

  /** Adds a contact. @returns false when there is one with this address already */
  add({ address, status = 'active', softBounceStreak = 0 }: NewContact): boolean {
    const key = contactKey(address);
    if (this.byKey.has(key)) {
      this.emit({
        type: 'contact.refused',
        address: key,
        request: 'add',
        why: 'there is such a contact already',
      });
      return false;
    }
    const domain = key.slice(key.lastIndexOf('@') + 1);
    this.byKey.set(key, { address, key, domain, status, softBounceStreak });
    this.emit({ type: 'contact.added', address: key, status, softBounceStreak });
    return true;
  }

  /** A delivered mailing: the streak ends. */
  delivered(contact: Contact, mailing: string): void {
    this.setStreak(contact, 0, mailing);
  }

  /** A soft-bounced mailing: one more in a row; enough of them cost the contact its active status. */
  softBounced(contact: Contact, mailing: string): void {
    this.setStreak(contact, contact.softBounceStreak + 1, mailing);
    if (contact.softBounceStreak >= this.softBouncesToError) this.toError(contact, 'soft-bounces', mailing);
  }

  hardBounced(contact: Contact, mailing: string): void {
    this.toError(contact, 'hard-bounce', mailing);
  }

  /** @returns false when the contact has opted out already */
  optOut(contact: Contact, by: string): boolean {
    if (contact.status === 'opt-out') return false;
    this.setStatus(contact, 'opt-out', 'opt-out', { by });
    return true;
  }

  /** Rule 9. @returns false when the contact is not in status `error` */
  reactivate(contact: Contact, by: string, reason: string): boolean {
    if (contact.status !== 'error') {
      const why =
        contact.status === 'opt-out'
          ? 'an opt-out contact can only subscribe again'
          : 'the contact is active already';
      this.emit({ type: 'contact.refused', address: contact.key, request: 'reactivate', why });
      return false;
    }
    this.setStatus(contact, 'active', 'reactivate', { by, reason });
    this.setStreak(contact, 0);
    return true;
  }

  /** The contact itself asks for mail again: the only way back from `opt-out`. */
  subscribe(contact: Contact): void {
    if (contact.status === 'active') return;
    this.setStatus(contact, 'active', 'subscribe', { by: 'contact' });
    this.setStreak(contact, 0);
  }

  private toError(contact: Contact, why: 'hard-bounce' | 'soft-bounces', mailing: string): void {
    // An opt-out stays one: `error` could be re-activated, and that would override the contact's wish.
    if (contact.status === 'active') this.setStatus(contact, 'error', why, { by: 'sender', mailing });
  }

  private setStatus(
    contact: Contact,
    to: ContactStatus,
    why: 'hard-bounce' | 'soft-bounces' | 'opt-out' | 'reactivate' | 'subscribe',
    by: { by: string; reason?: string; mailing?: string },
  ): void {
    const from = contact.status;
    contact.status = to;
    this.emit({ type: 'contact.status', address: contact.key, from, to, why, ...by });
  }

  private setStreak(contact: Contact, to: number, mailing?: string): void {
    const from = contact.softBounceStreak;
    if (from === to) return;
    contact.softBounceStreak = to;
    this.emit({
      type: 'contact.streak',
      address: contact.key,
      from,
      to,
      ...(mailing === undefined ? {} : { mailing }),
    });
  }
}
