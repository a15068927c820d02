// A sender that crashes at any moment of the first attempts of a mailing, or whose store fails at any
// change. Each time the next sender ends every delivery once, and a server accepts a message twice only
// after an unknown outcome.

import { mkdtempSync, rmSync } from 'node:fs';
import type net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../src/clock/virtual.js';
import { EventLog } from '../../src/events/log.js';
import type { RunEvent } from '../../src/events/types.js';
import { seededRandom } from '../../src/base/random.js';
import { Lifespan } from '../../src/sender/lifespan.js';
import { Sender } from '../../src/sender/sender.js';
import { memoryStore } from '../../src/sender/store/memory.js';
import { openSqliteStore } from '../../src/sender/store/sqlite/sqlite.js';
import type { Store } from '../../src/sender/store/store.js';
import { World } from '../../src/simulator/world.js';
import { BUILDING_MS, plan, readers, type PlanSketch } from '../support/plans.js';
import { HOUR, MINUTE } from '../support/policies.js';
import { Events, run } from '../support/runs.js';

const FULL = 'reader-1@example.org';
const GHOST = 'reader-2@example.org';
const LOST = 'reader-3@example.org';

/** Few connections for many contacts, and every outcome of a delivery. */
const SKETCH: PlanSketch = {
  fleet: {
    'example.org': {
      mailboxes: {
        'reader-1': { do: 'mailbox-full' },
        'reader-2': { do: 'nonexistent-user' },
        'reader-3': { do: 'unresponsive', stage: 'message', kept: true, attempts: { from: 1, to: 1 } },
        'reader-4': { do: 'busy', attempts: { from: 1, to: 2 } },
      },
    },
  },
  contacts: readers(12),
  latencyMs: 3,
};

const ENDS: Record<string, string> = { [FULL]: 'soft-bounced', [GHOST]: 'hard-bounced' };

/** Every delivery has ended once and as expected; no message was accepted twice without an unknown outcome. */
function expectRight(events: Events): void {
  for (const address of readers(12)) {
    expect(events.ends(address).map(({ state }) => state)).toEqual([ENDS[address] ?? 'delivered']);
    const unknown = events.attempts(address).filter(({ outcome }) => outcome === 'unknown').length;
    const accepted = events.accepted(address).length;
    expect(accepted).toBeLessThanOrEqual(1 + unknown);
    expect(accepted).toBeGreaterThanOrEqual(address in ENDS ? 0 : 1);
  }
  expect(events.of('mailing.completed')).toHaveLength(1);
}

describe('killed at any moment of its first attempts', () => {
  test.each([
    ['at once', 0, 2],
    ['before the next grid point', 4 * MINUTE, 7],
    ['after it', 45 * MINUTE, 7],
  ])('and back %s', async (_, restartMs, stepMs) => {
    let interrupted = 0;
    let unknown = 0;
    for (let at = BUILDING_MS - 5; at < BUILDING_MS + 105; at += stepMs) {
      const { events, result } = await run({ ...SKETCH, events: [{ at, action: 'crash', restartMs }] });
      expect(result.failures, `killed at ${at}`).toEqual([]);
      expectRight(events);
      for (const restart of events.of('sender.restarted')) {
        interrupted += restart.interrupted;
        unknown += restart.unknown;
      }
    }
    expect(interrupted).toBeGreaterThan(10);
    expect(unknown).toBeGreaterThan(3);
  });
});

describe('with a store that fails', () => {
  test('at every single change', async () => {
    const whole = await play(memoryStore());
    expectRight(whole.events);
    expect(whole.failures).toBe(0);
    expect(whole.commits).toBeGreaterThan(60);
    for (let at = 1; at <= whole.commits; at++) {
      const { events, failures } = await play(failingOnce(memoryStore(), at));
      expect(failures, `failing at ${at}`).toBe(1);
      expectRight(events);
    }
  });

  test('no final dot is sent before the store has it', async () => {
    // A sender that dies at the change that records the final dot has not sent it: no outcome is unknown.
    const whole = await play(memoryStore());
    for (const at of whole.dots) {
      const { events } = await play(failingOnce(memoryStore(), at));
      const restart = events.of('sender.restarted').at(-1)!;
      const before = events.of('message.accepted').filter(({ t }) => t < restart.t);
      const marked = before.filter(({ rcpt }) => rcpt !== LOST).length;
      const logged = events
        .of('attempt')
        .filter(({ outcome, t }) => t <= restart.t && (outcome === 'accepted' || outcome === 'unknown'));
      expect(logged.filter(({ address }) => address !== LOST).length).toBeGreaterThanOrEqual(marked);
    }
  });
});

describe('on SQLite', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bouncelab-crash-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('the events are those of a run with the store in memory', async () => {
    for (const at of [3, 20, 40, 60]) {
      const file = path.join(folder, `${at}.db`);
      const store = await openSqliteStore(file, { outlives: 'process' });
      const onDisk = await play(failingOnce(store, at));
      const inMemory = await play(failingOnce(memoryStore(), at));
      expect(onDisk.events.all).toEqual(inMemory.events.all);
      expect([...store.load().deliveries].map(({ state }) => state)).not.toContain('queued');
      store.close();
      const again = await openSqliteStore(file);
      expect([...again.load().deliveries]).toHaveLength(12);
      again.close();
    }
  });
});

/** A store that fails once, at the given commit. */
function failingOnce(store: Store, at: number): Store {
  let commits = 0;
  return {
    ...bound(store),
    commit: (change) => {
      if (++commits === at) throw new Error('no room');
      store.commit(change);
    },
  };
}

function bound(store: Store): Store {
  return {
    load: () => store.load(),
    commit: (change) => store.commit(change),
    statuses: (contact) => store.statuses(contact),
    seed: (fresh) => store.seed(fresh),
    close: () => store.close(),
  };
}

/** Runs the sketch on a store. When a commit fails, the sender ends and another starts a minute later. */
async function play(store: Store) {
  const { fleet, contacts, network, policy, mailings, seed } = plan(SKETCH);
  const clock = VirtualClock.install();
  try {
    const all: RunEvent[] = [];
    const log = new EventLog({ now: () => clock.now(), readers: [(event) => all.push(event)] });
    const random = seededRandom(seed);
    const { latencyMs } = network;
    const world = new World({ clock, random, emit: log.emit, fleet, latencyMs, clientAddress: '127.0.0.1' });
    let failures = 0;
    let commits = 0;
    const dots: number[] = [];
    const counted: Store = {
      ...bound(store),
      commit: (change) => {
        commits++;
        if (change.deliveries.some(({ running }) => running?.finalDot)) dots.push(commits);
        store.commit(change);
      },
    };
    const start = (): void => {
      const life = new Lifespan();
      const request = (what: (sender: Sender) => void, sender: Sender): void => {
        try {
          what(sender);
        } catch {
          // The request failed; it is made again to the next sender.
        }
      };
      const sender = new Sender({
        clock: life.clock(clock),
        dialer: life.dialer({ dial: (to, port) => world.dial(to, port) as unknown as net.Socket }),
        resolver: world.dns,
        emit: life.emit(log.emit),
        store: life.store(counted),
        random,
        policy,
        onFailure: () => {
          failures++;
          life.end();
          clock.after(MINUTE, start);
        },
      });
      for (const contact of contacts) {
        if (sender.contacts.get(contact.address)) continue;
        request((alive) => void alive.addContact(contact), sender);
      }
      const [{ name, kind, message, buildingMs }] = mailings as [(typeof mailings)[number]];
      if (!sender.mailing(name))
        request((alive) => void alive.send({ name, kind, message }, buildingMs), sender);
    };
    start();
    await clock.run({ horizonMs: 100 * HOUR, wallLimitMs: 20_000 });
    return { events: new Events(all), failures, commits, dots };
  } finally {
    clock.uninstall();
  }
}
