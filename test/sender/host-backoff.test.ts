// Back-off from hosts that refuse connections or throttle, and the limit of connections that a refused
// further connection lowers.

import { describe, expect, test } from 'vitest';
import type { CarePolicy } from '../../src/policy/retry-policy.js';
import { readers, twoHosts, type BehaviorSketch } from '../support/plans.js';
import { MINUTE, policy } from '../support/policies.js';
import { run } from '../support/runs.js';
import type { Handshake } from '../../src/simulator/network/network.js';
import { ONE_ATTEMPT, sendTo, type Script, type ScriptedOptions } from '../support/scripted-server.js';

const BOB = 'bob@example.org';

/** Accepts a message on the first connection, and replies 421 to a second one after ten seconds. */
const secondIsRefused: Script = ({ verb, session, say, socket }, clock) => {
  if (verb !== 'CONNECT' || session !== 2) return undefined;
  clock.after(10_000, () => {
    say('421 4.3.2 too many connections\r\n');
    socket.end();
  });
  return null;
};

describe('a host that refuses', () => {
  test('is suspended for the time of the policy, and then tried again', async () => {
    const { events } = await run({
      fleet: twoHosts([{ do: 'down' }]),
      contacts: [BOB],
      policy: policy({ destination: { suspendMs: 5 * MINUTE } }),
      mailings: ['a', { name: 'b', at: MINUTE }, { name: 'c', at: 6 * MINUTE }],
    });
    expect(events.of('attempt').map(({ tried }) => tried?.length ?? 0)).toEqual([1, 0, 1]);
    expect(events.of('host.suspended').map(({ why }) => why)).toEqual(['refused', 'refused']);
  });

  test('leaves the open connection to another host alone', async () => {
    const { events } = await run({
      fleet: twoHosts([{ do: 'down' }]),
      contacts: [BOB],
      mailings: ['a', { name: 'b', at: 1000 }],
    });
    expect(events.of('connection.opened')).toHaveLength(1);
    expect(events.accepted(BOB)).toHaveLength(2);
  });

  test.each<[string, BehaviorSketch, string[]]>([
    ['throttles', { do: 'reply', stage: 'rcpt', code: 451, enhanced: '4.7.28' }, ['mx1', 'mx2']],
    ['throttles for good', { do: 'reply', stage: 'rcpt', code: 550, enhanced: '5.7.28' }, ['mx1', 'mx1']],
    ['says anything else', { do: 'mailbox-full' }, ['mx1', 'mx1']],
    ['takes the message', { do: 'accept' }, ['mx1', 'mx1']],
  ])('one that %s: where the next mail goes', async (_, behavior, hosts) => {
    const { events } = await run({
      fleet: twoHosts([behavior]),
      contacts: readers(2),
      policy: ONE_ATTEMPT,
      mailings: [
        { name: 'a', to: { addresses: ['reader-1@example.org'] } },
        // While the connection for the first one is still open.
        { name: 'b', to: { addresses: ['reader-2@example.org'] }, at: 1000 },
      ],
    });
    expect(events.of('attempt').map(({ host }) => host)).toEqual(hosts.map((name) => `${name}.example.org`));
    expect(events.of('host.suspended').map(({ host, why }) => [host, why])).toEqual(
      hosts[1] === 'mx2' ? [['mx1.example.org', 'throttled']] : [],
    );
  });

  test('is always tried first under a policy without suspension', async () => {
    const { events } = await run({
      fleet: twoHosts([{ do: 'down' }]),
      contacts: [BOB],
      policy: policy({ destination: { suspendMs: 0 } }),
      mailings: ['a', { name: 'b', at: MINUTE }],
    });
    expect(events.of('attempt').map(({ tried }) => tried?.length ?? 0)).toEqual([1, 1]);
    expect(events.of('host.suspended')).toEqual([]);
  });

  test.each<[CarePolicy['allSuspended'], number[]]>([
    ['try', [0, 1]],
    ['wait', [0, 300]],
  ])(
    '%s decides what becomes of a connection that stands where all hosts are suspended',
    async (allSuspended, at) => {
      const { events } = await sendTo(
        ({ verb }) => (verb === 'RCPT' ? '451 4.7.28 slow down\r\n' : undefined),
        {
          policy: policy({
            retry: { attempts: { counting: 'total', total: 1 } },
            destination: { suspendMs: 5 * MINUTE, allSuspended },
          }),
          before: ({ clock, sender }) => {
            const message = { subject: 'More', text: 'Hello', sizeBytes: 0 };
            clock.at(1000, () => sender.send({ name: 'more', kind: 'standard', message }, 0));
          },
        },
      );
      expect(events.of('attempt').map(({ startedAt }) => startedAt / 1000)).toEqual(at);
    },
  );

  test('is not suspended under a policy without `destination`', async () => {
    const { destination: _, ...rest } = policy();
    const { events, sessions } = await sendTo(secondIsRefused, {
      contacts: readers(2),
      limits: { connectionsMax: 2, idleMs: MINUTE },
      policy: rest,
    });
    expect(events.of('attempt').map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted']);
    expect(sessions).toHaveLength(2);
    expect(events.of('destination.limited')).toEqual([]);
    expect(events.of('host.suspended')).toEqual([]);
  });

  test('a window that ends while all hosts are suspended ends the delivery', async () => {
    const { events, mailing } = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'down' }] } },
      contacts: [BOB],
      policy: policy({
        retry: { windowMs: 70 * MINUTE, overrunMs: 0 },
        destination: { suspendMs: 600 * MINUTE, allSuspended: 'wait' },
      }),
    });
    expect(events.attempts(BOB)).toHaveLength(1);
    expect(mailing()).toMatchObject({ bounced: { soft: 1, hard: 0 } });
  });
});

describe('a further connection that fails', () => {
  const MESSAGE = { subject: 'More', text: 'Hello', sizeBytes: 0 };
  /** One connection carries a message for a minute; a second mailing of two falls due after ten seconds. */
  const beside = (second: Script, more: Partial<ScriptedOptions> = {}) =>
    sendTo(
      (moment, clock) => {
        if (moment.session > 1) return second(moment, clock);
        if (moment.verb !== '.' || moment.nth > 1) return undefined;
        clock.after(MINUTE, () => moment.say('250 2.0.0 kept\r\n'));
        return null;
      },
      {
        policy: policy(),
        ...more,
        before: ({ clock, sender }) => {
          for (const name of ['one', 'two'])
            clock.at(10_000, () => sender.send({ name, kind: 'standard', message: MESSAGE }, 0));
          more.before?.({ clock, sender });
        },
      },
    );

  test.each<[string, Script, ((dial: number) => Handshake)?]>([
    ['is refused', () => undefined, (dial) => (dial > 1 ? 'refuse' : 'accept')],
    ['is greeted with 421', ({ verb }) => (verb === 'CONNECT' ? '421 4.7.0 busy\r\n' : undefined)],
    ['is greeted with 554', ({ verb }) => (verb === 'CONNECT' ? '554 5.7.1 no\r\n' : undefined)],
    ['meets 550 at EHLO', ({ verb }) => (/EHLO|HELO/.test(verb) ? '550 5.7.1 no\r\n' : undefined)],
    ['is closed without a greeting', ({ socket }) => (socket.end(), null)],
  ])('and %s is the result of no delivery', async (_what, second, handshake) => {
    const { events, server } = await beside(second, handshake ? { handshake } : {});
    expect(events.of('attempt').map(({ outcome, startedAt }) => [outcome, startedAt])).toEqual([
      ['accepted', 0],
      ['accepted', MINUTE],
      ['accepted', MINUTE],
    ]);
    expect(events.of('destination.limited')).toMatchObject([{ connections: 1 }]);
    expect(events.of('host.suspended')).toEqual([]);
    expect(server.dials).toBe(2);
  });

  test('is a first connection again when the one beside it has ended', async () => {
    const { events } = await beside(({ verb, say, session, socket }, clock) => {
      if (verb !== 'CONNECT') return undefined;
      clock.after(session === 2 ? 2 * MINUTE : 0, () => {
        say('554 5.7.1 no\r\n');
        socket.end();
      });
      return null;
    });
    // The greeting comes when the first connection has ended: it is the result of the delivery that waits.
    expect(events.of('attempt').map(({ mailing, outcome, t }) => [mailing, outcome, t])).toEqual([
      ['news', 'accepted', MINUTE],
      ['two', 'accepted', MINUTE],
      ['one', 'rejected', 130_000],
    ]);
  });

  test.each([0, 10])(
    'is not made again and again when the limit recovers without delay',
    async (latencyMs) => {
      const { events, server } = await beside(
        ({ verb }) => (verb === 'CONNECT' ? '421 4.7.0 busy\r\n' : undefined),
        { latencyMs, policy: policy({ destination: { recoverMs: 0 } }) },
      );
      expect(events.of('attempt').map(({ outcome }) => outcome)).toEqual(Array(3).fill('accepted'));
      expect(server.dials).toBeLessThanOrEqual(3);
    },
  );

  test('withdraws the delivery that it was opened for when the contact has opted out meanwhile', async () => {
    const slowly421: Script = ({ verb, say }, clock) => {
      if (verb !== 'CONNECT') return undefined;
      clock.after(10_000, () => say('421 4.7.0 busy\r\n'));
      return null;
    };
    const { events } = await beside(slowly421, {
      before: ({ clock, sender }) => clock.at(15_000, () => sender.optOut(BOB, 'contact')),
    });
    expect(events.ends(BOB).map(({ mailing, state, t }) => [mailing, state, t])).toEqual([
      ['two', 'withdrawn', 15_000],
      ['one', 'withdrawn', 20_000],
      ['news', 'delivered', MINUTE],
    ]);
  });

  test('lowers the limit to the open connections, idle ones included', async () => {
    const { events } = await sendTo(secondIsRefused, {
      contacts: readers(2),
      limits: { connectionsMax: 2, idleMs: MINUTE },
      policy: policy(),
    });
    expect(events.of('destination.limited')).toMatchObject([{ t: 10_000, connections: 1 }]);
    expect(events.of('host.suspended')).toEqual([]);
  });

  test('at a host without a connection is passed to the next host, and lowers nothing', async () => {
    const { events } = await run({
      fleet: twoHosts([{ do: 'down' }]),
      contacts: readers(20),
      policy: policy({ destination: { suspendMs: 0 } }),
    });
    expect(new Set(events.of('attempt').map(({ host }) => host))).toEqual(new Set(['mx2.example.org']));
    expect(events.of('attempt').filter(({ tried }) => tried).length).toBeGreaterThan(1);
    expect(events.of('destination.limited')).toEqual([]);
  });
});

test('the lowered limit grows again by the time of the policy', async () => {
  const { events } = await run({
    fleet: { 'example.org': { behaviors: [{ do: 'throttle', connections: 2 }] } },
    contacts: readers(100),
    latencyMs: 5,
    policy: policy({ destination: { recoverMs: 40 * MINUTE } }),
    mailings: ['a', { name: 'b', at: 50 * MINUTE }],
  });
  const rounds = [0, 0, 0];
  for (const { t } of events.of('connection.opened')) rounds[Math.floor(t / (25 * MINUTE))]!++;
  // Three with the refused one; after 40 minutes a third is opened and refused again.
  expect(rounds).toEqual([3, 0, 3]);
  expect(events.of('attempt').map(({ outcome }) => outcome)).toEqual(Array(200).fill('accepted'));
  expect(events.of('destination.limited').map(({ connections }) => connections)).toEqual([2, 2]);
});
