// Converts between the sender's objects and a store's records. Records hold dates instead of times,
// because the sender's clock starts at a new origin in each process.

import type { FactOf } from '../../events/types.js';
import type { Contact } from '../model/contact.js';
import type { Delivery } from '../model/delivery.js';
import type { HistoryEntry } from '../model/history.js';
import type { Mailing } from '../model/mailing.js';
import type { Clock } from '../ports.js';
import type { ContactRecord, DeliveryRecord, MailingRecord, PastRecord, StatusRecord } from './store.js';

export class Records {
  /** Date of the origin of the sender's clock. */
  private readonly epoch: number;

  constructor(private readonly clock: Clock) {
    this.epoch = clock.date().getTime() - Math.round(clock.now());
  }

  /** Converts a date to a time on the sender's clock; negative before the clock's origin. */
  fromDate(date: number): number {
    return date - this.epoch;
  }

  contact({ address, status, softBounceStreak, history, fields }: Contact): ContactRecord {
    return { address, status, softBounceStreak, start: history?.start, fields };
  }

  past(contact: Contact, index: number): PastRecord {
    return {
      contact: contact.key,
      index,
      past: withTimes(contact.history!.past[index]!, (time) => this.toDate(time)),
    };
  }

  fromPast({ past }: PastRecord): HistoryEntry {
    return withTimes(past, (date) => this.fromDate(date));
  }

  /** The journal entry of a change of status that is made now. */
  status({ address, from, to, why, by, reason, mailing }: FactOf<'contact.status'>): StatusRecord {
    return { contact: address, at: this.toDate(this.clock.now()), from, to, why, by, reason, mailing };
  }

  mailing({ order, name, state, buildingUntil, startedAt, recipients }: Mailing): MailingRecord {
    return {
      name,
      order,
      state,
      buildingUntil: this.toDate(buildingUntil),
      startedAt: state === 'building' ? 0 : this.toDate(startedAt),
      recipients,
    };
  }

  delivery(delivery: Delivery): DeliveryRecord {
    const { mailing, contact, state, attempts, replied, unreachable, unknown, missed } = delivery;
    const { firstAttemptAt, lastCause, dueAt, leaving, running } = delivery;
    return {
      mailing: mailing.name,
      contact: contact.key,
      state,
      attempts,
      replied,
      unreachable,
      unknown,
      missed,
      firstAttemptAt: firstAttemptAt === undefined ? undefined : this.toDate(firstAttemptAt),
      lastCause,
      dueAt: this.toDate(dueAt),
      leaving,
      running: running && { ...running, startedAt: this.toDate(running.startedAt) },
    };
  }

  /** The fields of a delivery in progress, except its mailing, contact and state. */
  fromDelivery(record: DeliveryRecord): Partial<Delivery> {
    const { attempts, replied, unreachable, unknown, missed, lastCause, leaving, running } = record;
    const { firstAttemptAt } = record;
    return {
      attempts,
      replied,
      unreachable,
      unknown,
      missed,
      lastCause,
      leaving,
      firstAttemptAt: firstAttemptAt === undefined ? undefined : this.fromDate(firstAttemptAt),
      dueAt: this.fromDate(record.dueAt),
      running: running && { ...running, startedAt: this.fromDate(running.startedAt) },
    };
  }

  private toDate(time: number): number {
    return this.epoch + time;
  }
}

function withTimes(past: HistoryEntry, convert: (time: number) => number): HistoryEntry {
  if (!('mailing' in past)) return { ...past, at: convert(past.at) };
  const { chosenAt, begunAt, endedAt } = past;
  return { ...past, chosenAt: convert(chosenAt), begunAt: convert(begunAt), endedAt: convert(endedAt) };
}
