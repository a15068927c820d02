// Contacts: the status that decides who is mailed, and the streak of soft bounces behind it.
// Rules 1, 8 and 9 of docs/semantics.md.

import type { ContactStatus, Emit } from '../../events/types.js';
import type { Clock } from '../ports.js';
import { standing, type EndedDelivery, type Past, type Standing } from './history.js';

export interface Contact extends Standing {
  /** As written by the user; goes on the wire. */
  readonly address: string;
  /** In lower case: two addresses are the same contact when their keys are. */
  readonly key: string;
  readonly domain: string;
  /** Values of merge fields by name, in lower case. */
  readonly fields?: Readonly<Record<string, string>>;
  /** What has happened to it, in order, and what it was before; absent while nothing has. */
  history?: { start: Standing; past: Past[] };
}

export interface NewContact {
  address: string;
  status?: ContactStatus;
  softBounceStreak?: number;
  /** Values of merge fields by name, in lower case. */
  fields?: Record<string, string> | undefined;
}

/** Where contacts report what they change. */
export interface ContactChanges {
  /** A contact is new, or its status, streak or start has changed. */
  contact(contact: Contact): void;
  /** An entry of a contact's history is new, or has changed. */
  past(contact: Contact, index: number): void;
  /** Logs a fact once the change that it belongs to is stored. */
  emit: Emit;
}

/** How contacts are compared. */
export function contactKey(address: string): string {
  return address.toLowerCase();
}

/** The audience. Every change of a status or a streak goes through here and is told to the log. */
export class Contacts {
  private readonly byKey = new Map<string, Contact>();

  constructor(
    private readonly clock: Clock,
    private readonly changes: ContactChanges,
    private readonly softBouncesToError: number,
  ) {}

  get(address: string): Contact | undefined {
    return this.byKey.get(contactKey(address));
  }

  all(): Iterable<Contact> {
    return this.byKey.values();
  }

  /** Adds a contact. @returns false when there is one with this address already */
  add({ address, status = 'active', softBounceStreak = 0, fields }: NewContact): boolean {
    const key = contactKey(address);
    if (this.byKey.has(key)) {
      this.changes.emit({
        type: 'contact.refused',
        address: key,
        request: 'add',
        why: 'there is such a contact already',
      });
      return false;
    }
    this.changes.contact(this.restore({ address, status, softBounceStreak, ...(fields ? { fields } : {}) }));
    this.changes.emit({ type: 'contact.added', address: key, status, softBounceStreak });
    return true;
  }

  /** Takes a contact as it is, from a store. */
  restore(known: Pick<Contact, 'address' | 'status' | 'softBounceStreak' | 'history' | 'fields'>): Contact {
    const key = contactKey(known.address);
    const contact: Contact = { ...known, key, domain: key.slice(key.lastIndexOf('@') + 1) };
    this.byKey.set(key, contact);
    return contact;
  }

  /** The delivery to this contact in a mailing, if it has ended and was not withdrawn. */
  ended(contact: Contact, mailing: string): EndedDelivery | undefined {
    return contact.history?.past.find(
      (past): past is EndedDelivery => 'mailing' in past && past.mailing === mailing,
    );
  }

  /** A delivery has ended and counts: rules 4 and 8. */
  count(contact: Contact, ended: EndedDelivery): void {
    this.remember(contact, ended);
    switch (ended.what) {
      case 'delivered':
        return this.setStreak(contact, 0, ended.mailing);
      case 'soft-bounced':
        this.setStreak(contact, contact.softBounceStreak + 1, ended.mailing);
        if (contact.softBounceStreak >= this.softBouncesToError)
          this.toError(contact, 'soft-bounces', ended.mailing);
        return;
      case 'hard-bounced':
        if (ended.spares !== true) this.toError(contact, 'hard-bounce', ended.mailing);
    }
  }

  /**
   * How a delivery ended has changed: status and streak become what they would be, had it ended so
   * in the first place (rule 11). A contact that is in error by now stays there.
   */
  recount(contact: Contact, changed: EndedDelivery): void {
    const { start, past } = contact.history!;
    this.changes.past(contact, past.indexOf(changed));
    const { status, softBounceStreak } = standing(start, past, this.softBouncesToError);
    this.setStreak(contact, softBounceStreak, changed.mailing);
    if (status !== 'error') return;
    const why = changed.what === 'hard-bounced' && changed.spares !== true ? 'hard-bounce' : 'soft-bounces';
    this.toError(contact, why, changed.mailing);
  }

  /** @returns false when the contact has opted out already */
  optOut(contact: Contact, by: string): boolean {
    this.remember(contact, { what: 'opt-out', at: this.clock.now() });
    if (contact.status === 'opt-out') return false;
    this.setStatus(contact, 'opt-out', 'opt-out', { by });
    return true;
  }

  /** Rule 9. @returns false when the contact is not in status `error` */
  reactivate(contact: Contact, by: string, reason: string): boolean {
    this.remember(contact, { what: 'reactivate', at: this.clock.now() });
    if (contact.status !== 'error') {
      const why =
        contact.status === 'opt-out'
          ? 'an opt-out contact can only subscribe again'
          : 'the contact is active already';
      this.changes.emit({ type: 'contact.refused', address: contact.key, request: 'reactivate', why });
      return false;
    }
    this.setStatus(contact, 'active', 'reactivate', { by, reason });
    this.setStreak(contact, 0);
    return true;
  }

  /** The contact itself asks for mail again: the only way back from `opt-out`. */
  subscribe(contact: Contact): void {
    this.remember(contact, { what: 'subscribe', at: this.clock.now() });
    if (contact.status === 'active') {
      const why = 'the contact is active already';
      this.changes.emit({ type: 'contact.refused', address: contact.key, request: 'subscribe', why });
      return;
    }
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
    this.changes.contact(contact);
    this.changes.emit({ type: 'contact.status', address: contact.key, from, to, why, ...by });
  }

  /** Called before what has happened changes the contact. */
  private remember(contact: Contact, past: Past): void {
    const { status, softBounceStreak } = contact;
    contact.history ??= { start: { status, softBounceStreak }, past: [] };
    const index = contact.history.past.push(past) - 1;
    // Its first entry gives the contact a start that it did not have.
    if (index === 0) this.changes.contact(contact);
    this.changes.past(contact, index);
  }

  private setStreak(contact: Contact, to: number, mailing?: string): void {
    const from = contact.softBounceStreak;
    if (from === to) return;
    contact.softBounceStreak = to;
    this.changes.contact(contact);
    this.changes.emit({
      type: 'contact.streak',
      address: contact.key,
      from,
      to,
      ...(mailing === undefined ? {} : { mailing }),
    });
  }
}
