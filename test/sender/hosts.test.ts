// Several hosts of a domain: which are tried, in what order, and when the sender goes on to the next; and
// what their EHLO replies exclude. Back-off from hosts has tests of its own.

import { describe, expect, test } from 'vitest';
import type { SenderOptions } from '../../src/sender/sender.js';
import { readers, twoHosts } from '../support/plans.js';
import { FOUR_ATTEMPTS, policy } from '../support/policies.js';
import { run } from '../support/runs.js';
import { sendTo } from '../support/scripted-server.js';

const BOB = 'bob@example.org';

/** DNS with one answer for every name: MX hosts, the most preferred first, and addresses; or an error code. */
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
    const { events, mailing } = await run({ fleet: twoHosts([behavior]), contacts: [BOB] });
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
    const { events } = await run({ fleet: twoHosts([behavior]), contacts: [BOB], policy: FOUR_ATTEMPTS });
    const [first] = events.attempts(BOB);
    expect(first).toMatchObject({ host: 'mx1.example.org', outcome });
    expect(first).not.toHaveProperty('tried');
    expect(events.of('host.suspended')).toEqual([]);
  });

  test('and all deliveries that are due share the result of the last one', async () => {
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

test('hosts without address are a permanent failure only if no other host fails temporarily', async () => {
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

test('a host that accepts a connection at one of its addresses is not suspended', async () => {
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
  test.each(['', '.'])('written as "%s" means that the domain takes no mail', async (root) => {
    const { events, server } = await sendTo(() => undefined, dns([root], ['127.0.0.1']));
    expect(events.of('attempt')).toMatchObject([{ stage: 'connect', outcome: 'rejected', error: 'ENULLMX' }]);
    expect(server.dials).toBe(0);
  });

  test.each(['', '.'])('written as "%s" beside another MX record is ignored', async (root) => {
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

  test('is ordered by the seed alone', async () => {
    const first = await order('1', 40);
    expect(await order('1', 40)).toEqual(first);
    expect(await order('1', 41)).toEqual(first);
    const firsts = new Set<string>();
    for (const seed of ['2', '3', '4', '5', '6', '7']) firsts.add((await order(seed, 1))[0]!);
    expect(firsts.size).toBeGreaterThan(1);
  });
});

describe('the EHLO reply', () => {
  const ehlo = (...lines: string[]) =>
    lines.map((line, i) => `250${i < lines.length - 1 ? '-' : ' '}${line}\r\n`).join('');

  test('a message over its SIZE is not sent', async () => {
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

  test.each(['SIZE', 'SIZE 0', 'SIZE 50000'])('%s does not limit it', async (size) => {
    const { events } = await sendTo(({ verb }) => (verb === 'EHLO' ? ehlo('scripted', size) : undefined), {
      sizeBytes: 8000,
    });
    expect(events.of('attempt')).toMatchObject([{ outcome: 'accepted' }]);
  });

  test('without SMTPUTF8 an address that needs it is rejected and not sent', async () => {
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

  test('with SMTPUTF8 the address is sent as written', async () => {
    const { events, sessions } = await sendTo(
      ({ verb }) => (verb === 'EHLO' ? ehlo('scripted', 'SMTPUTF8') : undefined),
      { contacts: ['jörg@example.org'] },
    );
    expect(events.of('attempt')).toMatchObject([{ outcome: 'accepted' }]);
    expect(sessions[0]!.lines).toContain('RCPT TO:<jörg@example.org>');
    expect(sessions[0]!.lines.find((line) => line.startsWith('MAIL'))).toMatch(/ SMTPUTF8$/);
  });
});

test('503 to MAIL on a used connection is about the transaction before and not an attempt', async () => {
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

test('but 503 to the first MAIL of a connection counts', async () => {
  const { events } = await sendTo(({ verb }) =>
    verb === 'MAIL' ? '503 5.5.1 authenticate first\r\n' : undefined,
  );
  expect(events.of('attempt')).toMatchObject([{ outcome: 'rejected', reply: { code: 503 } }]);
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
