// Rules 5 and 6 of docs/semantics.md: when a delivery is retried and when it is given up, as the servers
// saw it, under the three shipped policies.

import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/sender/ports.js';
import { Sender } from '../../src/sender/sender.js';
import { BUILDING_MS, readers } from '../support/plans.js';
import { EMMA, FOUR_ATTEMPTS, HOUR, MINUTE, policy, THIRTY_HOURS } from '../support/policies.js';
import { run, type Events, type Ran } from '../support/runs.js';
import { scriptedWorld, sendTo, type Script, type ScriptedOptions } from '../support/scripted-server.js';

const DOWN = { 'example.org': { behaviors: [{ do: 'down' }] } };
const FULL = { 'example.org': { mailboxes: { bob: { do: 'mailbox-full' } } } };

/** Minutes since the start of the mailing at which a server read RCPT for bob. */
function seen({ events }: Ran): number[] {
  return events.rcptTimes('bob@example.org').map((at) => (at - BUILDING_MS) / MINUTE);
}

describe('rule 5: retry', () => {
  test.each([
    ['emma', EMMA],
    ['four-attempts', FOUR_ATTEMPTS],
  ])('a mailbox full for good is tried at 0, 30, 60 and 90 minutes under %s', async (_name, rules) => {
    const ran = await run({ fleet: FULL, policy: rules });
    expect(seen(ran)).toEqual([0, 30, 60, 90]);
    expect(ran.mailing()).toMatchObject({
      bounced: { soft: 1, hard: 0 },
      completedAt: BUILDING_MS + 90 * MINUTE,
    });
    expect(ran.mailing().causes).toEqual({ 'mailbox-full': 1 });
    expect(ran.result.statuses).toEqual({ active: 1, error: 0, optOut: 0 });
  });

  test('the grid does not drift with the time that attempts take', async () => {
    const ran = await run({ fleet: FULL, latencyMs: 250 });
    const starts = ran.events.attempts('bob@example.org').map(({ startedAt }) => startedAt - BUILDING_MS);
    expect(starts).toEqual([0, 30 * MINUTE, 60 * MINUTE, 90 * MINUTE]);
    const gaps = seen(ran).map((at) => at - seen(ran)[0]!);
    expect(gaps).toEqual([0, 30, 60, 90]);
  });

  test('an attempt still running at its next grid point delays that attempt until it ends, and no other', async () => {
    const ran = await run({
      fleet: {
        'example.org': {
          mailboxes: {
            bob: [
              { do: 'unresponsive', stage: 'rcpt', for: '15m', attempts: { from: 2, to: 2 } },
              { do: 'mailbox-full' },
            ],
          },
        },
      },
      policy: policy({ retry: { intervalsMs: [4 * MINUTE] } }),
    });
    // The second attempt times out after 5 minutes at RCPT (RFC 5321, 4.5.3.2.3).
    expect(
      ran.events.attempts('bob@example.org').map(({ startedAt }) => (startedAt - BUILDING_MS) / MINUTE),
    ).toEqual([0, 4, 9, 12, 16]);
    expect(ran.events.attempts('bob@example.org')[1]).toMatchObject({
      outcome: 'unreachable',
      stage: 'rcpt',
      error: 'ETIMEDOUT',
    });
  });

  test('every retry is announced: nextAt of an attempt is the start of the next one', async () => {
    const { events } = await run({ fleet: FULL });
    const attempts = events.attempts('bob@example.org');
    expect(attempts.map(({ nextAt }) => nextAt)).toEqual([
      ...attempts.slice(1).map(({ startedAt }) => startedAt),
      undefined,
    ]);
    expect(attempts.map(({ n }) => n)).toEqual([1, 2, 3, 4]);
  });
});

describe('rule 6: giving up', () => {
  test('a host down for good: 61 attempts for each of 50 contacts over 61 refused connections, under emma', async () => {
    const { events, mailing, result } = await run({ fleet: DOWN, contacts: readers(50) });
    const counts = readers(50).map((address) => events.attempts(address).length);
    expect(new Set(counts)).toEqual(new Set([61]));
    expect(events.of('connection.refused')).toHaveLength(61);
    expect(events.of('connection.opened')).toEqual([]);
    expect(mailing()).toMatchObject({ bounced: { soft: 50, hard: 0 }, completedAt: BUILDING_MS + 30 * HOUR });
    expect(result.servers['example.org']).toMatchObject({ refused: 61, connections: 0 });
    expect(result.statuses.active).toBe(50);
  });

  test('a host down for good: 4 attempts over 4 refused connections, under four-attempts', async () => {
    const { events, mailing } = await run({ fleet: DOWN, contacts: readers(50), policy: FOUR_ATTEMPTS });
    expect(new Set(readers(50).map((address) => events.attempts(address).length))).toEqual(new Set([4]));
    expect(events.of('connection.refused')).toHaveLength(4);
    expect(mailing()).toMatchObject({
      bounced: { soft: 50, hard: 0 },
      completedAt: BUILDING_MS + 90 * MINUTE,
    });
  });

  test('a mailbox full for good: 61 attempts under thirty-hours', async () => {
    const ran = await run({ fleet: FULL, policy: THIRTY_HOURS });
    expect(seen(ran)).toEqual(Array.from({ length: 61 }, (_, n) => 30 * n));
    expect(ran.mailing()).toMatchObject({
      bounced: { soft: 1, hard: 0 },
      completedAt: BUILDING_MS + 30 * HOUR,
    });
  });

  test.each([
    ['emma', EMMA, 5, 120 * MINUTE],
    ['four-attempts', FOUR_ATTEMPTS, 4, 90 * MINUTE],
    ['thirty-hours', THIRTY_HOURS, 61, 30 * HOUR],
  ])(
    'a mixed run of 4xx, 4xx, refused, 4xx, 4xx under %s: %i hits, %i',
    async (_name, rules, attempts, end) => {
      const at = (minute: number): number => BUILDING_MS + minute * MINUTE;
      const { events, mailing } = await run({
        fleet: {
          'example.org': {
            behaviors: [{ do: 'down', during: { from: at(60), to: at(61) } }],
            mailboxes: { bob: { do: 'mailbox-full' } },
          },
        },
        policy: rules,
      });
      const outcomes = events.attempts('bob@example.org').map(({ outcome }) => outcome);
      const expected = Array.from({ length: attempts }, (_, n) => (n === 2 ? 'unreachable' : 'deferred'));
      expect(outcomes).toEqual(expected);
      expect(events.rcptTimes('bob@example.org')).toHaveLength(attempts - 1);
      expect(mailing()).toMatchObject({ bounced: { soft: 1, hard: 0 }, completedAt: BUILDING_MS + end });
    },
  );

  test('an exhausted 421 is a soft bounce', async () => {
    const { mailing, result } = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'reply', stage: 'rcpt', code: 421, text: 'Busy' }] } },
    });
    expect(mailing()).toMatchObject({ bounced: { soft: 1, hard: 0 } });
    expect(result.statuses.active).toBe(1);
  });

  test('logs why: budget spent, or window over', async () => {
    const budget = await run({ fleet: FULL });
    expect(budget.events.ends('bob@example.org')).toMatchObject([
      { state: 'soft-bounced', why: 'budget spent', cause: 'mailbox-full' },
    ]);
    const window = await run({ fleet: DOWN });
    expect(window.events.ends('bob@example.org')).toMatchObject([
      { state: 'soft-bounced', why: 'window over', cause: 'network' },
    ]);
  });

  test.each([
    ['exactly at', 0, 3],
    ['one millisecond before', 1, 3],
    ['one millisecond after', -1, 2],
  ])('an attempt that is due %s the edge of the window', async (_when, extra, attempts) => {
    const { events, mailing } = await run({
      fleet: DOWN,
      policy: policy({ retry: { windowMs: HOUR + extra, overrunMs: 0 } }),
    });
    expect(events.of('connection.refused')).toHaveLength(attempts);
    // It ends with its last attempt, not at the end of the window.
    expect(mailing().completedAt).toBe(BUILDING_MS + (attempts - 1) * 30 * MINUTE);
  });

  test.each([
    ['mailing-start', 0, 1],
    ['mailing-start', 3 * MINUTE - 1, 1],
    ['mailing-start', 3 * MINUTE, 2],
    ['first-attempt', 0, 2],
  ] as const)(
    'the window counts from %s, with an overrun of %i ms: a first attempt 5 minutes late makes %i in all',
    async (windowFrom, overrunMs, attempts) => {
      // Five silent connections occupy the destination for the five minutes of RCPT.
      const silent = { do: 'unresponsive', stage: 'rcpt', attempts: { from: 1, to: 1 } };
      const { events } = await run({
        fleet: { 'example.org': { behaviors: [silent] } },
        contacts: readers(6),
        policy: policy({ retry: { windowMs: 32 * MINUTE, overrunMs, windowFrom } }),
      });
      const starts = events.rcptTimes('reader-6@example.org').map((at) => (at - BUILDING_MS) / MINUTE);
      expect(starts).toEqual([5, 35].slice(0, attempts));
      expect(events.rcptTimes('reader-1@example.org')).toHaveLength(2);
    },
  );

  test('a delivery that waits for a free connection until the overrun of its window ends is given up then', async () => {
    const { events, mailing, result } = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'unresponsive', stage: 'rcpt' }] } },
      contacts: readers(40),
      policy: policy({
        retry: { windowMs: 10 * MINUTE, overrunMs: 2 * MINUTE, attempts: { counting: 'total', total: 1 } },
      }),
    });
    // Five connections at once, five minutes each: 15 attempts begin in time, the others never.
    expect(events.commands('RCPT')).toHaveLength(15);
    expect(events.of('attempt')).toHaveLength(15);
    const never = events.of('delivery.ended').filter(({ why }) => why === 'window over');
    expect(never).toHaveLength(25);
    expect(new Set(never.map(({ t }) => t))).toEqual(new Set([BUILDING_MS + 12 * MINUTE + 1]));
    expect(mailing()).toMatchObject({
      bounced: { soft: 40, hard: 0 },
      completedAt: BUILDING_MS + 15 * MINUTE,
    });
    expect(result.servers['example.org']!.peakConnections).toBe(5);
  });

  describe('this holds as well', () => {
    const MESSAGE = { subject: 'More', text: 'Hello', sizeBytes: 0 };
    /** Replies 450, but not at all to one address, which occupies the only connection for five minutes. */
    const stuck: Script = ({ line, verb }) => {
      if (line.includes('stuck@')) return null;
      return verb === 'RCPT' ? '450 not now\r\n' : undefined;
    };
    const withStuck = (at: number, secondAt: number): Partial<ScriptedOptions> => ({
      limits: { connectionsMax: 1 },
      before: ({ clock, sender }) => {
        const send = (name: string, address: string): void =>
          void sender.send({ name, kind: 'standard', message: MESSAGE, to: { addresses: [address] } }, 0);
        clock.at(secondAt, () => send('second', 'bob@example.org'));
        clock.at(at, () => {
          sender.addContact({ address: 'stuck@example.org' });
          send('third', 'stuck@example.org');
        });
      },
    });
    const endsOfBob = (events: Events) =>
      events.ends('bob@example.org').map(({ mailing, why, t }) => [mailing, why, t]);

    test('when a delivery with a later end waits before it', async () => {
      // The second mailing waits from minute 59 on, with its edge at 89; the first from 60 on, its edge.
      const { events } = await sendTo(stuck, {
        ...withStuck(58 * MINUTE, 29 * MINUTE),
        policy: policy({ retry: { windowMs: HOUR, overrunMs: 0 } }),
      });
      expect(endsOfBob(events)[0]).toEqual(['news', 'window over', HOUR + 1]);
    });

    test('when another delivery was given up before it', async () => {
      const { events } = await sendTo(stuck, {
        ...withStuck(57.5 * MINUTE, MINUTE),
        policy: policy({ retry: { windowMs: HOUR, overrunMs: 0, intervalsMs: [29 * MINUTE] } }),
      });
      expect(endsOfBob(events)).toEqual([
        ['news', 'window over', HOUR + 1],
        ['second', 'window over', HOUR + MINUTE + 1],
      ]);
    });

    test('when the connection was passed from one delivery to the next in the meantime', async () => {
      const { events } = await sendTo(
        ({ verb, say }, clock) => {
          if (verb !== 'RCPT') return undefined;
          clock.after(4 * MINUTE, () => say('450 not now\r\n'));
          return null;
        },
        {
          contacts: readers(5),
          limits: { connectionsMax: 1 },
          policy: policy({
            retry: { windowMs: 11 * MINUTE, overrunMs: 0, attempts: { counting: 'total', total: 1 } },
          }),
        },
      );
      const ends = events.of('delivery.ended').map(({ why, t }) => [why, t]);
      expect(ends.filter(([why]) => why === 'window over')).toEqual(
        Array(2).fill(['window over', 11 * MINUTE + 1]),
      );
    });
  });

  test('no timer is set for a window that has not begun', async () => {
    const { clock, ports } = scriptedWorld(({ verb }) => (verb === 'RCPT' ? '450 not now\r\n' : undefined));
    const delays: number[] = [];
    const after: Clock['after'] = (ms, fn) => {
      delays.push(ms);
      return clock.after(ms, fn);
    };
    const sender = new Sender({
      ...ports,
      clock: { now: () => clock.now(), date: (at) => clock.date(at), after },
      policy: policy({ retry: { windowFrom: 'first-attempt' } }),
      limits: { connectionsMax: 1 },
      emit: () => undefined,
    });
    for (const address of readers(5)) sender.addContact({ address });
    sender.send({ name: 'news', kind: 'standard', message: { subject: '', text: '', sizeBytes: 0 } }, 0);
    await clock.run({ horizonMs: HOUR, wallLimitMs: 20_000 });
    expect(delays).not.toEqual([]);
    expect(delays.filter((ms) => !Number.isFinite(ms))).toEqual([]);
  });
});
