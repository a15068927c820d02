// Addresses of two families: an address record is A or AAAA (RFC 5321, 5.1), and the sender falls back from
// one family to the other. Over both wires, and with resolvers of a library user.

import { describe, expect, it, test } from 'vitest';
import { isLoopback } from '../../src/base/loopback.js';
import type { SenderOptions } from '../../src/sender/sender.js';
import type { Family } from '../../src/simulator/plan.js';
import { FOUR_ATTEMPTS } from '../support/policies.js';
import { run } from '../support/runs.js';
import { sendTo } from '../support/scripted-server.js';
import { Lab, type FleetDomain } from '../simulator/raw-client.js';

const BOB = 'bob@example.org';
const MX1 = 'mx1.example.org';

const one = (families: Family[], behaviors: { do: string; family?: Family }[] = []) => ({
  'example.org': { hosts: [{ name: 'mx1', families, behaviors }] },
});

const plan = (families?: Family[]): FleetDomain => ({
  hosts: [
    { name: 'mx1', preference: 10, hasAddress: true, behaviors: [], ...(families ? { families } : {}) },
  ],
});

describe('a host', () => {
  it('with an IPv6 address alone is dialed over IPv6', async () => {
    const { events, mailing } = await run({ fleet: one(['v6']), contacts: [BOB] });
    expect(mailing()).toMatchObject({ delivered: 1 });
    expect(events.of('connection.opened')).toMatchObject([
      { host: MX1, client: expect.stringMatching(/^::1:\d+$/) as string },
    ]);
    expect(events.of('dns.answered').map(({ query, records, error }) => [query, records ?? error])).toEqual([
      ['MX', [`10 ${MX1}`]],
      ['A', 'ENODATA'],
      ['AAAA', ['::ffff:127.1.0.2']],
    ]);
  });

  it('with both is dialed over IPv6 first', async () => {
    const { events } = await run({ fleet: one(['v4', 'v6']), contacts: [BOB] });
    expect(events.of('connection.opened').map(({ client }) => client.slice(0, 5))).toEqual(['::1:4']);
    expect(events.attempts(BOB)[0]).not.toHaveProperty('tried');
  });

  test.each([
    ['down', 'ECONNREFUSED'],
    ['unreachable', 'ETIMEDOUT'],
  ])('that is %s over IPv6 is dialed over IPv4 in the same attempt', async (behavior, error) => {
    const { events, mailing } = await run({
      fleet: one(['v4', 'v6'], [{ do: behavior, family: 'v6' }]),
      contacts: [BOB],
    });
    expect(mailing()).toMatchObject({ delivered: 1 });
    expect(events.attempts(BOB)).toMatchObject([
      { n: 1, outcome: 'accepted', tried: [{ host: MX1, error }] },
    ]);
    expect(events.of('connection.opened').map(({ client }) => client.split(':')[0])).toEqual(['127.0.0.1']);
    expect(events.of('host.suspended')).toEqual([]);
  });

  it('that is down over IPv4 is still reached over IPv6', async () => {
    const { mailing, events } = await run({
      fleet: one(['v4', 'v6'], [{ do: 'down', family: 'v4' }]),
      contacts: [BOB],
    });
    expect(mailing()).toMatchObject({ delivered: 1 });
    expect(events.of('connection.refused')).toEqual([]);
  });

  it('with an IPv6 address that refuses is unreachable, and tried again', async () => {
    const { events, mailing } = await run({
      fleet: one(['v6'], [{ do: 'down', family: 'v6' }]),
      contacts: [BOB],
      policy: FOUR_ATTEMPTS,
    });
    expect(events.attempts(BOB).map(({ outcome, error }) => [outcome, error])).toEqual(
      Array.from({ length: 4 }, () => ['unreachable', 'ECONNREFUSED']),
    );
    expect(mailing()).toMatchObject({ bounced: { hard: 0 } });
  });
});

describe('the fake DNS', () => {
  it('has AAAA records that cannot leave the machine', async () => {
    const lab = new Lab({ 'example.org': plan(['v4', 'v6']), 'v4.test': plan() });
    const [v6] = await lab.world.dns.resolve6(MX1);
    expect([v6, isLoopback(v6!)]).toEqual(['::ffff:127.1.0.1', true]);
    await expect(lab.world.dns.resolve6('mx1.v4.test')).rejects.toMatchObject({ code: 'ENODATA' });
    await expect(lab.world.dns.resolve6('mx1.nowhere.test')).rejects.toMatchObject({
      code: 'ENOTFOUND',
      syscall: 'queryAaaa',
    });
  });
});

it('sends a bounce message to a host with an IPv6 address alone', async () => {
  const lab = new Lab({ 'example.org': plan(['v6']) });
  lab.world.bounce('news@example.org', 'bob@example.org', '5.1.1');
  await lab.settle();
  expect(lab.told('message.returned')).toMatchObject([{ outcome: 'sent', said: '250' }]);
  expect(lab.told('message.accepted')).toMatchObject([{ rcpt: 'news@example.org' }]);
});

describe('a resolver of a library user', () => {
  const answer = (found: string[] | string): Promise<string[]> =>
    typeof found === 'string'
      ? Promise.reject(Object.assign(new Error(found), { code: found }))
      : Promise.resolve(found);
  const resolver = (a: string[] | string, aaaa?: string[] | string): SenderOptions['resolver'] => ({
    resolveMx: () => Promise.resolve([{ exchange: 'mx.example.org', preference: 0 }]),
    resolve4: () => answer(a),
    ...(aaaa === undefined ? {} : { resolve6: () => answer(aaaa) }),
  });

  test.each<[string, string[] | string, string[] | string | undefined, string, string]>([
    ['no address of any family is permanent', 'ENODATA', 'ENODATA', 'rejected', 'ENODATA'],
    ['a name that does not exist is permanent', 'ENOTFOUND', 'ENODATA', 'rejected', 'ENOTFOUND'],
    ['AAAA that may come later is temporary', 'ENODATA', 'ESERVFAIL', 'unreachable', 'ESERVFAIL'],
    ['A that may come later is temporary', 'ETIMEOUT', [], 'unreachable', 'ETIMEOUT'],
    ['an AAAA record is an address', 'ENODATA', ['::1'], 'unreachable', 'ECONNREFUSED'],
    ['an A record is one when AAAA fails', ['127.9.9.9'], 'ESERVFAIL', 'unreachable', 'ECONNREFUSED'],
    ['without resolve6, A alone counts', 'ENODATA', undefined, 'rejected', 'ENODATA'],
  ])('%s', async (_what, a, aaaa, outcome, error) => {
    const { events } = await sendTo(() => undefined, { sender: { resolver: resolver(a, aaaa) } });
    expect(events.attempts(BOB)[0]).toMatchObject({ outcome, error });
  });
});
