// Deliveries that wait for a connection at one destination: those whose window ends meanwhile, and what it
// costs to know them. Costs are counted in looks at a delivery and its window, not in time.

import { queryObjects } from 'node:v8';
import { describe, expect, test } from 'vitest';
import type { AttemptJournal } from '../../src/sender/destination/attempt-journal.js';
import { ReadyQueue } from '../../src/sender/destination/ready-queue.js';
import { Delivery } from '../../src/sender/model/delivery.js';
import { Mailing } from '../../src/sender/model/mailing.js';
import { contactOf } from '../support/contacts.js';
import { ManualClock } from '../support/manual-clock.js';

const mailing = new Mailing(
  { name: 'news', kind: 'standard', message: { subject: 'News', text: 'x', sizeBytes: 0 } },
  0,
);

/** A queue of one destination, and what it asked and reported. */
function destination(latestStart: (name: string) => number) {
  const clock = new ManualClock();
  const expired: [number, string][] = [];
  const nameOf = ({ contact }: Delivery): string => contact.key.replace('@example.org', '');
  const fail = (): never => {
    throw new Error('no attempt begins in this test');
  };
  const journal: AttemptJournal = {
    begun: fail,
    finalDot: fail,
    attempted: fail,
    uncharged: fail,
    latestStartOf(delivery) {
      seen.looks++;
      return latestStart(nameOf(delivery));
    },
    expired(delivery) {
      delivery.state = 'soft-bounced';
      expired.push([clock.now(), nameOf(delivery)]);
    },
  };
  const seen = { looks: 0, expired };
  const queue = new ReadyQueue(clock, journal);
  const add = (name: string): Delivery => {
    const delivery = new Delivery(mailing, contactOf(`${name}@example.org`));
    Object.defineProperty(delivery, 'inProgress', {
      get() {
        seen.looks++;
        return delivery.state === 'queued';
      },
    });
    queue.add(delivery);
    queue.watchExpiry();
    return delivery;
  };
  return { clock, queue, seen, add };
}

describe('a backlog of 2,000 deliveries', () => {
  test.each<[string, (name: string) => number]>([
    ['whose windows end together', () => 5000],
    ['whose windows end one before the other', (name) => 5000 - Number(name)],
    ['without a window', () => Infinity],
  ])('%s is not scanned for each that comes', (_what, latestStart) => {
    const { seen, add } = destination(latestStart);
    for (let n = 0; n < 2000; n++) add(String(n));
    expect(seen.looks).toBe(2000);
  });

  test('is not scanned for each that is taken', () => {
    const { queue, seen, add } = destination(() => 5000);
    for (let n = 0; n < 2000; n++) add(String(n));
    seen.looks = 0;
    while (queue.take()) queue.watchExpiry();
    expect(seen.looks).toBe(2000);
  });

  test('is not scanned for each that expires', () => {
    const { clock, seen, add } = destination((name) => 5000 + 10 * (Number(name) % 1000));
    for (let n = 0; n < 2000; n++) add(String(n));
    seen.looks = 0;
    clock.to(100_000);
    expect(seen.expired).toHaveLength(2000);
    expect(seen.looks).toBe(2000);
  });

  test('is not scanned for each that expires while a connection is being opened', () => {
    const { clock, queue, seen, add } = destination((name) => 5000 + Number(name));
    for (let n = 0; n < 2000; n++) add(String(n));
    queue.connectingSince = 1000;
    seen.looks = 0;
    clock.to(100_000);
    expect(seen.expired).toEqual([]);
    expect(seen.looks).toBe(2000);
    queue.connectingSince = undefined;
    queue.watchExpiry();
    clock.to(100_001);
    expect(seen.expired).toHaveLength(2000);
  });

  test('ends only those that still wait', () => {
    const { clock, queue, seen, add } = destination(() => 5000);
    const stays = add('stays');
    add('0');
    for (let n = 1; n < 2000; n++) {
      const { delivery } = queue.take()!;
      if (delivery === stays) queue.add(delivery);
      else add(String(n));
    }
    clock.to(10_000);
    expect(seen.expired.map(([, name]) => name)).toContain('stays');
    expect(seen.expired).toHaveLength(2);
  });
});

test('deliveries that were taken are not kept in memory', () => {
  const { queue, add } = destination((name) => 5000 + Number(name));
  const alive = (): number => queryObjects(Delivery, { format: 'count' });
  const before = alive();
  for (let n = 0; n < 2000; n++) add(String(n));
  for (let n = 0; n < 1900; n++) queue.take();
  expect(alive() - before).toBeLessThan(300);
});

test('each delivery expires one millisecond after its window, and none before', () => {
  const edges: Record<string, number> = { late: 300, early: 100, middle: 200, endless: Infinity };
  const { clock, seen, add } = destination((name) => edges[name]!);
  for (const name of Object.keys(edges)) add(name);
  clock.to(100);
  expect(seen.expired).toEqual([]);
  clock.to(1000);
  expect(seen.expired).toEqual([
    [101, 'early'],
    [201, 'middle'],
    [301, 'late'],
  ]);
  expect(clock.waiting).toEqual([]);
});

test('a delivery that is put back expires like the others', () => {
  const { clock, queue, seen, add } = destination((name) => (name === 'back' ? 100 : 200));
  add('back');
  add('other');
  const { delivery } = queue.take()!;
  queue.putBack(delivery, 0);
  queue.watchExpiry();
  clock.to(150);
  expect(seen.expired).toEqual([[101, 'back']]);
});

test('an empty queue leaves no timer', () => {
  const { clock, queue, add } = destination(() => 100);
  add('one');
  add('two');
  while (queue.take());
  expect(clock.waiting).toEqual([]);
});
