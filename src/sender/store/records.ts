// Between the sender's objects and a store's records: what is kept of each, with dates in the
// place of times on a clock that starts anew with each process.

import type { Fact } from '../../events/types.js';
import type { Contact } from '../model/contact.js';
import type { Delivery } from '../model/delivery.js';
import type { Past } from '../model/history.js';
import type { Mailing } from '../model/mailing.js';
import type { Clock } from '../ports.js';
import type { ContactRecord, DeliveryRecord, MailingRecord, PastRecord, StatusRecord } from './store.js';

export class Records {
  /** From ms on the sender's clock to a date. */
  private readonly epoch: number;

  constructor(private readonly clock: Clock) {
    this.epoch = clock.date().getTime() - Math.round(clock.now());
  }

  /** A date as a time on the sender's clock; one before its start is negative. */
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

  /** An entry of a history, with its dates as times. */
  fromPast({ past }: PastRecord): Past {
    return withTimes(past, (date) => this.fromDate(date));
  }

  /** What the journal of statuses gets of a change that is told now. */
  status({ address, from, to, why, by, reason, mailing }: Fact & { type: 'contact.status' }): StatusRecord {
    return { contact: address, at: this.toDate(this.clock.now()), from, to, why, by, reason, mailing };
  }

  mailing({ order, name, state, buildingUntil, startedAt, recipients }: Mailing): MailingRecord {
    return {
      name,
      // It is kept as it is now: contacts that are added join one that is building.
      order: structuredClone(order),
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

  /** What a delivery was, as fields of the sender's object. */
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

function withTimes(past: Past, convert: (time: number) => number): Past {
  if (!('mailing' in past)) return { ...past, at: convert(past.at) };
  const { chosenAt, begunAt, endedAt } = past;
  return { ...past, chosenAt: convert(chosenAt), begunAt: convert(begunAt), endedAt: convert(endedAt) };
}
