// A sender that starts on the store of a stopped one resumes its mailings with their contacts and counters.

import { describe, expect, test } from 'vitest';
import type { Fact } from '../../src/events/types.js';
import { Sender } from '../../src/sender/sender.js';
import { memoryStore } from '../../src/sender/store/memory.js';
import type { Commit, Saved } from '../../src/sender/store/store.js';
import { HOUR, MINUTE, policy } from '../support/policies.js';
import { BUILDING_MS, type PlanSketch } from '../support/plans.js';
import { run } from '../support/runs.js';
import { ONE_ATTEMPT, scriptedWorld } from '../support/scripted-server.js';

const MESSAGE = { subject: 'News', text: 'Hello', sizeBytes: 0 };

test('a mailing that was building starts on time, with the merge fields of its contacts', async () => {
  const { clock, ports, sessions } = scriptedWorld(() => undefined);
  const options = {
    ...ports,
    policy: ONE_ATTEMPT,
    emit: () => undefined,
    store: memoryStore(),
    limits: { connectionsMax: 1 },
  };
  const first = new Sender(options);
  first.addContact({ address: 'bob@example.org', fields: { name: 'Bob' } });
  first.addContact({ address: 'eve@example.org' });
  const message = { ...MESSAGE, text: 'Dear {{name}},' };
  first.send({ name: 'news', kind: 'standard', message }, HOUR);
  await first.drained();

  new Sender(options);
  await clock.run({ horizonMs: 2 * HOUR, wallLimitMs: 20_000 });
  expect(sessions.map(({ openedAt }) => openedAt)).toEqual([HOUR]);
  const [toBob, toEve] = sessions[0]!.messages as [string, string];
  expect(toBob).toContain('Dear Bob,');
  expect(toEve).not.toContain('Bob');
});

test('contacts that join an occurrence are stored one by one, and it has all of them after a restart', async () => {
  const { clock, ports, sessions } = scriptedWorld(() => undefined);
  const store = memoryStore();
  const commits: Commit[] = [];
  const watched = { ...store, commit: (change: Commit) => (commits.push(change), store.commit(change)) };
  const options = { ...ports, policy: ONE_ATTEMPT, emit: () => undefined, store: watched };
  const trigger = { on: 'contact-added' } as const;
  const welcome = { name: 'welcome', trigger, message: MESSAGE, buildingMs: HOUR, startsAt: 0 };
  const first = new Sender(options);
  first.automate(welcome);
  for (let nth = 0; nth < 100; nth++) first.addContact({ address: `reader-${nth}@example.org` });
  const stored = commits.flatMap(({ mailings }) =>
    mailings.flatMap(({ order }) => order.to?.addresses ?? []),
  );
  expect(stored).toEqual(['reader-0@example.org']);
  expect(commits.every(({ joined }) => joined.length <= 1)).toBe(true);
  await first.drained();

  const second = new Sender(options);
  second.automate(welcome);
  second.addContact({ address: 'late@example.org' });
  await clock.run({ horizonMs: 2 * HOUR, wallLimitMs: 20_000 });
  expect(second.response('welcome-1')).toMatchObject({ recipients: 101, delivered: 101 });
  expect(sessions.flatMap(({ messages }) => messages)).toHaveLength(101);
});

test('possible duplicates that were counted before stay counted', async () => {
  const { clock, ports } = scriptedWorld(({ verb }) => (verb === '.' ? null : undefined));
  const options = { ...ports, policy: policy(), emit: () => undefined, store: memoryStore() };
  const first = new Sender(options);
  first.addContact({ address: 'bob@example.org' });
  first.send({ name: 'news', kind: 'standard', message: MESSAGE }, 0);
  clock.after(20 * MINUTE, () => void first.drained());
  await clock.run({ horizonMs: HOUR, wallLimitMs: 20_000 });
  expect(new Sender(options).response('news')).toEqual(first.response('news'));
  expect(first.response('news')).toMatchObject({ possibleDuplicates: 1, inProgress: 1 });
});

test.each<[string, Partial<Saved>, string]>([
  [
    'a delivery without its mailing',
    { mailings: [] },
    'a delivery to bob@example.org in news, but no such mailing',
  ],
  [
    'a contact that joined a mailing that is missing',
    { joined: [{ mailing: 'gone', contact: 'bob@example.org' }] },
    'a contact that joined gone, but no such mailing',
  ],
  [
    'a delivery without its contact',
    { contacts: [], past: [] },
    'a delivery to bob@example.org in news, but no such contact',
  ],
  [
    'a history without its contact',
    { contacts: [], past: [{ contact: 'bob@example.org', index: 0, past: { what: 'opt-out', at: 0 } }] },
    'a history of bob@example.org, but no such contact',
  ],
])('%s is a damaged store', async (_, changed, what) => {
  const { clock, ports } = scriptedWorld(() => undefined, { handshake: () => 'refuse' });
  const store = memoryStore();
  const options = { ...ports, policy: policy(), emit: () => undefined };
  const first = new Sender({ ...options, store });
  first.addContact({ address: 'bob@example.org' });
  first.send({ name: 'news', kind: 'standard', message: MESSAGE }, 0);
  clock.after(MINUTE, () => void first.drained());
  await clock.run({ horizonMs: HOUR, wallLimitMs: 20_000 });
  const load = (): Saved => ({ ...store.load(), ...changed });
  expect(() => new Sender({ ...options, store: { ...store, load } })).toThrow(
    expect.objectContaining({
      code: 'E_STORE_CORRUPT',
      message: `the store has ${what}`,
      hint: expect.stringMatching('Restore the store from a backup') as string,
    }),
  );
});

describe('sender.restarted', () => {
  test('is not logged for an empty store', async () => {
    const { clock, ports } = scriptedWorld(() => undefined);
    const facts: Fact[] = [];
    new Sender({ ...ports, policy: ONE_ATTEMPT, emit: (fact) => facts.push(fact), store: memoryStore() });
    await clock.run({ horizonMs: HOUR, wallLimitMs: 20_000 });
    expect(facts).toEqual([]);
  });

  test.each<[string, PlanSketch]>([
    ['contacts', { mailings: [{ name: 'news', at: HOUR }] }],
    ['mailings', { contacts: [], mailings: [{ name: 'news', buildingMs: HOUR }] }],
  ])('has zeros for a store that has %s only', async (_, sketch) => {
    const { events } = await run({ ...sketch, events: [{ at: MINUTE, action: 'crash', restartMs: MINUTE }] });
    expect(events.of('sender.restarted')).toMatchObject([
      { t: 2 * MINUTE, inProgress: 0, interrupted: 0, unknown: 0 },
    ]);
  });

  test('counts the deliveries in progress, the interrupted attempts and the unknown outcomes', async () => {
    const { events } = await run({
      contacts: ['full', 'fuller', 'silent', 'kept', 'lost', 'bob'].map((name) => `${name}@example.org`),
      fleet: {
        'example.org': {
          mailboxes: {
            'full*': { do: 'mailbox-full' },
            silent: { do: 'unresponsive', stage: 'rcpt' },
            kept: { do: 'unresponsive', stage: 'message', kept: true },
            lost: { do: 'unresponsive', stage: 'message' },
          },
        },
      },
      events: [{ at: BUILDING_MS + MINUTE, action: 'crash', restartMs: MINUTE }],
    });
    const at = { t: BUILDING_MS + 2 * MINUTE };
    expect(events.of('sender.restarted')).toMatchObject([
      { ...at, inProgress: 5, interrupted: 1, unknown: 2 },
    ]);
    const begun = { startedAt: BUILDING_MS, host: 'mx.example.org' };
    expect(events.of('attempt.interrupted')).toMatchObject([
      { ...at, ...begun, mailing: 'news', address: 'silent@example.org', domain: 'example.org' },
    ]);
    for (const address of ['kept@example.org', 'lost@example.org'])
      expect(events.attempts(address)[0]).toMatchObject({
        ...at,
        ...begun,
        n: 1,
        stage: 'message',
        outcome: 'unknown',
        error: 'ECRASHED',
      });
  });
});
