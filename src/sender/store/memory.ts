// A store in memory: for simulations in which the sender crashes, and for tests. It holds only the
// records that were committed, which the sender does not change afterwards.

import { addressKey } from '../../base/addresses.js';
import type {
  Commit,
  ContactRecord,
  DeliveryRecord,
  JoinedRecord,
  MailingRecord,
  PastRecord,
  StatusRecord,
  Store,
} from './store.js';

/** @returns an empty store; its contents are lost when the process ends */
export function memoryStore(): Store {
  const contacts = new Map<string, ContactRecord>();
  const past = new Map<string, PastRecord[]>();
  const statuses: StatusRecord[] = [];
  const mailings = new Map<string, MailingRecord>();
  const joined: JoinedRecord[] = [];
  const deliveries = new Map<string, Map<string, DeliveryRecord>>();
  let seed: string | undefined;
  return {
    seed: (fresh) => (seed ??= fresh()),
    load: () => ({
      contacts: contacts.values(),
      past: [...past.values()].flat(),
      mailings: mailings.values(),
      joined,
      deliveries: [...deliveries.values()].flatMap((ofMailing) => [...ofMailing.values()]),
    }),
    // Nothing below can throw, so the change is stored as a whole.
    commit(change: Commit) {
      for (const record of change.contacts) contacts.set(addressKey(record.address), record);
      for (const record of change.past) {
        const entries = past.get(record.contact);
        if (entries) entries[record.index] = record;
        else past.set(record.contact, [record]);
      }
      statuses.push(...change.statuses);
      for (const record of change.mailings) mailings.set(record.name, record);
      joined.push(...change.joined);
      for (const record of change.deliveries) {
        let ofMailing = deliveries.get(record.mailing);
        if (!ofMailing) deliveries.set(record.mailing, (ofMailing = new Map<string, DeliveryRecord>()));
        ofMailing.set(record.contact, record);
      }
    },
    statuses: (contact) =>
      statuses.filter((record) => contact === undefined || record.contact === addressKey(contact)),
    close: () => undefined,
  };
}
