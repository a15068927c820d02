// Contacts without a whole run: how each request and each end of a delivery changes a contact and what is
// logged; and the fold over histories that only a late bounce can produce.

import { describe, expect, test } from 'vitest';
import type { Fact } from '../../src/events/types.js';
import { Changes } from '../../src/sender/changes.js';
import { Contacts, type Contact, type NewContact } from '../../src/sender/model/contact.js';
import { standing, type EndedDelivery, type HistoryEntry } from '../../src/sender/model/history.js';
import { chooser } from '../../src/sender/model/selection.js';
import { ManualClock } from '../support/manual-clock.js';

const BOB = 'bob@example.org';

function audience(contact: NewContact = { address: BOB }) {
  const clock = new ManualClock();
  const facts: Fact[] = [];
  const changes = new Changes({ clock, emit: (fact) => facts.push(fact), onFailure: () => undefined });
  const contacts = new Contacts(clock, changes, 2);
  contacts.add(contact);
  const bob = contacts.get(contact.address)!;
  facts.length = 0;
  return { clock, facts, contacts, bob };
}

function ended(
  what: EndedDelivery['what'],
  mailing = 'news',
  more: Partial<EndedDelivery> = {},
): EndedDelivery {
  return { what, mailing, chosenAt: 0, begunAt: 0, endedAt: 0, ...more };
}

const refused = (request: string, why: string) => ({ type: 'contact.refused', address: BOB, request, why });
const streak = (from: number, to: number, mailing?: string) => ({
  type: 'contact.streak',
  address: BOB,
  from,
  to,
  ...(mailing ? { mailing } : {}),
});
const status = (from: string, to: string, why: string, by: object) => ({
  type: 'contact.status',
  address: BOB,
  from,
  to,
  why,
  ...by,
});

describe('a contact', () => {
  test('is added and logged once, whatever the case of its address', () => {
    const { contacts, facts } = audience();
    expect(contacts.add({ address: 'Bob@Example.org' })).toBe(false);
    expect(contacts.add({ address: 'Eve@Example.org', fields: { city: 'Rome' } })).toBe(true);
    expect(facts).toEqual([
      refused('add', 'there is such a contact already'),
      { type: 'contact.added', address: 'eve@example.org', status: 'active', softBounceStreak: 0 },
    ]);
    expect(contacts.get('EVE@example.org')).toEqual({
      address: 'Eve@Example.org',
      key: 'eve@example.org',
      nth: 1,
      domain: 'example.org',
      status: 'active',
      softBounceStreak: 0,
      fields: { city: 'Rome' },
    });
    expect('fields' in contacts.get(BOB)!).toBe(false);
  });

  test('opts out once', () => {
    const { contacts, bob, facts, clock } = audience();
    clock.to(5);
    expect(contacts.optOut(bob, 'contact')).toBe(true);
    expect(contacts.optOut(bob, 'contact')).toBe(false);
    expect(facts).toEqual([status('active', 'opt-out', 'opt-out', { by: 'contact' })]);
    expect(bob.history).toEqual({
      start: { status: 'active', softBounceStreak: 0 },
      past: [
        { what: 'opt-out', at: 5 },
        { what: 'opt-out', at: 5 },
      ],
    });
  });

  test('is re-activated from error with a streak of zero; the log has by whom and why', () => {
    const { contacts, bob, facts } = audience({ address: BOB, status: 'error', softBounceStreak: 2 });
    expect(contacts.reactivate(bob, 'support', 'asked')).toBe(true);
    expect(facts).toEqual([
      status('error', 'active', 'reactivate', { by: 'support', reason: 'asked' }),
      streak(2, 0),
    ]);
    expect(bob).toMatchObject({ status: 'active', softBounceStreak: 0 });
    expect(bob.history?.past).toEqual([{ what: 'reactivate', at: 0 }]);
  });

  test.each([
    ['active', 'the contact is active already'],
    ['opt-out', 'an opt-out contact can only subscribe again'],
  ] as const)('that is %s is not re-activated, and the log has the reason', (is, why) => {
    const { contacts, bob, facts } = audience({ address: BOB, status: is });
    expect(contacts.reactivate(bob, 'support', 'asked')).toBe(false);
    expect(facts).toEqual([refused('reactivate', why)]);
    expect(bob.status).toBe(is);
  });

  test('subscribes again after an opt-out, and not when it is active', () => {
    const { contacts, bob, facts } = audience({ address: BOB, status: 'opt-out', softBounceStreak: 1 });
    contacts.subscribe(bob);
    contacts.subscribe(bob);
    expect(facts).toEqual([
      status('opt-out', 'active', 'subscribe', { by: 'contact' }),
      streak(1, 0),
      refused('subscribe', 'the contact is active already'),
    ]);
    expect(bob.history?.past).toEqual([
      { what: 'subscribe', at: 0 },
      { what: 'subscribe', at: 0 },
    ]);
  });

  test('follows the ends of its deliveries: streak up, reset, and error at the limit', () => {
    const { contacts, bob, facts } = audience();
    for (const [what, name] of [
      ['soft-bounced', 'm1'],
      ['delivered', 'm2'],
      ['delivered', 'm3'],
      ['soft-bounced', 'm4'],
      ['soft-bounced', 'm5'],
    ] as const)
      contacts.count(bob, ended(what, name));
    expect(facts).toEqual([
      streak(0, 1, 'm1'),
      streak(1, 0, 'm2'),
      streak(0, 1, 'm4'),
      streak(1, 2, 'm5'),
      status('active', 'error', 'soft-bounces', { by: 'sender', mailing: 'm5' }),
    ]);
    expect(contacts.ended(bob, 'm4')).toEqual(ended('soft-bounced', 'm4'));
    expect(contacts.ended(bob, 'm6')).toBeUndefined();
  });

  test('turns to error at a hard bounce, unless the policy spares it', () => {
    const { contacts, bob, facts } = audience();
    contacts.count(bob, ended('hard-bounced', 'm1', { spares: true }));
    expect(facts).toEqual([]);
    contacts.count(bob, ended('hard-bounced', 'm2'));
    expect(facts).toEqual([status('active', 'error', 'hard-bounce', { by: 'sender', mailing: 'm2' })]);
  });

  describe('whose delivered message is returned later', () => {
    function returned(what: EndedDelivery['what'], more: Partial<EndedDelivery> = {}) {
      const { contacts, bob, facts } = audience();
      const late = ended('delivered', 'm2');
      for (const one of [ended('soft-bounced', 'm1'), late, ended('soft-bounced', 'm3', { begunAt: -1 })])
        contacts.count(bob, one);
      facts.length = 0;
      Object.assign(late, { what, ...more });
      contacts.recount(bob, late);
      return facts;
    }

    test('is found in a long history', () => {
      const { contacts, bob, facts } = audience();
      for (let nth = 0; nth < 40; nth++) {
        contacts.count(bob, ended('delivered', `m-${nth}`));
        const early = contacts.ended(bob, `m-${Math.floor(nth / 2)}`)!;
        expect(early.mailing).toBe(`m-${Math.floor(nth / 2)}`);
      }
      facts.length = 0;
      const last = contacts.ended(bob, 'm-39')!;
      last.what = 'soft-bounced';
      contacts.recount(bob, last);
      const before = contacts.ended(bob, 'm-38')!;
      before.what = 'soft-bounced';
      contacts.recount(bob, before);
      expect(facts).toEqual([
        streak(0, 1, 'm-39'),
        streak(1, 2, 'm-38'),
        status('active', 'error', 'soft-bounces', { by: 'sender', mailing: 'm-38' }),
      ]);
    });

    test('as a hard bounce is in error', () => {
      expect(returned('hard-bounced')).toEqual([
        streak(1, 2, 'm2'),
        status('active', 'error', 'hard-bounce', { by: 'sender', mailing: 'm2' }),
      ]);
    });

    test('as a hard bounce that the policy spares is in error by its streak alone', () => {
      expect(returned('hard-bounced', { spares: true })).toEqual([
        streak(1, 2, 'm2'),
        status('active', 'error', 'soft-bounces', { by: 'sender', mailing: 'm2' }),
      ]);
    });

    test('as a soft bounce is in error by its streak', () => {
      expect(returned('soft-bounced').at(-1)).toEqual(
        status('active', 'error', 'soft-bounces', { by: 'sender', mailing: 'm2' }),
      );
    });
  });
});

describe('the fold over a history', () => {
  const start = { status: 'active', softBounceStreak: 0 } as const;
  const fold = (past: HistoryEntry[], from: Parameters<typeof standing>[0] = start) =>
    standing(from, past, 2);
  const soft = (more: Partial<EndedDelivery> = {}) => ended('soft-bounced', 'm', { begunAt: 10, ...more });

  test('ignores a delivery of a mailing that started while the contact was inactive', () => {
    const inactive: HistoryEntry[] = [
      { what: 'opt-out', at: 5 },
      { what: 'subscribe', at: 20 },
    ];
    expect(fold([...inactive, soft({ chosenAt: 19, begunAt: 30 })]).softBounceStreak).toBe(0);
    expect(fold([...inactive, soft({ chosenAt: 20, begunAt: 30 })]).softBounceStreak).toBe(1);
  });

  test('ignores a delivery that an opt-out withdraws, and counts one whose last attempt had begun', () => {
    expect(fold([{ what: 'opt-out', at: 9 }, soft()]).softBounceStreak).toBe(0);
    expect(fold([{ what: 'opt-out', at: 10 }, soft()]).softBounceStreak).toBe(1);
  });

  test('ignores every delivery of a contact that was never active', () => {
    expect(fold([soft(), soft()], { status: 'error', softBounceStreak: 1 })).toEqual({
      status: 'error',
      softBounceStreak: 1,
    });
  });

  test('ends an opt-out by subscribing only, an error also by re-activation', () => {
    const hard = ended('hard-bounced', 'm', { begunAt: 10, endedAt: 12 });
    expect(fold([{ what: 'opt-out', at: 11 }, hard]).status).toBe('opt-out');
    expect(
      fold([
        { what: 'opt-out', at: 11 },
        { what: 'reactivate', at: 12 },
      ]).status,
    ).toBe('opt-out');
    expect(fold([hard, { what: 'reactivate', at: 15 }]).status).toBe('active');
    expect(fold([hard, { what: 'subscribe', at: 15 }]).status).toBe('active');
    expect(fold([hard, { what: 'opt-out', at: 15 }]).status).toBe('opt-out');
  });

  test('ignores requests that changed nothing', () => {
    const half = { status: 'active', softBounceStreak: 1 } as const;
    expect(fold([{ what: 'reactivate', at: 5 }], half)).toEqual(half);
    expect(fold([{ what: 'subscribe', at: 5 }], half)).toEqual(half);
  });

  test('keeps an opt-out at the soft bounce that would make an active contact error', () => {
    const { status: is } = fold([soft(), { what: 'opt-out', at: 11 }, soft()]);
    expect(is).toBe('opt-out');
    expect(fold([soft(), soft()])).toEqual({ status: 'error', softBounceStreak: 2 });
    expect(fold([soft(), ended('delivered', 'd', { begunAt: 10 }), soft()])).toEqual({
      status: 'active',
      softBounceStreak: 1,
    });
  });
});

describe('a selection', () => {
  const bob = { key: BOB, domain: 'example.org' } as Contact;

  test.each([
    [undefined, true],
    [{}, true],
    [{ domain: 'EXAMPLE.org' }, true],
    [{ domain: 'other.org' }, false],
    [{ addresses: [] }, false],
    [{ addresses: ['Bob@example.org'] }, true],
    [{ addresses: ['bob'] }, false],
    [{ addresses: ['b*@Example.org'] }, true],
    [{ addresses: ['e*@example.org'] }, false],
    [{ addresses: ['eve@example.org', '*'] }, true],
    [{ domain: 'other.org', addresses: ['*'] }, false],
  ])('%j matches bob: %s', (selection, isMatch) => {
    expect(chooser(selection)(bob)).toBe(isMatch);
  });

  test('with an empty list of addresses matches no contact, not even one with an empty key', () => {
    expect(chooser({ domain: 'example.org' })({ key: '', domain: 'example.org' })).toBe(true);
    expect(chooser({ addresses: [] })({ key: '', domain: 'example.org' })).toBe(false);
  });
});
