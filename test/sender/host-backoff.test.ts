// Back-off from hosts that refuse connections or throttle, and the limit of connections that a refused
// further connection lowers.

import { describe, expect, test } from 'vitest';
import type { CarePolicy } from '../../src/policy/retry-policy.js';
import { readers, twoHosts, type BehaviorSketch } from '../support/plans.js';
import { MINUTE, policy } from '../support/policies.js';
import { run } from '../support/runs.js';
import { ONE_ATTEMPT, sendTo, type Script } from '../support/scripted-server.js';

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

  test('is tried at each attempt under a policy without `destination`', async () => {
    const { destination: _, ...rest } = policy();
    const { events } = await sendTo(secondIsRefused, {
      contacts: readers(2),
      limits: { connectionsMax: 2, idleMs: MINUTE },
      policy: rest,
    });
    expect(events.of('attempt').map(({ outcome }) => outcome)).toContain('deferred');
    expect(events.of('destination.limited')).toEqual([]);
    expect(events.of('host.suspended')).toEqual([]);
  });

  test('a window that ends while all hosts are suspended ends the delivery', async () => {
    const { events, mailing } = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'down' }] } },
      contacts: [BOB],
      policy: policy({
        retry: { windowMs: 70 * MINUTE },
        destination: { suspendMs: 600 * MINUTE, allSuspended: 'wait' },
      }),
    });
    expect(events.attempts(BOB)).toHaveLength(1);
    expect(mailing()).toMatchObject({ bounced: { soft: 1, hard: 0 } });
  });
});

describe('a refused further connection', () => {
  test('lowers the limit to the open connections, idle ones included', async () => {
    const { events } = await sendTo(secondIsRefused, {
      contacts: readers(2),
      limits: { connectionsMax: 2, idleMs: MINUTE },
      policy: policy(),
    });
    expect(events.of('destination.limited')).toMatchObject([{ t: 10_000, connections: 1 }]);
    expect(events.of('host.suspended')).toEqual([]);
  });

  test('is compared with open connections to the same host only', async () => {
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
  const rounds = [0, 0, 0, 0];
  for (const { t } of events.of('connection.opened')) rounds[Math.floor(t / (25 * MINUTE))]!++;
  // Three with the refused one, then two; after 40 minutes a third is opened and refused again.
  expect(rounds).toEqual([3, 2, 3, 2]);
  expect(events.of('destination.limited').map(({ connections }) => connections)).toEqual([2, 2]);
});
