// Rules 12 to 14 of docs/semantics.md: attempts with an unknown outcome, busy destinations, and terminal
// states.

import { describe, expect, test } from 'vitest';
import type { Fact } from '../../src/events/types.js';
import { systemClock } from '../../src/clock/system.js';
import { Changes } from '../../src/sender/changes.js';
import { Delivery } from '../../src/sender/model/delivery.js';
import { Mailing } from '../../src/sender/model/mailing.js';
import { contactOf } from '../support/contacts.js';
import { BUILDING_MS, readers, type BehaviorSketch } from '../support/plans.js';
import { EMMA, FOUR_ATTEMPTS, HOUR, MINUTE, policy } from '../support/policies.js';
import { run, type Ran } from '../support/runs.js';
import { sendTo, type Script } from '../support/scripted-server.js';

const BOB = 'bob@example.org';

describe('rule 12: ambiguity is counted', () => {
  const silent = (kept: boolean): Promise<Ran> =>
    run({
      fleet: {
        'example.org': {
          behaviors: [{ do: 'unresponsive', stage: 'message', kept, attempts: { from: 1, to: 1 } }],
        },
      },
    });

  test('a message that is accepted without a reply is accepted twice, and counts as a possible duplicate', async () => {
    const { events, mailing, result } = await silent(true);
    expect(events.attempts(BOB).map(({ outcome }) => outcome)).toEqual(['unknown', 'accepted']);
    expect(events.accepted(BOB)).toHaveLength(2);
    expect(mailing()).toMatchObject({ recipients: 1, delivered: 1, possibleDuplicates: 1 });
    expect(result.servers['example.org']!.accepted).toBe(2);
  });

  test('a message that was not accepted counts too: the sender cannot know', async () => {
    const { events, mailing } = await silent(false);
    expect(events.accepted(BOB)).toHaveLength(1);
    expect(mailing()).toMatchObject({ delivered: 1, possibleDuplicates: 1 });
  });

  test.each(['connect', 'ehlo', 'mail', 'rcpt', 'data'])('silence at %s is not ambiguous', async (stage) => {
    const { events, mailing } = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'unresponsive', stage, until: 10 * MINUTE }] } },
    });
    expect(mailing()).toMatchObject({ delivered: 1, possibleDuplicates: 0 });
    expect(events.accepted(BOB)).toHaveLength(1);
  });

  test('an unknown outcome is charged to the budget `unreachable`', async () => {
    const { events, mailing } = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'unresponsive', stage: 'message' }] } },
      policy: policy({ retry: { attempts: { counting: 'per-class', replied: 1, unreachable: 3 } } }),
    });
    expect(events.attempts(BOB).map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown', 'unknown']);
    expect(mailing()).toMatchObject({ bounced: { soft: 1, hard: 0 }, possibleDuplicates: 3 });
  });
});

describe('rule 13: a busy destination is one fact', () => {
  const at = (behavior: BehaviorSketch, rules = FOUR_ATTEMPTS, count = 40): Promise<Ran> =>
    run({ fleet: { 'example.org': { behaviors: [behavior] } }, contacts: readers(count), policy: rules });

  test.each<[string, BehaviorSketch, object]>([
    ['421 at connect', { do: 'busy' }, { outcome: 'deferred', stage: 'connect', reply: { code: 421 } }],
    [
      'silence at connect',
      { do: 'unresponsive' },
      { outcome: 'unreachable', stage: 'connect', error: 'ETIMEDOUT' },
    ],
    [
      '421 at EHLO',
      { do: 'busy', stage: 'ehlo' },
      { outcome: 'deferred', stage: 'ehlo', reply: { code: 421 } },
    ],
  ])('%s: all due deliveries share the result of one connection', async (_what, behavior, result) => {
    const { events, mailing } = await at(behavior);
    expect(events.of('connection.opened')).toHaveLength(4);
    expect(events.commands('MAIL')).toEqual([]);
    expect(events.of('attempt')).toHaveLength(160);
    for (const attempt of events.of('attempt')) expect(attempt).toMatchObject({ ...result, shared: true });
    expect(mailing()).toMatchObject({ bounced: { soft: 40, hard: 0 } });
  });

  test('refused: all due deliveries share the result of one refused connection', async () => {
    const { events } = await at({ do: 'down' });
    expect(events.of('connection.refused')).toHaveLength(4);
    for (const attempt of events.of('attempt'))
      expect(attempt).toMatchObject({ error: 'ECONNREFUSED', shared: true });
  });

  test('a delivery that falls due while a connection is opened begins then and shares the result', async () => {
    const slow: Script = ({ verb, say, socket }, clock) => {
      if (verb !== 'CONNECT') return undefined;
      clock.after(10_000, () => {
        say('421 4.3.2 no\r\n');
        socket.end();
      });
      return null;
    };
    const { events, sessions } = await sendTo(slow, {
      before: ({ clock, sender }) => {
        const message = { subject: 'More', text: 'Hello', sizeBytes: 0 };
        clock.at(4000, () => sender.send({ name: 'more', kind: 'standard', message }, 0));
      },
    });
    expect(events.of('attempt').map(({ t, startedAt, shared }) => [t, startedAt, shared])).toEqual([
      [10_000, 0, true],
      [10_000, 4000, true],
    ]);
    expect(sessions).toHaveLength(1);
  });

  test('an attempt without others is not marked as shared', async () => {
    const { events } = await at({ do: 'down' }, FOUR_ATTEMPTS, 1);
    expect(events.of('attempt')[0]).not.toHaveProperty('shared');
  });

  test('4xx at connect is charged to the budget `unreachable`', async () => {
    const { events } = await at({ do: 'busy' }, EMMA, 2);
    expect(events.attempts('reader-1@example.org')).toHaveLength(61);
  });

  test('a 5xx greeting is a hard bounce for all of them, over one connection, under any-5xx', async () => {
    const { events, mailing, result } = await at({
      do: 'reply',
      stage: 'connect',
      code: 554,
      enhanced: '5.7.1',
      text: 'Blocked',
    });
    expect(events.of('connection.opened')).toHaveLength(1);
    expect(mailing()).toMatchObject({ bounced: { soft: 0, hard: 40 }, completedAt: BUILDING_MS });
    expect(mailing().causes).toEqual({ 'ip-blocklisted': 40 });
    expect(result.statuses).toEqual({ active: 0, error: 40, optOut: 0 });
  });

  test('a 5xx greeting leaves every contact active under recipient-only', async () => {
    const { events, mailing, result } = await at(
      { do: 'reply', stage: 'connect', code: 554, text: 'Blocked' },
      policy({ bounce: { hard: 'recipient-only' } }),
    );
    expect(events.of('connection.opened')).toHaveLength(1);
    expect(mailing()).toMatchObject({ bounced: { soft: 0, hard: 40 } });
    expect(result.statuses).toEqual({ active: 40, error: 0, optOut: 0 });
  });

  test('a 5xx greeting that the policy treats as deferred is tried again', async () => {
    const { mailing, result } = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'reply', stage: 'connect', code: 554, until: HOUR }] } },
      contacts: readers(3),
      policy: policy({ bounce: { overrides: [{ stage: 'connect', code: 554, treatAs: 'deferred' }] } }),
    });
    expect(mailing()).toMatchObject({ delivered: 3 });
    expect(result.statuses.active).toBe(3);
  });

  test('other destinations are not affected', async () => {
    const { mailing, events } = await run({
      fleet: { 'down.example': { behaviors: [{ do: 'down' }] }, default: {} },
      contacts: [...readers(5, 'down.example'), ...readers(5, 'up.example')],
      policy: FOUR_ATTEMPTS,
    });
    expect(mailing()).toMatchObject({ delivered: 5, bounced: { soft: 5, hard: 0 } });
    expect(events.of('message.accepted').every(({ t }) => t === BUILDING_MS)).toBe(true);
  });

  test('two mailings for one contact share a 5xx greeting: each bounces, and the contact is error once', async () => {
    const { events, mailing } = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'reply', stage: 'connect', code: 554 }] } },
      mailings: ['news', 'more'],
    });
    expect(mailing('news').bounced.hard + mailing('more').bounced.hard).toBe(2);
    expect(events.of('contact.status')).toHaveLength(1);
    expect(events.of('connection.opened')).toHaveLength(1);
  });

  test('two mailings for one contact share a dead host: the error from one withdraws the delivery of the other', async () => {
    const { mailing, events } = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'down' }] } },
      contacts: [{ address: BOB, softBounceStreak: 3 }],
      mailings: ['news', { name: 'more', at: HOUR }],
      policy: FOUR_ATTEMPTS,
    });
    expect(mailing('news')).toMatchObject({ bounced: { soft: 1, hard: 0 } });
    expect(mailing('more')).toMatchObject({ withdrawn: 1, bounced: { soft: 0, hard: 0 } });
    expect(events.of('delivery.ended')).toHaveLength(2);
  });
});

describe('rule 14: terminal is absorbing', () => {
  test('a delivery that has ended cannot end again', () => {
    const facts: Fact[] = [];
    const changes = new Changes({
      clock: systemClock(),
      emit: (fact) => facts.push(fact),
      onFailure: () => undefined,
    });
    const message = { subject: '', text: '', sizeBytes: 0 };
    const mailing = new Mailing({ name: 'news', kind: 'standard', message }, 0);
    mailing.start(2, 0, changes);
    const delivery = new Delivery(mailing, contactOf(BOB));
    delivery.end('delivered', 'for a test', changes);
    const before = facts.length;
    expect(() => delivery.end('soft-bounced', 'for a test', changes)).toThrow(
      'bob@example.org in news is delivered and cannot become soft-bounced',
    );
    expect(facts).toHaveLength(before);
    expect(delivery.state).toBe('delivered');
  });

  test('no delivery ends twice, and none is attempted after its end, in a run in which everything fails', async () => {
    const { events } = await run({
      fleet: {
        'example.org': {
          behaviors: [
            { do: 'busy', chance: 0.2 },
            { do: 'down', chance: 0.2 },
            { do: 'unresponsive', stage: 'message', chance: 0.3 },
          ],
          mailboxes: {
            'reader-1*': [
              { do: 'nonexistent-user', chance: 0.3 },
              { do: 'mailbox-full', chance: 0.5 },
            ],
          },
        },
      },
      contacts: readers(30),
      mailings: ['news', { name: 'more', at: 45 * MINUTE }, { name: 'third', at: 46 * MINUTE }],
      events: readers(6).map((address, index) => ({
        at: index * 17 * MINUTE,
        action: 'opt-out' as const,
        address,
      })),
      policy: policy({ bounce: { softBouncesToError: 1 } }, FOUR_ATTEMPTS),
    });
    const ended = new Set<string>();
    for (const event of events.all) {
      if (event.type !== 'delivery.ended' && event.type !== 'attempt') continue;
      const key = `${event.address} ${event.mailing}`;
      expect(ended.has(key)).toBe(false);
      if (event.type === 'delivery.ended') ended.add(key);
    }
    expect(ended.size).toBe(events.of('delivery.queued').length);
    expect(ended.size).toBeGreaterThan(60);
    expect(events.of('mailing.completed')).toHaveLength(3);
  });
});
