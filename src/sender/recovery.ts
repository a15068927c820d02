// Recovery of a sender that starts on a store: it restores the state that the last sender stored, and
// settles the attempts that were interrupted. Before the final dot no message was handed over, and the
// attempt is made again; after it the server may have the message, and the outcome is unknown (rule 12).

import { BouncelabError } from '../base/errors.js';
import type { Changes } from './changes.js';
import type { Contacts } from './model/contact.js';
import { Delivery } from './model/delivery.js';
import { Mailing } from './model/mailing.js';
import type { OpenDeliveries } from './model/open-deliveries.js';
import type { Clock } from './ports.js';
import type { Queue } from './queue.js';
import type { Settlement } from './settlement.js';
import { DAMAGED_HINT } from './store/damaged.js';
import type { DeliveryRecord, MailingRecord, Saved } from './store/store.js';

interface RecoveryOptions {
  clock: Clock;
  changes: Changes;
  contacts: Contacts;
  mailings: Map<string, Mailing>;
  open: OpenDeliveries;
  queue: Queue;
  settlement: Settlement;
  /** Starts the mailing at the end of its building. */
  building: (mailing: Mailing) => void;
  /** Composes the message of a mailing in progress. */
  compose: (mailing: Mailing, date: Date) => void;
}

export class Recovery {
  private readonly running: Delivery[] = [];
  private readonly due: Delivery[] = [];

  constructor(private readonly options: RecoveryOptions) {}

  /**
   * @param saved contents of the store; nothing happens when there are none
   * @throws BouncelabError E_STORE_CORRUPT when a record refers to one that is missing
   */
  run(saved: Saved): void {
    const { changes, mailings, open, settlement } = this.options;
    const hasContacts = this.restoreContacts(saved);
    const records = [...saved.mailings];
    for (const record of records) this.restoreMailing(record);
    for (const { mailing, contact } of saved.joined) {
      const known = mailings.get(mailing);
      if (!known) throw damaged(`a contact that joined ${mailing}`, 'mailing');
      known.restoreJoined(contact);
    }
    for (const record of saved.deliveries) this.restoreDelivery(record);
    for (const record of records) this.resume(mailings.get(record.name)!, record);
    if (!hasContacts && records.length === 0) return;
    const inProgress = this.due.length + this.running.length;
    const unknown = this.running.filter(({ running }) => running?.finalDot).length;
    changes.change(() => {
      for (const delivery of this.running) this.settleRunning(delivery);
      // An attempt had begun when its contact left, and was not stored: no server knew of it (rule 10).
      for (const { contact } of this.due) settlement.withdraw(contact);
      for (const delivery of open.all()) settlement.skipMissed(delivery);
    });
    for (const delivery of this.due) if (delivery.inProgress) this.options.queue.add(delivery);
    changes.emit({
      type: 'sender.restarted',
      inProgress,
      interrupted: this.running.length - unknown,
      unknown,
    });
  }

  /** @returns whether the store has contacts */
  private restoreContacts({ contacts, past }: Saved): boolean {
    const { changes, contacts: known } = this.options;
    let hasContacts = false;
    for (const { start, fields, ...record } of contacts) {
      known.restore({
        ...record,
        ...(fields ? { fields } : {}),
        ...(start ? { history: { start, past: [] } } : {}),
      });
      hasContacts = true;
    }
    for (const record of past) {
      const history = known.get(record.contact)?.history;
      if (!history) throw damaged(`a history of ${record.contact}`, 'contact');
      history.past[record.index] = changes.records.fromPast(record);
    }
    return hasContacts;
  }

  private restoreMailing({ order, buildingUntil }: MailingRecord): void {
    const { changes, mailings } = this.options;
    mailings.set(order.name, new Mailing(order, changes.records.fromDate(buildingUntil)));
  }

  private restoreDelivery(record: DeliveryRecord): void {
    const { changes, contacts, mailings, open } = this.options;
    const mailing = mailings.get(record.mailing);
    if (mailing) mailing.possibleDuplicates += record.unknown;
    if (record.state !== 'queued') return;
    const contact = contacts.get(record.contact);
    if (!mailing || !contact)
      throw damaged(`a delivery to ${record.contact} in ${record.mailing}`, mailing ? 'contact' : 'mailing');
    const delivery = Object.assign(new Delivery(mailing, contact), changes.records.fromDelivery(record));
    open.add(delivery);
    mailing.open++;
    (delivery.running ? this.running : this.due).push(delivery);
  }

  private resume(mailing: Mailing, { state, startedAt, recipients }: MailingRecord): void {
    const { building, changes, clock, compose } = this.options;
    if (state === 'building') return building(mailing);
    mailing.state = state;
    mailing.startedAt = changes.records.fromDate(startedAt);
    mailing.recipients = recipients;
    if (state === 'in-progress') compose(mailing, clock.date(mailing.startedAt));
  }

  private settleRunning(delivery: Delivery): void {
    const { clock, changes, queue, settlement } = this.options;
    const { contact, mailing } = delivery;
    const { startedAt, host, finalDot } = delivery.running!;
    if (finalDot) {
      settlement.attempted(delivery, {
        stage: 'message',
        outcome: 'unknown',
        error: 'ECRASHED',
        startedAt,
        host,
      });
      return;
    }
    changes.emit({
      type: 'attempt.interrupted',
      mailing: mailing.name,
      address: contact.key,
      startedAt,
      domain: contact.domain,
      host,
    });
    if (!settlement.uncharged(delivery)) return;
    delivery.dueAt = Math.max(delivery.dueAt, clock.now());
    queue.add(delivery);
  }
}

/** The error for records that no sender writes: the store was changed by hand or by another program. */
function damaged(what: string, missing: 'contact' | 'mailing'): BouncelabError {
  return new BouncelabError('E_STORE_CORRUPT', `the store has ${what}, but no such ${missing}`, {
    hint: DAMAGED_HINT,
  });
}
