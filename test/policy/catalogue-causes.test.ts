// The cause that the rules give to every reply of the catalogue. Replies whose cause differs from that of
// the catalogue are listed here with the reason.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { causeOf } from '../../src/policy/classify.js';
import { catalogueReplies } from '../support/replies.js';

const SHARE_MIN = 0.97;

/** The cause in the catalogue, the cause by the rules, and the reason for the difference. */
const MISSES: [miss: string, why: string][] = [
  [
    'cox/dns-failure-2: dns-failure, read as policy',
    'it refuses the sender, and does not say that this is for its DNS',
  ],
  [
    'exchange/dns-failure: dns-failure, read as protocol-error',
    'an invalid address is all that it says, and 5.1.7 is the syntax of the sender',
  ],
  [
    'improvmx/greylisted: greylisted, read as mailbox-disabled',
    'it says 4.2.1, and in words only to try again later',
  ],
  ['improvmx/other-2: other, read as policy', 'it says 5.7.1 of what is an error of its own'],
  ['improvmx/other-3: other, read as policy', 'it says 5.7.1 of what is an error of its own'],
  [
    'ionos/dns-failure: dns-failure, read as server-busy',
    'a local error in processing is what the words say',
  ],
  ['messagelabs/throttled: throttled, read as other', 'the reason is a number in brackets'],
  ['outlook/server-busy-3: server-busy, read as throttled', 'in the same words microsoft365 throttles'],
  ['qq/policy: policy, read as spam-block', 'the catalogue has the same words as a spam block too'],
  ['qq/user-unknown: user-unknown, read as throttled', 'the catalogue has the same words as throttling too'],
  ['sendmail/content-block: content-block, read as policy', '5.7.1 and no word of the content'],
  ['trendmicro/spam-block: spam-block, read as policy', 'a list that a customer keeps, and 5.7.1'],
  ['yahoo-jp/auth-failure: auth-failure, read as policy', 'its own words say policy reasons'],
  ['yahoo/mailbox-disabled: mailbox-disabled, read as other', 'an aborted action, and nothing of why'],
  ['yandex/other-2: other, read as server-busy', '5.3.0 is all that there is to go by'],
];

const readings = catalogueReplies.map((one) => ({
  name: one.name,
  expected: one.cause!,
  read: causeOf(one.reply, one.stage, one),
}));

const missed = readings.filter(({ expected, read }) => expected !== read);

test('97 in 100 replies of the catalogue have the cause of the catalogue', () => {
  expect(readings).toHaveLength(610);
  expect(1 - missed.length / readings.length).toBeGreaterThanOrEqual(SHARE_MIN);
});

test('every reply with another cause is listed with the reason', () => {
  const found = missed.map(({ name, expected, read }) => `${name}: ${expected}, read as ${read}`);
  expect(found.sort()).toEqual(MISSES.map(([miss]) => miss).sort());
});

test('docs/classification.md has these figures', () => {
  const page = readFileSync(new URL('../../docs/classification.md', import.meta.url), 'utf8');
  const text = page.replace(/\s+/g, ' ');
  const read = readings.length - missed.length;
  expect(text).toContain(`the rules read ${read} of the ${readings.length} replies`);
  expect(text).toContain(`(${((100 * read) / readings.length).toFixed(1)} %)`);
  expect(text).toContain(`lists the other ${missed.length} with the reason`);
});
