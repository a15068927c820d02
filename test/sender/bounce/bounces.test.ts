// The event for each message to a return path: mailing, contact, result and reason. The change to the
// delivery (rule 11) is tested in rules-returned.test.ts.

import { expect, test } from 'vitest';
import type { Fact } from '../../../src/events/types.js';
import type { EventPlan } from '../../../src/scenarios/plan.js';
import { ReturnPaths } from '../../../src/sender/bounce/return-path.js';
import { listeningSender } from '../../support/listening-sender.js';
import type { BehaviorSketch } from '../../support/plans.js';
import { HOUR, MINUTE } from '../../support/policies.js';
import { run, type Ran } from '../../support/runs.js';
import { dialogue } from '../../support/tcp-dialogue.js';

const BOB = 'bob@example.org';
const SENDER = 'return.sender.example';
/** Too long for a return path, which has a digest instead. */
const [LONG, LONGER] = ['reader', 'writer'].map(
  (name) => `${name}-of-the-monthly-newsletter-about-everything@example.org`,
) as [string, string];

const bounce = (to: string, about = BOB, at = HOUR): EventPlan => ({
  at,
  action: 'bounce',
  to,
  about,
  status: '5.1.1',
});

/** The events, without time and sequence number. */
function noted({ events }: Ran): object[] {
  return events.of('bounce.received').map(({ seq: _seq, t: _t, type: _type, ...rest }) => rest);
}

/** Return paths of the messages to some addresses, as their server read them. */
function returnPaths({ events }: Ran, address: string): string[] {
  return events.all.flatMap((event, index) => {
    if (event.type !== 'smtp.command' || !event.line.includes(`RCPT TO:<${address}>`)) return [];
    const mail = events.all
      .slice(0, index)
      .findLast((one) => one.type === 'smtp.command' && /^MAIL/.test(one.line));
    return mail?.type === 'smtp.command' ? [/<(.*)>/.exec(mail.line)![1]!] : [];
  });
}

test.each<[string, string, object]>([
  ['is the postmaster', `Postmaster@${SENDER}`, { why: 'it is mail to the postmaster' }],
  ['is none of the sender’s', `bounce+news@${SENDER}`, { why: 'the return path is none of ours' }],
  [
    'names an unknown mailing',
    `bounce+october+bob=example.org+aaaaaaaaaa@${SENDER}`,
    { mailing: 'october', address: BOB, why: 'there is no such mailing' },
  ],
  [
    'names an unknown contact',
    `bounce+news+eve=example.org+aaaaaaaaaa@${SENDER}`,
    { mailing: 'news', address: 'eve@example.org', why: 'there is no such contact' },
  ],
  [
    'has the digest of no contact',
    `bounce+news+~aaaaaaaaaa+aaaaaaaaaa@${SENDER}`,
    { mailing: 'news', why: 'there is no such contact' },
  ],
  [
    'names no contact',
    `bounce+news+bob+aaaaaaaaaa@${SENDER}`,
    { mailing: 'news', why: 'there is no such contact' },
  ],
  [
    'has a wrong tag',
    `bounce+news+bob=example.org+aaaaaaaaaa@${SENDER}`,
    { mailing: 'news', address: BOB, why: 'the return path was made up' },
  ],
])('a return path that %s', async (_, to, expected) => {
  const ran = await run({ events: [bounce(to)] });
  expect(noted(ran)).toEqual([{ to, result: 'ignored', ...expected }]);
  expect(ran.mailing()).toMatchObject({ delivered: 1, lateBounces: 0 });
});

test.each<[string, BehaviorSketch, object]>([
  ['an automatic reply', { do: 'auto-reply', after: '1m' }, { why: 'it is an automatic reply' }],
  [
    'a warning',
    { do: 'return-later', after: '1m', action: 'delayed' },
    { status: '4.4.1', action: 'delayed', why: 'its action is delayed' },
  ],
])('%s', async (_, behavior, expected) => {
  const ran = await run({ fleet: { 'example.org': { mailboxes: { bob: behavior } } } });
  expect(noted(ran)).toEqual([
    { to: returnPaths(ran, BOB)[0], mailing: 'news', address: BOB, result: 'ignored', ...expected },
  ]);
});

test('a report that is applied, and its duplicate', async () => {
  const ran = await run({
    fleet: { 'example.org': { mailboxes: { bob: { do: 'return-later', after: '1m', times: 2 } } } },
  });
  const whom = { to: returnPaths(ran, BOB)[0], mailing: 'news', address: BOB };
  const said = { status: '5.1.1', action: 'failed' };
  expect(noted(ran)).toEqual([
    { ...whom, ...said, result: 'applied', why: 'the delivery is hard-bounced' },
    { ...whom, ...said, result: 'duplicate', why: 'the delivery is hard-bounced by one before' },
  ]);
});

test('a digest in a return path finds its contact', async () => {
  const ran = await run({
    contacts: [LONGER, BOB, LONG],
    fleet: { 'example.org': { mailboxes: { 'reader-*': { do: 'return-later', after: '1m' } } } },
  });
  const [to] = returnPaths(ran, LONG);
  expect(to).toMatch(/^bounce\+news\+~/);
  expect(noted(ran)).toMatchObject([{ to, mailing: 'news', address: LONG, result: 'applied' }]);
  expect(ran.events.of('delivery.returned').map(({ address }) => address)).toEqual([LONG]);
});

test('the reason refers to the mailing that the return path names', async () => {
  // The first ends with the opt-out; the second begins afterwards and is still in progress.
  const sketch = (...more: EventPlan[]) => ({
    fleet: { 'example.org': { mailboxes: { bob: { do: 'mailbox-full' } } } },
    mailings: ['news', { name: 'offers', at: HOUR }],
    events: [
      { at: 10 * MINUTE, action: 'opt-out', address: BOB },
      { at: 20 * MINUTE, action: 'subscribe', address: BOB },
      ...more,
    ] satisfies EventPlan[],
  });
  const [first, second] = returnPaths(await run(sketch()), BOB).filter(
    (path, n, all) => all.indexOf(path) === n,
  );
  const ran = await run(sketch(bounce(first!, BOB, 2 * HOUR), bounce(second!, BOB, 2 * HOUR)));
  expect(noted(ran)).toMatchObject([
    { mailing: 'news', result: 'ignored', why: 'nothing of that mailing was delivered to it' },
    { mailing: 'offers', result: 'ignored', why: 'the delivery is still in progress' },
  ]);
});

test('a personal reply', async () => {
  const facts: Fact[] = [];
  const { sender, port } = await listeningSender({
    emit: (fact) => facts.push(fact),
    returnPathSecret: 'a secret',
  });
  sender.addContact({ address: BOB });
  sender.send({ name: 'news', kind: 'standard', message: { subject: '', text: '', sizeBytes: 0 } }, HOUR);
  const to = new ReturnPaths('a secret', SENDER).of('news', BOB);
  const letter = 'Subject: Re: News\r\n\r\nThank you.\r\n.';
  await dialogue(port, 'EHLO mx.example.org', 'MAIL FROM:<>', `RCPT TO:<${to}>`, 'DATA', letter);
  expect(facts.at(-1)).toEqual({
    type: 'bounce.received',
    to,
    mailing: 'news',
    address: BOB,
    result: 'ignored',
    why: 'it is no delivery report',
  });
});
