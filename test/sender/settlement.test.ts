// Settlement of one attempt, without a connection: what is logged, what is counted, and the figures of the
// mailing after it.

import { describe, expect, test } from 'vitest';
import type { Fact } from '../../src/events/types.js';
import { Changes } from '../../src/sender/changes.js';
import { Contacts } from '../../src/sender/model/contact.js';
import { Delivery } from '../../src/sender/model/delivery.js';
import type { AttemptResult } from '../../src/sender/destination/attempt-journal.js';
import { standing } from '../../src/sender/model/history.js';
import { Responses } from '../../src/sender/figures.js';
import { Mailing } from '../../src/sender/model/mailing.js';
import { OpenDeliveries } from '../../src/sender/model/open-deliveries.js';
import { Queue } from '../../src/sender/queue.js';
import { pointsPassed } from '../../src/policy/retry-policy.js';
import { Settlement } from '../../src/sender/settlement.js';
import { ManualClock } from '../support/manual-clock.js';
import { EMMA, HOUR, MINUTE, policy } from '../support/policies.js';

/** A mailing in progress with one delivery for each name. */
function world(names: string[], rules = EMMA) {
  const clock = new ManualClock();
  const facts: Fact[] = [];
  const changes = new Changes({ clock, emit: (fact) => facts.push(fact), onFailure: () => undefined });
  const contacts = new Contacts(clock, changes, rules.bounce.softBouncesToError);
  const open = new OpenDeliveries();
  const due: Delivery[] = [];
  const queue = new Queue(clock, (deliveries) => due.push(...deliveries));
  const draws: unknown[][] = [];
  const random = { fraction: (...name: (string | number)[]) => (draws.push(name), 0.5) };
  const settlement = new Settlement({ clock, random, policy: rules, changes, contacts, open, queue });
  const message = { subject: 'News', text: 'x', sizeBytes: 0 };
  const mailing = new Mailing({ name: 'news', kind: 'standard', message }, 0);
  const deliveries = names.map((name) => {
    contacts.add({ address: `${name}@example.org` });
    const delivery = new Delivery(mailing, contacts.get(`${name}@example.org`)!);
    open.add(delivery);
    return delivery;
  });
  mailing.start(names.length, 0, changes);
  facts.length = 0;
  return { clock, contacts, settlement, mailing, deliveries, facts, due, draws, open };
}

const RESULTS: Record<string, Pick<AttemptResult, 'stage' | 'outcome' | 'reply' | 'error'>> = {
  accepted: { stage: 'message', outcome: 'accepted', reply: { code: 250, lines: ['ok'] } },
  deferred: { stage: 'rcpt', outcome: 'deferred', reply: { code: 450, lines: ['busy'] } },
  rejected: { stage: 'rcpt', outcome: 'rejected', reply: { code: 554, lines: ['no'] } },
  unknown: { stage: 'message', outcome: 'unknown', error: 'ECONNRESET' },
  unreachable: { stage: 'connect', outcome: 'unreachable', error: 'ECONNREFUSED' },
};

const result = (what: string, more: Partial<AttemptResult> = {}): AttemptResult => ({
  ...RESULTS[what]!,
  startedAt: 0,
  ...more,
});

const endOf = (facts: Fact[]) => facts.find((fact) => fact.type === 'delivery.ended');

describe('an attempt', () => {
  test.each<[string, Partial<AttemptResult>, object]>([
    ['accepted', {}, { state: 'delivered', why: '2xx after the final dot' }],
    ['rejected', {}, { state: 'hard-bounced', why: '554 at rcpt', cause: 'other' }],
    [
      'rejected',
      { stage: 'connect', reply: undefined, error: 'ENOTFOUND' },
      { state: 'hard-bounced', why: 'ENOTFOUND', cause: 'dns-failure' },
    ],
    [
      'rejected',
      { stage: 'mail', reply: undefined, error: undefined },
      { state: 'hard-bounced', why: 'network', cause: 'network' },
    ],
  ])('that is %s with %j ends the delivery', (what, more, expected) => {
    const { settlement, deliveries, facts } = world(['bob']);
    settlement.attempted(deliveries[0]!, result(what, more));
    expect(endOf(facts)).toMatchObject({ address: 'bob@example.org', ...expected });
  });

  test.each<[string | undefined, string]>([
    ['ENOTFOUND', 'dns-failure'],
    ['ENODATA', 'dns-failure'],
    ['ENULLMX', 'dns-failure'],
    ['ESERVFAIL', 'dns-failure'],
    ['ETIMEOUT', 'dns-failure'],
    ['EREFUSED', 'dns-failure'],
    ['EBADRESP', 'dns-failure'],
    ['EPROTOCOL', 'protocol-error'],
    ['ESMTPUTF8', 'protocol-error'],
    ['EMESSAGESIZE', 'message-too-big'],
    ['ECONNREFUSED', 'network'],
    ['ETIMEDOUT', 'network'],
    [undefined, 'network'],
  ])('without a reply and with %s has the cause %s', (error, cause) => {
    const { settlement, deliveries, facts } = world(['bob']);
    expect(settlement.attempted(deliveries[0]!, result('unreachable', { error }))).toBe(cause);
    const fact = facts.find(({ type }) => type === 'attempt')!;
    expect(fact).toMatchObject({ n: 1, cause, nextAt: 30 * MINUTE });
    for (const key of [
      'host',
      'tried',
      'client',
      'reply',
      'shared',
      ...(error === undefined ? ['error'] : []),
    ])
      expect(fact).not.toHaveProperty(key);
  });

  test('logs host, hosts tried, client and sharing when the result has them', () => {
    const { settlement, deliveries, facts } = world(['bob']);
    const known = {
      host: 'mx.example.org',
      tried: [{ host: 'mx0.example.org', stage: 'connect' as const }],
      client: '127.0.0.1:4000',
      shared: true as const,
    };
    settlement.attempted(deliveries[0]!, result('deferred', known));
    expect(facts[0]).toMatchObject({ type: 'attempt', reply: RESULTS['deferred']!.reply, ...known });
  });

  test('with an unknown outcome counts as a possible duplicate and is made again', () => {
    const { settlement, deliveries, mailing, clock, due } = world(['bob']);
    const [bob] = deliveries;
    settlement.attempted(bob!, result('unknown'));
    settlement.attempted(bob!, result('unreachable'));
    expect([bob!.unknown, bob!.unreachable, bob!.replied, mailing.possibleDuplicates]).toEqual([1, 2, 0, 1]);
    clock.to(HOUR);
    expect(due).toContain(bob);
  });

  test('draws jitter by mailing, contact and attempt number, and only when the policy has jitter', () => {
    const plain = world(['bob']);
    plain.settlement.attempted(plain.deliveries[0]!, result('deferred'));
    expect(plain.draws).toEqual([]);
    const moved = world(['bob'], policy({ retry: { jitter: 0.5 } }));
    moved.settlement.attempted(moved.deliveries[0]!, result('deferred'));
    expect(moved.draws).toEqual([['jitter', 'news', 'bob@example.org', 1]]);
    expect(moved.deliveries[0]!.dueAt).toBe(37.5 * MINUTE);
  });

  test('that does not count leaves the delivery queued, or withdrawn if its contact opted out', () => {
    const { settlement, deliveries, contacts, facts } = world(['bob', 'eve']);
    const [bob, eve] = deliveries as [Delivery, Delivery];
    for (const delivery of deliveries) {
      delivery.runningSince = 0;
      settlement.begun(delivery, 0, 'mx.example.org');
    }
    contacts.optOut(eve.contact, 'contact');
    settlement.withdraw(eve.contact);
    expect(deliveries.map((delivery) => settlement.uncharged(delivery))).toEqual([true, false]);
    expect(bob).toMatchObject({ inProgress: true, running: undefined, runningSince: undefined, attempts: 0 });
    expect(endOf(facts)).toMatchObject({ address: 'eve@example.org', state: 'withdrawn' });
  });
});

describe('a delivery', () => {
  test('whose window ends while it waits is a soft bounce with its last cause, or `other`', () => {
    const { settlement, deliveries, facts } = world(['bob', 'eve']);
    settlement.expired(deliveries[0]!);
    const throttled = { code: 451, enhanced: '4.7.28', lines: ['slow down'] };
    settlement.attempted(deliveries[1]!, result('deferred', { reply: throttled }));
    settlement.expired(deliveries[1]!);
    const ends = facts.filter(({ type }) => type === 'delivery.ended');
    expect(ends).toMatchObject([
      { state: 'soft-bounced', why: 'window over', cause: 'other', unattempted: true },
      { state: 'soft-bounced', why: 'window over', cause: 'throttled' },
    ]);
    expect(ends[1]).not.toHaveProperty('unattempted');
    // Rule 8: only an attempt says something about the contact.
    expect(deliveries.map(({ contact }) => contact.softBounceStreak)).toEqual([0, 1]);
  });

  test('without an attempt leaves a contact that is one soft bounce from error active, also after a recount', () => {
    const { settlement, deliveries, contacts } = world(['bob']);
    const { contact } = deliveries[0]!;
    contact.softBounceStreak = 3;
    const other = { chosenAt: 0, begunAt: 0, endedAt: 0 };
    settlement.expired(deliveries[0]!);
    expect(contact).toMatchObject({ status: 'active', softBounceStreak: 3 });
    contacts.count(contact, { what: 'delivered', mailing: 'other', ...other });
    settlement.returned(contact, contacts.ended(contact, 'other')!, {
      state: 'soft-bounced',
      cause: 'mailbox-full',
      evidence: {},
    });
    expect(contact).toMatchObject({ status: 'error', softBounceStreak: 4 });
    expect(standing({ status: 'active', softBounceStreak: 3 }, contact.history!.past.slice(0, 1), 4)).toEqual(
      {
        status: 'active',
        softBounceStreak: 3,
      },
    );
  });

  test('skips the grid points that passed while no sender ran', () => {
    const { settlement, deliveries, clock } = world(['bob', 'eve']);
    const [bob, eve] = deliveries;
    clock.to(20 * MINUTE);
    settlement.attempted(bob!, result('deferred', { startedAt: 20 * MINUTE }));
    clock.to(110 * MINUTE);
    for (const one of [bob!, eve!]) settlement.skipMissed(one);
    // The attempt of minute 50 is made late; those of minutes 80 and 110 are skipped.
    expect([bob!.missed, eve!.missed]).toEqual([2, 0]);
    clock.to(141 * MINUTE);
    settlement.skipMissed(bob!);
    expect(bob!.missed).toBe(3);
  });

  test('of a contact that opted out is withdrawn after its running attempt', () => {
    const { settlement, deliveries, contacts, facts, open } = world(['bob']);
    const [bob] = deliveries;
    bob!.runningSince = 0;
    contacts.optOut(bob!.contact, 'contact');
    settlement.withdraw(bob!.contact);
    expect(endOf(facts)).toBeUndefined();
    contacts.subscribe(bob!.contact);
    settlement.attempted(bob!, result('deferred'));
    expect(endOf(facts)).toMatchObject({ state: 'withdrawn', why: 'opt-out' });
    expect([...open.all()]).toEqual([]);
  });

  test('of a contact that is active is not withdrawn', () => {
    const { settlement, deliveries, facts } = world(['bob']);
    settlement.withdraw(deliveries[0]!.contact);
    expect(facts).toEqual([]);
  });

  test.each([
    [true, 'active'],
    [false, 'error'],
  ])(
    'rejected for another cause than the recipient, under recipient-only %s, leaves the contact %s',
    (spares, status) => {
      const rules = policy({ bounce: { hard: spares ? 'recipient-only' : 'any-5xx' } });
      const { settlement, deliveries } = world(['bob'], rules);
      settlement.attempted(deliveries[0]!, result('rejected'));
      expect(deliveries[0]!.contact.status).toBe(status);
      const dns = world(['bob'], policy({ bounce: { hard: 'recipient-only' } }));
      dns.settlement.attempted(
        dns.deliveries[0]!,
        result('rejected', { reply: undefined, error: 'ENOTFOUND' }),
      );
      expect(dns.deliveries[0]!.contact.status).toBe('error');
    },
  );

  test('that fails at the sender itself, under recipient-only, leaves the contact active', () => {
    const { settlement, deliveries } = world(['bob'], policy({ bounce: { hard: 'recipient-only' } }));
    const unfit = result('rejected', { stage: 'mail', reply: undefined, error: 'EMESSAGESIZE' });
    settlement.attempted(deliveries[0]!, unfit);
    expect(deliveries[0]).toMatchObject({ state: 'hard-bounced', contact: { status: 'active' } });
  });

  test.each([
    ['5.7.25', 'active'],
    [undefined, 'active'],
    ['5.4.4', 'error'],
  ] as const)(
    'that a bounce message ends with a DNS failure and %s leaves the contact %s',
    (enhanced, status) => {
      const { settlement, deliveries, contacts } = world(
        ['bob'],
        policy({ bounce: { hard: 'recipient-only' } }),
      );
      const { contact } = deliveries[0]!;
      settlement.attempted(deliveries[0]!, result('accepted'));
      const cause = 'dns-failure';
      const evidence = { enhanced };
      settlement.returned(contact, contacts.ended(contact, 'news')!, {
        state: 'hard-bounced',
        cause,
        evidence,
      });
      expect(contact.status).toBe(status);
      expect(contacts.ended(contact, 'news')).toMatchObject({ what: 'hard-bounced', returned: true });
      expect(contacts.ended(contact, 'news')!.spares).toBe(status === 'active' ? true : undefined);
    },
  );
});

describe('the figures of a mailing', () => {
  test('add up, whatever the histories of its contacts', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k'];
    const { settlement, deliveries, contacts, mailing } = world(names);
    const [a, b, c, d, e, f, g, h, i, j] = deliveries as [Delivery, ...Delivery[]];
    contacts.add({ address: 'nobody@example.org' });
    contacts.reactivate(a.contact, 'support', 'why');
    for (const one of [a, b!, c!, d!]) settlement.attempted(one, result('accepted'));
    settlement.attempted(e!, result('deferred'));
    for (const one of [e!, f!]) settlement.expired(one);
    settlement.attempted(g!, result('rejected'));
    settlement.attempted(h!, result('unknown'));
    contacts.optOut(i!.contact, 'contact');
    settlement.withdraw(i!.contact);
    const { contact } = j!;
    contacts.count(contact, { what: 'delivered', mailing: 'other', chosenAt: 0, begunAt: 0, endedAt: 0 });
    expect(new Responses(contacts).of(mailing)).toEqual({
      state: 'in-progress',
      recipients: 11,
      delivered: 4,
      inProgress: 3,
      bounced: { soft: 2, hard: 1 },
      unattempted: 1,
      withdrawn: 1,
      possibleDuplicates: 1,
    });
  });
});

test('a mailing is completed when the last of its deliveries ends, and not before', () => {
  const { settlement, deliveries, contacts, mailing, facts } = world(['bob', 'eve']);
  const states = deliveries.map((delivery) => {
    settlement.attempted(delivery, result('accepted'));
    return new Responses(contacts).of(mailing).state;
  });
  expect(states).toEqual(['in-progress', 'completed']);
  expect(facts.filter(({ type }) => type === 'mailing.completed')).toHaveLength(1);
});

describe('points of a grid that have passed', () => {
  test.each([
    [59, 0],
    [60, 1],
    [89, 1],
    [90, 2],
    [1000, 2],
  ])('at %i, on a grid of 30 with a window of 100 and one attempt made: %i', (elapsed, passed) => {
    expect(pointsPassed({ intervalsMs: [30], windowMs: 100 }, 1, elapsed)).toBe(passed);
  });
});
