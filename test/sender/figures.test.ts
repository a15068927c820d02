// The figures of many mailings: one pass over the histories counts for all of them, until a history changes.

import { expect, test } from 'vitest';
import { Responses } from '../../src/sender/figures.js';
import { Mailing } from '../../src/sender/model/mailing.js';
import { Contacts } from '../../src/sender/model/contact.js';

const changes = { contact: () => {}, past: () => {}, mailing: () => {}, emit: () => {} };
const clock = { now: () => 0 } as ConstructorParameters<typeof Contacts>[0];

test('histories are read once for all mailings, and again after a change', () => {
  const contacts = new Contacts(clock, changes, 4);
  const mailings = Array.from({ length: 50 }, (_, index) => {
    const message = { subject: '', text: '', sizeBytes: 0 };
    return new Mailing({ name: `m-${index}`, kind: 'standard', message }, 0);
  });
  for (let n = 0; n < 20; n++) {
    contacts.add({ address: `reader-${n}@a.test` });
    const contact = contacts.get(`reader-${n}@a.test`)!;
    for (const { name } of mailings)
      contacts.count(contact, { what: 'delivered', mailing: name, chosenAt: 0, begunAt: 0, endedAt: 0 });
  }
  let passes = 0;
  const audience = {
    get version() {
      return contacts.version;
    },
    all() {
      passes++;
      return contacts.all();
    },
  };
  const figures = new Responses(audience);
  for (const mailing of mailings) expect(figures.of(mailing).delivered).toBe(20);
  expect(passes).toBe(1);

  const late = contacts.get('reader-3@a.test')!;
  const changed = late.history!.past[7]!;
  if (!('mailing' in changed)) throw new Error('not a delivery');
  Object.assign(changed, { what: 'hard-bounced', returned: true });
  contacts.recount(late, changed);
  expect(figures.of(mailings[7]!)).toMatchObject({ delivered: 19, bounced: { hard: 1 } });
  expect(figures.of(mailings[8]!).delivered).toBe(20);
  expect(passes).toBe(2);
});
