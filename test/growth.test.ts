// Parts whose work once grew with the square of a size: what they look at is counted.

import { beforeEach, expect, test, vi } from 'vitest';
import type { EventOf, RunEvent } from '../src/events/types.js';
import { exactGrid } from '../src/judge/invariants/exact-grid.js';
import type { Watched } from '../src/judge/invariants/invariant.js';
import { History } from '../src/judge/invariants/run-history.js';
import { SeenDomains } from '../src/judge/invariants/seen-domains.js';
import { ViewFold } from '../src/results/view/fold.js';
import { Bounces } from '../src/sender/bounce/bounces.js';
import { ReturnPaths } from '../src/sender/bounce/return-path.js';
import { Changes } from '../src/sender/changes.js';
import { Contacts } from '../src/sender/model/contact.js';
import { Mailing } from '../src/sender/model/mailing.js';
import { OpenDeliveries } from '../src/sender/model/open-deliveries.js';
import { Sender } from '../src/sender/sender.js';
import type { Settlement } from '../src/sender/settlement.js';
import { Domains } from '../src/simulator/domains.js';
import type { Host } from '../src/simulator/host/host.js';
import { EMMA, MINUTE, policy } from './support/policies.js';
import { ManualClock } from './support/manual-clock.js';
import { ONE_ATTEMPT, scriptedWorld } from './support/scripted-server.js';

let digests = 0;
vi.mock(import('../src/sender/bounce/return-path.js'), async (original) => {
  const real = await original();
  return { ...real, digestOf: (address) => (digests++, real.digestOf(address)) };
});
beforeEach(() => void (digests = 0));

const COUNT = 300;
const nths = Array.from({ length: COUNT }, (_, nth) => nth);
const MESSAGE = { subject: 'News', text: 'Hello', sizeBytes: 0 };

test('the contact of a digest in a return path is looked up', async () => {
  const clock = new ManualClock();
  const facts: string[] = [];
  const emit = (fact: { type: string; why?: string }): void => void facts.push(fact.why ?? fact.type);
  const changes = new Changes({ clock, emit, onFailure: () => {} });
  const contacts = new Contacts(clock, changes, 4);
  const returnPaths = new ReturnPaths('secret', 'return.test');
  const news = new Mailing({ name: 'news', kind: 'standard', message: MESSAGE }, 0);
  const bounces = new Bounces({
    returnPaths,
    policy: EMMA,
    changes,
    contacts,
    mailings: new Map([['news', news]]),
    open: new OpenDeliveries(),
    settlement: {} as Settlement,
  });
  const long = (nth: number): string => `reader-${nth}-of-the-monthly-newsletter-about-everything@a.test`;
  for (const nth of nths) contacts.add({ address: long(nth) });
  facts.length = 0;
  for (const nth of nths)
    await bounces.receive(returnPaths.of('news', long(nth)), Buffer.from('Subject: x\n\n'));
  expect(facts).toHaveLength(COUNT);
  expect(facts).not.toContain('there is no such contact');
  expect(digests).toBe(COUNT);
});

test('the contacts that a mailing names are looked up', async () => {
  const { clock, ports } = scriptedWorld(() => undefined);
  const sender = new Sender({ ...ports, policy: ONE_ATTEMPT, emit: () => undefined });
  for (const nth of nths.slice(0, 30)) sender.addContact({ address: `reader-${nth}@example.org` });
  const all = vi.spyOn(sender.contacts, 'all');
  for (const nth of nths.slice(0, 30)) {
    const to = { addresses: [`reader-${nth}@example.org`] };
    sender.send({ name: `m-${nth}`, kind: 'standard', message: MESSAGE, to }, 0);
  }
  await clock.run({ horizonMs: MINUTE, wallLimitMs: 20_000 });
  expect(all).not.toHaveBeenCalled();
  expect(sender.response('m-7')).toMatchObject({ recipients: 1, delivered: 1 });
});

test('the story of a contact finds its delivery in a mailing without a search', () => {
  const fold = new ViewFold();
  const searches = ['find', 'findLast', 'filter', 'some'] as const;
  const spies = searches.map((name) => vi.spyOn(Array.prototype, name));
  let seq = 0;
  const read = (event: object): void => fold.read({ seq: seq++, t: seq, ...event } as RunEvent);
  const about = (nth: number) => ({ mailing: `m-${nth}`, address: 'bob@a.test' });
  read({ type: 'contact.added', address: 'bob@a.test', status: 'active', softBounceStreak: 0 });
  for (const nth of nths) {
    read({ type: 'mailing.building', mailing: `m-${nth}`, kind: 'standard' });
    read({ type: 'delivery.queued', ...about(nth) });
  }
  const attempt = {
    n: 1,
    startedAt: 0,
    domain: 'a.test',
    stage: 'message',
    outcome: 'accepted',
    cause: 'other',
  };
  for (const nth of nths) {
    read({ type: 'attempt', ...about(nth), ...attempt });
    read({ type: 'delivery.ended', ...about(nth), state: 'delivered', why: '' });
  }
  const calls = spies.map(({ mock }) => mock.calls.length);
  for (const spy of spies) spy.mockRestore();
  expect(calls).toEqual(searches.map(() => 0));
  expect(fold.result.contacts[0]!.deliveries.map(({ state }) => state)).toEqual(nths.map(() => 'delivered'));
});

test('a change of the behaviors of one domain looks at no other domain', () => {
  const changed: string[] = [];
  const fleet = Object.fromEntries(nths.map((nth) => [`d-${nth}.test`, { behaviors: [], mailboxes: [] }]));
  const domains = new Domains({
    fleet,
    sites: {},
    open: ({ domain, name }) =>
      ({ domain, name, addresses: {}, setBehaviors: () => changed.push(domain) }) as unknown as Host,
  });
  for (const domain of Object.keys(fleet)) domains.of(domain);
  const values = vi.spyOn(Map.prototype, 'values');
  for (const domain of Object.keys(fleet)) domains.setBehaviors(domain, []);
  const walks = values.mock.calls.length;
  values.mockRestore();
  expect(walks).toBe(0);
  expect(changed).toEqual(Object.keys(fleet));
});

test('domains that lead to the same hosts are joined, each once', () => {
  const domains = new SeenDomains(EMMA.destination);
  const moves = vi.spyOn(Map.prototype, 'set');
  for (const nth of nths) {
    const answer = {
      query: 'MX',
      name: `d-${nth}.test`,
      domain: `d-${nth}.test`,
      records: ['10 mx.site.test'],
    };
    domains.read({ seq: nth, t: 0, type: 'dns.answered', ...answer } as EventOf<'dns.answered'>);
  }
  const count = moves.mock.calls.length;
  moves.mockRestore();
  expect(domains.of('d-0.test').names).toHaveLength(COUNT + 1);
  expect(domains.of('d-0.test')).toBe(domains.of(`d-${COUNT - 1}.test`));
  expect(count).toBeLessThan(6 * COUNT);
});

test('a late attempt is compared with the suspensions of its time only', () => {
  const waiting = policy({ destination: { ...EMMA.destination!, allSuspended: 'wait', suspendMs: MINUTE } });
  const history = new History(waiting);
  let looks = 0;
  for (const nth of nths) {
    const span = { from: nth * MINUTE, to: (nth + 1) * MINUTE };
    Object.defineProperty(span, 'to', { get: () => (looks++, (nth + 1) * MINUTE) });
    history.domain('a.test').suspended.push(span);
  }
  const { on } = exactGrid.watch({ history, policy: waiting } as Watched);
  const about = { mailing: 'news', address: 'bob@a.test' };
  let seq = 0;
  const read = (event: object): void => history.read({ seq: seq++, t: 290 * MINUTE, ...event } as RunEvent);
  read({ type: 'mailing.building', mailing: 'news', kind: 'standard' });
  read({ type: 'delivery.queued', ...about });
  const attempt = { seq, t: 300 * MINUTE, ...about, n: 1, startedAt: 300 * MINUTE, domain: 'a.test' };
  expect(on!.attempt!({ type: 'attempt', ...attempt } as EventOf<'attempt'>)).toBeUndefined();
  expect(looks).toBeGreaterThan(0);
  expect(looks).toBeLessThan(40);
});

test('suspensions of domains that are found to share hosts are kept in the order of their ends', () => {
  const domains = new SeenDomains(EMMA.destination);
  domains.of('a.test').suspended.push({ from: 0, to: 50 });
  domains.of('b.test').suspended.push({ from: 0, to: 100 });
  for (const name of ['a.test', 'b.test'])
    domains.read({
      type: 'dns.answered',
      query: 'MX',
      name,
      domain: name,
      records: ['10 mx.site.test'],
    } as EventOf<'dns.answered'>);
  expect(domains.of('b.test').suspended.map(({ to }) => to)).toEqual([50, 100]);
});
