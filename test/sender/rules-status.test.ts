// Rules 8, 9 and 10 of docs/semantics.md: the streak, re-activation, and deliveries whose contact becomes
// inactive while they are in progress.

import { describe, expect, test } from 'vitest';
import type { EventPlan } from '../../src/scenarios/plan.js';
import type { Selection } from '../../src/sender/model/selection.js';
import { BUILDING_MS, type BehaviorSketch } from '../support/plans.js';
import { DAY, EMMA, FOUR_ATTEMPTS, HOUR, MINUTE, policy } from '../support/policies.js';
import { run, type Ran } from '../support/runs.js';
import { sendTo } from '../support/scripted-server.js';

const BOB = 'bob@example.org';

/** Mailings a day apart: `m1` on the first day, `m2` on the second, ... */
function daily(count: number): { name: string; at: number }[] {
  return Array.from({ length: count }, (_, index) => ({ name: `m${index + 1}`, at: index * DAY }));
}

/** Every change of status and streak in the log, in order. */
function history({ events }: Ran): string[] {
  return events.all.flatMap((event) => {
    if (event.type === 'contact.status') return [`${event.from} > ${event.to}`];
    return event.type === 'contact.streak' ? [`${event.from} > ${event.to}`] : [];
  });
}

function bobIs(...behaviors: BehaviorSketch[]) {
  return { 'example.org': { mailboxes: { bob: behaviors } } };
}

describe('rule 8: the streak', () => {
  test('the fourth soft bounce in a row makes the contact error, and the fifth mailing skips it', async () => {
    const ran = await run({
      fleet: bobIs({ do: 'mailbox-full' }),
      mailings: daily(5),
      policy: FOUR_ATTEMPTS,
    });
    expect(history(ran)).toEqual(['0 > 1', '1 > 2', '2 > 3', '3 > 4', 'active > error']);
    expect(ran.events.rcptTimes(BOB)).toHaveLength(16);
    expect(ran.mailing('m4')).toMatchObject({ recipients: 1, bounced: { soft: 1, hard: 0 } });
    expect(ran.mailing('m5')).toMatchObject({ recipients: 0, state: 'completed' });
    expect(ran.events.of('contact.status')).toMatchObject([
      { why: 'soft-bounces', mailing: 'm4', by: 'sender' },
    ]);
  });

  test('three soft bounces, one delivered and one soft bounce leave the contact active with a streak of one', async () => {
    const during = { from: 3 * DAY, to: 4 * DAY };
    const ran = await run({
      fleet: bobIs({ do: 'accept', during }, { do: 'mailbox-full' }),
      mailings: daily(5),
    });
    expect(history(ran)).toEqual(['0 > 1', '1 > 2', '2 > 3', '3 > 0', '0 > 1']);
    expect(ran.result.statuses).toEqual({ active: 1, error: 0, optOut: 0 });
    expect(ran.events.accepted(BOB)).toHaveLength(1);
  });

  test('mailings that did not include the contact do not change its streak', async () => {
    const ran = await run({
      contacts: [{ address: BOB, softBounceStreak: 3 }, 'eve@example.com'],
      mailings: [{ name: 'others', to: { domain: 'example.com' } }],
    });
    expect(ran.mailing('others')).toMatchObject({ recipients: 1, delivered: 1 });
    expect(history(ran)).toEqual([]);
  });

  test('a contact with a streak of three turns to error at one more soft bounce', async () => {
    const ran = await run({
      fleet: bobIs({ do: 'mailbox-full' }),
      contacts: [{ address: BOB, softBounceStreak: 3 }],
    });
    expect(history(ran)).toEqual(['3 > 4', 'active > error']);
  });

  test('the policy sets the length of the streak', async () => {
    const ran = await run({
      fleet: bobIs({ do: 'mailbox-full' }),
      mailings: daily(3),
      policy: policy({ bounce: { softBouncesToError: 2 } }),
    });
    expect(history(ran)).toEqual(['0 > 1', '1 > 2', 'active > error']);
    expect(ran.mailing('m3').recipients).toBe(0);
  });

  test('overlapping mailings count in the order in which they end', async () => {
    // The first mailing is still retrying while the second is delivered at once, and then bounces.
    const silentFirst: BehaviorSketch = { do: 'mailbox-full', until: HOUR };
    const ends = async (...behaviors: BehaviorSketch[]): Promise<Ran> =>
      run({
        fleet: bobIs(...behaviors),
        contacts: [{ address: BOB, softBounceStreak: 3 }],
        mailings: [{ name: 'first' }, { name: 'second', at: HOUR }],
        policy: policy({ retry: { intervalsMs: [90 * MINUTE], attempts: { counting: 'total', total: 2 } } }),
      });
    const ran = await ends(silentFirst, { do: 'accept', until: HOUR + 10 * MINUTE }, { do: 'mailbox-full' });
    expect(ran.events.ends(BOB).map(({ mailing, state }) => `${mailing} ${state}`)).toEqual([
      'second delivered',
      'first soft-bounced',
    ]);
    expect(history(ran)).toEqual(['3 > 0', '0 > 1']);
    expect(ran.result.statuses.active).toBe(1);
  });
});

describe('rule 9: re-activation', () => {
  const reactivate = (at: number): EventPlan => ({
    at,
    action: 'reactivate',
    address: BOB,
    by: 'ann',
    reason: 'mailbox emptied',
  });

  test('moves error to active, sets the streak to zero and logs by whom and why', async () => {
    const ran = await run({
      fleet: bobIs({ do: 'mailbox-full' }),
      contacts: [{ address: BOB, softBounceStreak: 3 }],
      mailings: daily(2),
      events: [reactivate(12 * HOUR)],
    });
    expect(history(ran)).toEqual(['3 > 4', 'active > error', 'error > active', '4 > 0', '0 > 1']);
    expect(ran.events.of('contact.status')[1]).toMatchObject({
      t: 12 * HOUR,
      why: 'reactivate',
      by: 'ann',
      reason: 'mailbox emptied',
    });
    expect(ran.mailing('m2').recipients).toBe(1);
  });

  test('is refused for an opt-out contact, which is still not mailed', async () => {
    const ran = await run({
      contacts: [{ address: BOB, status: 'opt-out' }],
      mailings: daily(2),
      events: [reactivate(12 * HOUR)],
    });
    expect(history(ran)).toEqual([]);
    expect(ran.events.of('contact.refused')).toMatchObject([{ address: BOB, request: 'reactivate' }]);
    expect(ran.events.of('connection.opened')).toEqual([]);
  });

  test('is refused for an active contact, whose streak stays', async () => {
    const ran = await run({
      contacts: [{ address: BOB, softBounceStreak: 2 }],
      mailings: [],
      events: [reactivate(1)],
    });
    expect(history(ran)).toEqual([]);
    expect(ran.events.of('contact.refused')).toMatchObject([{ request: 'reactivate' }]);
  });

  test('is refused for an unknown address', async () => {
    const ran = await run({ contacts: [], mailings: [], events: [reactivate(1)] });
    expect(ran.events.of('contact.refused')).toMatchObject([
      { address: BOB, why: 'there is no such contact' },
    ]);
  });

  const [LISA, OTHER] = ['lisa@example.org', 'bob@other.test'];

  test.each<[string, Selection[], string[], number[]]>([
    ['all', [{}], [LISA, OTHER], [2]],
    ['a domain', [{ domain: 'other.test' }], [OTHER], [1]],
    ['a pattern', [{ addresses: ['*@example.org'] }], [LISA], [1]],
    ['an address beside a pattern', [{ addresses: [OTHER, '*@example.org'] }], [LISA, OTHER], [2]],
    ['an address of a domain that it is not in', [{ addresses: [OTHER], domain: 'example.org' }], [], [0]],
    [
      'addresses, one of them again',
      [{ addresses: [LISA] }, { addresses: [LISA, OTHER] }],
      [LISA, OTHER],
      [1, 1],
    ],
  ])('of %s re-activates those in error among them', async (_, requests, active, counts) => {
    const counted: number[] = [];
    const { sender } = await sendTo(() => undefined, {
      before: ({ sender }) => {
        sender.optOut(BOB, 'contact');
        for (const address of [LISA, OTHER]) sender.addContact({ address, status: 'error' });
        for (const request of requests) counted.push(sender.reactivate(request, 'support', ''));
      },
    });
    const all = [...sender.contacts.all()].filter(({ status }) => status === 'active');
    expect(all.map(({ key }) => key)).toEqual(active);
    expect(counted).toEqual(counts);
  });

  test('and opt-out are refused for an unknown address, each by its name', async () => {
    const { events } = await sendTo(() => undefined, {
      before: ({ sender }) => {
        sender.optOut('nobody@example.org', 'contact');
        sender.reactivate({ addresses: ['nobody@example.org'] }, 'support', '');
      },
    });
    expect(events.of('contact.refused').map(({ address, request }) => [address, request])).toEqual([
      ['nobody@example.org', 'opt-out'],
      ['nobody@example.org', 'reactivate'],
    ]);
  });

  test('an opt-out ends by subscribing again', async () => {
    const ran = await run({
      contacts: [{ address: BOB, status: 'opt-out', softBounceStreak: 2 }],
      mailings: daily(2),
      events: [{ at: 12 * HOUR, action: 'subscribe', address: 'BOB@example.org' }],
    });
    expect(history(ran)).toEqual(['opt-out > active', '2 > 0']);
    expect([ran.mailing('m1').recipients, ran.mailing('m2').delivered]).toEqual([0, 1]);
  });

  test('a hard bounce after an opt-out leaves the contact opted out', async () => {
    const ran = await run({
      fleet: bobIs({ do: 'unresponsive', stage: 'rcpt', for: '2m' }, { do: 'nonexistent-user' }),
      events: [{ at: BUILDING_MS + MINUTE, action: 'opt-out', address: BOB }],
    });
    expect(ran.events.ends(BOB)).toMatchObject([{ state: 'hard-bounced' }]);
    expect(history(ran)).toEqual(['active > opt-out']);
  });
});

describe('rule 10: withdrawal', () => {
  const optOut = (at: number, address = BOB): EventPlan => ({ at, action: 'opt-out', address });

  test('ends a delivery that waits for its next attempt, at once and without changing the streak', async () => {
    const ran = await run({ fleet: bobIs({ do: 'mailbox-full' }), events: [optOut(HOUR)] });
    expect(ran.events.ends(BOB)).toMatchObject([{ t: HOUR, state: 'withdrawn' }]);
    expect(ran.mailing()).toMatchObject({ withdrawn: 1, completedAt: HOUR });
    expect(ran.events.rcptTimes(BOB)).toHaveLength(2);
    expect(history(ran)).toEqual(['active > opt-out']);
  });

  test('ends a delivery that waits for a free connection: the fleet never sees the address', async () => {
    const others = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}@example.org`);
    const ran = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'unresponsive', stage: 'rcpt', for: '2m' }] } },
      contacts: [...others, BOB],
      events: [optOut(BUILDING_MS + MINUTE)],
    });
    expect(ran.events.ends(BOB)).toMatchObject([{ t: BUILDING_MS + MINUTE, state: 'withdrawn' }]);
    expect(ran.events.rcptTimes(BOB)).toEqual([]);
    expect(ran.events.attempts(BOB)).toEqual([]);
    expect(ran.mailing()).toMatchObject({ delivered: 5, withdrawn: 1 });
  });

  test('lets the connection that was begun for it open, but sends no RCPT on it', async () => {
    const ran = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'unresponsive', for: '2m' }] } },
      events: [optOut(BUILDING_MS + MINUTE)],
    });
    expect(ran.events.ends(BOB)).toMatchObject([{ t: BUILDING_MS + 2 * MINUTE, state: 'withdrawn' }]);
    expect(ran.events.rcptTimes(BOB)).toEqual([]);
    expect(ran.mailing()).toMatchObject({ withdrawn: 1, state: 'completed' });
  });

  const inFlight = (then: BehaviorSketch): Promise<Ran> =>
    run({
      fleet: bobIs({ do: 'unresponsive', stage: 'rcpt', for: '2m' }, then),
      contacts: [{ address: BOB, softBounceStreak: 1 }],
      events: [optOut(BUILDING_MS + MINUTE)],
    });

  test('lets a running attempt end: delivered stays delivered', async () => {
    const ran = await inFlight({ do: 'accept' });
    expect(ran.events.ends(BOB)).toMatchObject([{ t: BUILDING_MS + 2 * MINUTE, state: 'delivered' }]);
    expect(ran.events.accepted(BOB)).toHaveLength(1);
    expect(ran.mailing()).toMatchObject({ delivered: 1, withdrawn: 0 });
    expect(ran.result.statuses.optOut).toBe(1);
  });

  test('lets a running attempt end: a hard bounce stays a hard bounce', async () => {
    const ran = await inFlight({ do: 'nonexistent-user' });
    expect(ran.mailing()).toMatchObject({ bounced: { soft: 0, hard: 1 }, withdrawn: 0 });
    expect(history(ran)).toEqual(['active > opt-out']);
  });

  test('lets a running attempt end: a deferred delivery is withdrawn then', async () => {
    const ran = await inFlight({ do: 'mailbox-full' });
    expect(ran.events.ends(BOB)).toMatchObject([{ t: BUILDING_MS + 2 * MINUTE, state: 'withdrawn' }]);
    expect(ran.events.attempts(BOB)).toHaveLength(1);
    expect(ran.events.attempts(BOB)[0]).not.toHaveProperty('nextAt');
    expect(ran.events.rcptTimes(BOB)).toHaveLength(1);
    expect(history(ran)).toEqual(['active > opt-out']);
  });

  test('an error in one mailing withdraws the deliveries of the contact in other mailings', async () => {
    const ran = await run({
      fleet: bobIs({ do: 'mailbox-full', until: HOUR }, { do: 'nonexistent-user' }),
      mailings: ['first', { name: 'second', at: 70 * MINUTE }],
      policy: policy({ retry: { intervalsMs: [3 * HOUR] } }, EMMA),
    });
    const at = 70 * MINUTE + BUILDING_MS;
    expect(ran.events.ends(BOB)).toMatchObject([
      { t: at, mailing: 'second', state: 'hard-bounced' },
      { t: at, mailing: 'first', state: 'withdrawn' },
    ]);
    expect(ran.mailing('first')).toMatchObject({ withdrawn: 1, completedAt: at });
    expect(history(ran)).toEqual(['active > error']);
    expect(ran.events.rcptTimes(BOB)).toHaveLength(2);
  });

  test('an error by a fourth soft bounce withdraws too, and does not change the streak', async () => {
    const ran = await run({
      fleet: bobIs({ do: 'mailbox-full' }),
      contacts: [{ address: BOB, softBounceStreak: 3 }],
      mailings: ['first', { name: 'second', at: 80 * MINUTE }],
    });
    expect(ran.mailing('first')).toMatchObject({ bounced: { soft: 1, hard: 0 } });
    expect(ran.mailing('second')).toMatchObject({ withdrawn: 1, bounced: { soft: 0, hard: 0 } });
    expect(history(ran)).toEqual(['3 > 4', 'active > error']);
  });

  test('subscribing again while the attempt runs takes effect from the next mailing: the delivery is withdrawn as an opt-out', async () => {
    const ran = await run({
      fleet: bobIs(
        { do: 'unresponsive', stage: 'rcpt', for: '2m', attempts: { from: 1, to: 1 } },
        { do: 'mailbox-full', attempts: { from: 1, to: 1 } },
      ),
      events: [optOut(BUILDING_MS + MINUTE), { at: BUILDING_MS + 90_000, action: 'subscribe', address: BOB }],
    });
    expect(ran.events.ends(BOB)).toMatchObject([
      { state: 'withdrawn', t: BUILDING_MS + 2 * MINUTE, why: 'opt-out' },
    ]);
    expect(ran.mailing()).toMatchObject({ withdrawn: 1, inProgress: 0 });
  });
});
