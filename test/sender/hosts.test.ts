// Several hosts of a domain: which is tried, in what order, what makes the sender go on to the next, and
// how a destination is spared.

import { describe, expect, test } from 'vitest';
import type { SenderOptions } from '../../src/sender/sender.js';
import type { CarePolicy } from '../../src/policy/retry-policy.js';
import { readers, type BehaviorSketch, type DomainSketch } from '../support/plans.js';
import { FOUR_ATTEMPTS, MINUTE, policy } from '../support/policies.js';
import { run } from '../support/runs.js';
import { ONE_ATTEMPT, sendTo, type Script } from '../support/scripted-server.js';

const BOB = 'bob@example.org';

const two = (behaviors: { do: string; [key: string]: unknown }[]): Record<string, DomainSketch> => ({
  'example.org': {
    hosts: [
      { name: 'mx1', preference: 10, behaviors },
      { name: 'mx2', preference: 20 },
    ],
  },
});

/** Takes a message at once, and says 421 to a second connection ten seconds later. */
const secondIsRefused: Script = ({ verb, session, say, socket }, clock) => {
  if (verb !== 'CONNECT' || session !== 2) return undefined;
  clock.after(10_000, () => {
    say('421 4.3.2 too many connections\r\n');
    socket.end();
  });
  return null;
};

/** DNS that says the same of every name: MX hosts, the most preferred first, and addresses; or a code. */
function dns(exchanges: string[] | string, addresses: string[] | string | ((host: string) => string)) {
  const answer = <T>(found: T[] | string): Promise<T[]> =>
    typeof found === 'string'
      ? Promise.reject(Object.assign(new Error(found), { code: found }))
      : Promise.resolve(found);
  const records =
    typeof exchanges === 'string'
      ? exchanges
      : exchanges.map((exchange, index) => ({ exchange, preference: 10 * index }));
  const resolver: SenderOptions['resolver'] = {
    resolveMx: () => answer(records),
    resolve4: (host) => answer(typeof addresses === 'function' ? addresses(host) : addresses),
  };
  return { sender: { resolver } };
}

describe('the next host is tried in the same attempt', () => {
  test.each([
    ['refused', { do: 'down' }, { stage: 'connect', error: 'ECONNREFUSED' }],
    ['no answer to the handshake', { do: 'unreachable' }, { stage: 'connect', error: 'ETIMEDOUT' }],
    ['no greeting', { do: 'unresponsive' }, { stage: 'connect', error: 'ETIMEDOUT' }],
    ['closed at connect', { do: 'disconnect', stage: 'connect' }, { stage: 'connect', error: 'ECLOSED' }],
    ['421 at connect', { do: 'busy' }, { stage: 'connect', code: 421 }],
    ['421 at EHLO', { do: 'busy', stage: 'ehlo' }, { stage: 'ehlo', code: 421 }],
  ])('after %s', async (_what, behavior, why) => {
    const { events, mailing } = await run({ fleet: two([behavior]), contacts: [BOB] });
    expect(mailing()).toMatchObject({ delivered: 1 });
    expect(events.attempts(BOB)).toMatchObject([
      { n: 1, outcome: 'accepted', host: 'mx2.example.org', tried: [{ host: 'mx1.example.org', ...why }] },
    ]);
    expect(events.accepted(BOB)).toMatchObject([{ host: 'mx2.example.org' }]);
  });

  test.each([
    ['a 5xx greeting', { do: 'reply', stage: 'connect', code: 554 }, 'rejected'],
    ['a 4xx to the recipient', { do: 'mailbox-full' }, 'deferred'],
    ['silence after the final dot', { do: 'unresponsive', stage: 'message' }, 'unknown'],
  ])('but not after %s', async (_what, behavior, outcome) => {
    const { events } = await run({ fleet: two([behavior]), contacts: [BOB], policy: FOUR_ATTEMPTS });
    const [first] = events.attempts(BOB);
    expect(first).toMatchObject({ host: 'mx1.example.org', outcome });
    expect(first).not.toHaveProperty('tried');
    expect(events.of('host.suspended')).toEqual([]);
  });

  test('and all that are due share what the last one says', async () => {
    const { events } = await run({
      fleet: {
        'example.org': {
          hosts: [
            { name: 'mx1', preference: 1, behaviors: [{ do: 'down' }] },
            { name: 'gone', preference: 2, hasAddress: false },
            { name: 'mx2', preference: 3, behaviors: [{ do: 'busy' }] },
          ],
        },
      },
      contacts: readers(3),
      policy: policy({ retry: { attempts: { counting: 'total', total: 1 } } }),
    });
    expect(events.of('attempt')).toHaveLength(3);
    for (const attempt of events.of('attempt')) {
      expect(attempt).toMatchObject({
        shared: true,
        host: 'mx2.example.org',
        reply: { code: 421 },
        tried: [
          { host: 'mx1.example.org', error: 'ECONNREFUSED' },
          { host: 'gone.example.org', error: 'ENODATA' },
        ],
      });
    }
  });
});

test('hosts without address are permanent only where no other host could be back later', async () => {
  const hosts = [
    { name: 'mx1', preference: 10, behaviors: [{ do: 'down' }] },
    { name: 'gone', preference: 20, hasAddress: false },
  ];
  const { events } = await run({
    fleet: { 'example.org': { hosts }, 'other.test': { hosts: hosts.slice(1) } },
    contacts: [BOB, 'bob@other.test'],
    policy: FOUR_ATTEMPTS,
  });
  expect(events.attempts(BOB)).toHaveLength(4);
  expect(events.attempts('bob@other.test')).toMatchObject([{ outcome: 'rejected', error: 'ENODATA' }]);
});

test.each([
  ['ESERVFAIL', 'ENOTFOUND'],
  ['ENOTFOUND', 'ESERVFAIL'],
])('of two hosts without address, %s and %s, the one that may change decides', async (...codes) => {
  const hosts = ['mx0.example.org', 'mx1.example.org'];
  const { events } = await sendTo(
    () => undefined,
    dns(hosts, (host) => codes[hosts.indexOf(host)]!),
  );
  expect(events.of('attempt')).toMatchObject([{ outcome: 'unreachable', error: 'ESERVFAIL' }]);
});

test('a host that answers at one of its addresses is not spared', async () => {
  const { events } = await sendTo(() => undefined, {
    ...dns(['mx.example.org'], ['127.0.0.9', '127.0.0.1']),
    policy: policy(),
  });
  expect(events.of('attempt')).toMatchObject([{ outcome: 'accepted', tried: [{ error: 'ECONNREFUSED' }] }]);
  expect(events.of('host.suspended')).toEqual([]);
});

test.each([
  ['ESERVFAIL', 'unreachable'],
  ['ENOTFOUND', 'rejected'],
])(
  'a domain whose MX cannot be looked up (%s) is not its own host, although it has an address',
  async (code, outcome) => {
    const { events, server } = await sendTo(() => undefined, dns(code, ['127.0.0.1']));
    expect(events.of('attempt')).toMatchObject([{ stage: 'connect', outcome, error: code }]);
    expect(server.dials).toBe(0);
  },
);

describe('a null MX (RFC 7505)', () => {
  test.each(['', '.'])('written as "%s" says that there is no mail', async (root) => {
    const { events, server } = await sendTo(() => undefined, dns([root], ['127.0.0.1']));
    expect(events.of('attempt')).toMatchObject([{ stage: 'connect', outcome: 'rejected', error: 'ENULLMX' }]);
    expect(server.dials).toBe(0);
  });

  test.each(['', '.'])('written as "%s" beside another one is no host', async (root) => {
    const { events } = await sendTo(() => undefined, dns([root, 'mx.example.org'], ['127.0.0.1']));
    expect(events.of('attempt')).toMatchObject([{ outcome: 'accepted', host: 'mx.example.org' }]);
  });
});

test('an answer without an address is the same as none', async () => {
  const { events } = await sendTo(() => undefined, dns(['mx.example.org'], []));
  expect(events.of('attempt')).toMatchObject([{ outcome: 'rejected', stage: 'connect', error: 'ENODATA' }]);
});

describe('equal preference', () => {
  const fleet = { 'example.org': { hosts: [{ name: 'mx1' }, { name: 'mx2' }, { name: 'mx3' }] } };
  const order = async (seed: string, count: number): Promise<string[]> => {
    const { events } = await run({ fleet, seed, contacts: readers(count) });
    return events.of('connection.opened').map(({ host }) => host);
  };

  test('is drawn by the seed, and by nothing else', async () => {
    const first = await order('1', 40);
    expect(await order('1', 40)).toEqual(first);
    expect(await order('1', 41)).toEqual(first);
    const firsts = new Set<string>();
    for (const seed of ['2', '3', '4', '5', '6', '7']) firsts.add((await order(seed, 1))[0]!);
    expect(firsts.size).toBeGreaterThan(1);
  });
});

describe('a host that refuses', () => {
  test('is passed over for as long as the policy says, and then tried again', async () => {
    const { events } = await run({
      fleet: two([{ do: 'down' }]),
      contacts: [BOB],
      policy: policy({ destination: { suspendMs: 5 * MINUTE } }),
      mailings: ['a', { name: 'b', at: MINUTE }, { name: 'c', at: 6 * MINUTE }],
    });
    expect(events.of('attempt').map(({ tried }) => tried?.length ?? 0)).toEqual([1, 0, 1]);
    expect(events.of('host.suspended').map(({ why }) => why)).toEqual(['refused', 'refused']);
  });

  test('costs nothing to the connection that stands at another one', async () => {
    const { events } = await run({
      fleet: two([{ do: 'down' }]),
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
      fleet: two([behavior]),
      contacts: readers(2),
      policy: ONE_ATTEMPT,
      mailings: [
        { name: 'a', to: { addresses: ['reader-1@example.org'] } },
        // While the connection for the first one still stands.
        { name: 'b', to: { addresses: ['reader-2@example.org'] }, at: 1000 },
      ],
    });
    expect(events.of('attempt').map(({ host }) => host)).toEqual(hosts.map((name) => `${name}.example.org`));
    expect(events.of('host.suspended').map(({ host, why }) => [host, why])).toEqual(
      hosts[1] === 'mx2' ? [['mx1.example.org', 'throttled']] : [],
    );
  });

  test('is always tried first where the policy suspends nobody', async () => {
    const { events } = await run({
      fleet: two([{ do: 'down' }]),
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

  test('is what it always was under a policy that says nothing of destinations', async () => {
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

  test('a window that ends while all are waited for ends the delivery', async () => {
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

describe('what the server said at EHLO', () => {
  const ehlo = (...lines: string[]) =>
    lines.map((line, i) => `250${i < lines.length - 1 ? '-' : ' '}${line}\r\n`).join('');

  test('a message over its SIZE is refused without a word', async () => {
    const { events, sessions } = await sendTo(
      ({ verb }) => (verb === 'EHLO' ? ehlo('scripted', 'SIZE 5000') : undefined),
      { contacts: readers(3), sizeBytes: 8000, limits: { connectionsMax: 1 } },
    );
    expect(sessions.map(({ lines }) => lines.map((line) => line.split(' ')[0]))).toEqual([['EHLO', 'QUIT']]);
    for (const attempt of events.of('attempt')) {
      expect(attempt).toMatchObject({
        stage: 'mail',
        outcome: 'rejected',
        error: 'EMESSAGESIZE',
        cause: 'message-too-big',
      });
    }
    expect(events.of('attempt')).toHaveLength(3);
  });

  test.each(['SIZE', 'SIZE 0', 'SIZE 50000'])('%s is no limit for it', async (size) => {
    const { events } = await sendTo(({ verb }) => (verb === 'EHLO' ? ehlo('scripted', size) : undefined), {
      sizeBytes: 8000,
    });
    expect(events.of('attempt')).toMatchObject([{ outcome: 'accepted' }]);
  });

  test('without SMTPUTF8 an address that needs it is refused, and never put on the wire', async () => {
    const { events, sessions } = await sendTo(() => undefined, {
      contacts: ['jörg@example.org', BOB],
      limits: { connectionsMax: 1 },
    });
    expect(events.attempts('jörg@example.org')).toMatchObject([{ outcome: 'rejected', error: 'ESMTPUTF8' }]);
    expect(events.attempts(BOB)).toMatchObject([{ outcome: 'accepted' }]);
    expect(sessions.flatMap(({ lines }) => lines).filter((line) => line.startsWith('RCPT'))).toEqual([
      `RCPT TO:<${BOB}>`,
    ]);
  });

  test('with SMTPUTF8 it is sent as it is written', async () => {
    const { events, sessions } = await sendTo(
      ({ verb }) => (verb === 'EHLO' ? ehlo('scripted', 'SMTPUTF8') : undefined),
      { contacts: ['jörg@example.org'] },
    );
    expect(events.of('attempt')).toMatchObject([{ outcome: 'accepted' }]);
    expect(sessions[0]!.lines).toContain('RCPT TO:<jörg@example.org>');
    expect(sessions[0]!.lines.find((line) => line.startsWith('MAIL'))).toMatch(/ SMTPUTF8$/);
  });
});

test('503 to MAIL on a used connection is about the transaction before: no attempt', async () => {
  const { events, sessions } = await sendTo(
    ({ verb, nth }) => (verb === 'MAIL' && nth === 2 ? '503 5.5.1 nested MAIL\r\n' : undefined),
    { contacts: readers(2), limits: { connectionsMax: 1 } },
  );
  expect(events.of('attempt').map(({ n, outcome }) => [n, outcome])).toEqual([
    [1, 'accepted'],
    [1, 'accepted'],
  ]);
  expect(sessions.map(({ messages }) => messages.length)).toEqual([1, 1]);
});

test('but 503 to the first MAIL of a connection is an answer', async () => {
  const { events } = await sendTo(({ verb }) =>
    verb === 'MAIL' ? '503 5.5.1 authenticate first\r\n' : undefined,
  );
  expect(events.of('attempt')).toMatchObject([{ outcome: 'rejected', reply: { code: 503 } }]);
});

describe('one more connection that is refused', () => {
  test('counts those that stand, also when they idle', async () => {
    const { events } = await sendTo(secondIsRefused, {
      contacts: readers(2),
      limits: { connectionsMax: 2, idleMs: MINUTE },
      policy: policy(),
    });
    expect(events.of('destination.limited')).toMatchObject([{ t: 10_000, connections: 1 }]);
    expect(events.of('host.suspended')).toEqual([]);
  });

  test('counts those at the same host alone', async () => {
    const { events } = await run({
      fleet: two([{ do: 'down' }]),
      contacts: readers(20),
      policy: policy({ destination: { suspendMs: 0 } }),
    });
    expect(new Set(events.of('attempt').map(({ host }) => host))).toEqual(new Set(['mx2.example.org']));
    expect(events.of('attempt').filter(({ tried }) => tried).length).toBeGreaterThan(1);
    expect(events.of('destination.limited')).toEqual([]);
  });
});

test('a refused further connection lowers what is opened until the policy lets it grow again', async () => {
  const { events } = await run({
    fleet: { 'example.org': { behaviors: [{ do: 'throttle', connections: 2 }] } },
    contacts: readers(100),
    latencyMs: 5,
    policy: policy({ destination: { recoverMs: 40 * MINUTE } }),
    mailings: ['a', { name: 'b', at: 50 * MINUTE }],
  });
  const rounds = [0, 0, 0, 0];
  for (const { t } of events.of('connection.opened')) rounds[Math.floor(t / (25 * MINUTE))]!++;
  // Three with the refused one; then two; and after 40 minutes a third is tried and refused again.
  expect(rounds).toEqual([3, 2, 3, 2]);
  expect(events.of('destination.limited').map(({ connections }) => connections)).toEqual([2, 2]);
});

describe('many messages', () => {
  test('over one connection', async () => {
    const { sessions } = await sendTo(() => undefined, {
      contacts: readers(80),
      limits: { connectionsMax: 1 },
    });
    expect(sessions.map(({ messages }) => messages.length)).toEqual([80]);
  });

  test('over twenty destinations, none with more connections than its limit, on however many hosts', async () => {
    const domains = Array.from({ length: 20 }, (_, i) => `d${i}.test`);
    const hosts = [
      { name: 'mx1' },
      { name: 'mx2' },
      { name: 'mx3', behaviors: [{ do: 'down', chance: 0.5 }] },
    ];
    const { result, mailing } = await run({
      fleet: { default: { hosts } },
      contacts: domains.flatMap((domain) => readers(25, domain)),
      latencyMs: 10,
    });
    expect(mailing().delivered).toBe(500);
    for (const domain of domains) {
      expect(result.servers[domain]!.accepted).toBe(25);
      expect(result.servers[domain]!.peakConnections).toBeLessThanOrEqual(5);
    }
  });
});
