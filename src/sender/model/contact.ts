// Contacts: the status that decides which contacts are mailed, and the streak of soft bounces that
// decides the status. Rules 1, 8 and 9 of docs/semantics.md.

import { addressKey, asWritten, domainOf } from '../../base/addresses.js';
import type { ContactStatus, Emit } from '../../events/types.js';
import type { Clock } from '../ports.js';
import { HistoryIndex, type EndedDelivery, type HistoryEntry, type Standing } from './history.js';

export interface Contact extends Standing {
  /** As the user wrote it. */
  readonly address: string;
  /** Identifies the contact: the same for all spellings of the address. */
  readonly key: string;
  /** Of the key, so that it is the name that DNS knows. */
  readonly domain: string;
  /** Its place in the audience. */
  readonly nth: number;
  /** Values of merge fields by name, in lower case. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Its history and its standing before that; absent while the history is empty. */
  history?: { start: Standing; past: HistoryEntry[]; index?: HistoryIndex };
}

/** Histories up to this number of entries are read without an index that is kept. */
const SHORT_HISTORY = 16;

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

/** The audience. Every change of a status or a streak is made and logged here. */
export class Contacts {
  private readonly byKey = new Map<string, Contact>();
  private readonly domains = new Map<string, string>();
  /** Standings before the first entry of a history, which most contacts have in common. */
  private readonly starts = new Map<string, Standing>();
  private changed = 0;

  constructor(
    private readonly clock: Clock,
    private readonly changes: ContactChanges,
    private readonly softBouncesToError: number,
  ) {}

  /** Changes with every change of a history. */
  get version(): number {
    return this.changed;
  }

  get(address: string): Contact | undefined {
    return this.byKey.get(addressKey(address));
  }

  get size(): number {
    return this.byKey.size;
  }

  all(): Iterable<Contact> {
    return this.byKey.values();
  }

  /** Adds a contact. @returns false when the audience has one with this address */
  add({ address, status = 'active', softBounceStreak = 0, fields }: NewContact): boolean {
    const key = addressKey(address);
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
    this.changes.emit({
      type: 'contact.added',
      address: key,
      ...asWritten(address),
      status,
      softBounceStreak,
    });
    return true;
  }

  /** Takes over a contact from a store: logs nothing and stores nothing. */
  restore(known: Pick<Contact, 'address' | 'status' | 'softBounceStreak' | 'history' | 'fields'>): Contact {
    const key = addressKey(known.address);
    const { status, softBounceStreak, history, fields } = known;
    const contact: Contact = {
      // In a large audience a second string for each address would cost as much as the contact.
      address: known.address === key ? key : known.address,
      key,
      domain: this.shared(domainOf(key)),
      nth: this.byKey.size,
      status,
      softBounceStreak,
      ...(fields ? { fields } : {}),
      ...(history ? { history } : {}),
    };
    this.byKey.set(key, contact);
    this.changed++;
    return contact;
  }

  /** The delivery to this contact in a mailing, when it has ended other than by withdrawal. */
  ended(contact: Contact, mailing: string): EndedDelivery | undefined {
    const place = this.index(contact)?.placeOf(mailing);
    return place === undefined ? undefined : (contact.history!.past[place] as EndedDelivery);
  }

  /** Counts the end of a delivery towards the contact's streak and status: rules 4 and 8. */
  count(contact: Contact, ended: EndedDelivery): void {
    this.remember(contact, ended);
    switch (ended.what) {
      case 'delivered':
        return this.setStreak(contact, 0, ended.mailing);
      case 'soft-bounced':
        if (ended.unattempted === true) return;
        this.setStreak(contact, contact.softBounceStreak + 1, ended.mailing);
        if (contact.softBounceStreak >= this.softBouncesToError)
          this.toError(contact, 'soft-bounces', ended.mailing);
        return;
      case 'hard-bounced':
        if (ended.spares !== true) this.toError(contact, 'hard-bounce', ended.mailing);
    }
  }

  /**
   * Counts a delivery whose end a bounce message has changed: status and streak become what they would be
   * if it had ended this way in the first place (rule 11). A contact in `error` stays there.
   */
  recount(contact: Contact, changed: EndedDelivery): void {
    const index = this.index(contact)!;
    const place = index.placeOf(changed.mailing)!;
    this.changed++;
    this.changes.past(contact, place);
    const { status, softBounceStreak } = index.standing(place);
    this.setStreak(contact, softBounceStreak, changed.mailing);
    if (status !== 'error') return;
    const why = changed.what === 'hard-bounced' && changed.spares !== true ? 'hard-bounce' : 'soft-bounces';
    this.toError(contact, why, changed.mailing);
  }

  /** @returns false when the contact is in `opt-out` already */
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

  /** The contact itself asks for mail again: only this ends an `opt-out`. */
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
    // Not from `opt-out`: an operator may re-activate `error`, which would override the contact's wish.
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

  /** Adds an entry to the history. Called before the contact changes: the first entry saves its standing. */
  private remember(contact: Contact, entry: HistoryEntry): void {
    const { status, softBounceStreak, history } = contact;
    this.changed++;
    const index = history ? history.past.push(entry) - 1 : 0;
    // Made with its entry: an empty list takes room for many when the first is added.
    if (!history) contact.history = { start: this.start(status, softBounceStreak), past: [entry] };
    // The first entry also sets `start`, which is stored with the contact.
    if (index === 0) this.changes.contact(contact);
    this.changes.past(contact, index);
  }

  /** The same object for the same figures. */
  private start(status: ContactStatus, softBounceStreak: number): Standing {
    const key = `${status} ${softBounceStreak}`;
    let start = this.starts.get(key);
    if (!start) this.starts.set(key, (start = { status, softBounceStreak }));
    return start;
  }

  private index({ history }: Contact): HistoryIndex | undefined {
    if (!history) return undefined;
    const { start, past, index } = history;
    if (index) return index;
    const made = new HistoryIndex(start, past, this.softBouncesToError);
    if (past.length > SHORT_HISTORY) history.index = made;
    return made;
  }

  /** The same string for the same domain. */
  private shared(domain: string): string {
    const known = this.domains.get(domain);
    if (known === undefined) this.domains.set(domain, domain);
    return known ?? domain;
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
