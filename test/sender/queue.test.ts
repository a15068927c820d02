// The queue and the deliveries in progress: the queue hands over deliveries when they are due, in the order
// in which they were added, and none that has ended.

import { describe, expect, test } from 'vitest';
import { Changes } from '../../src/sender/changes.js';
import { Delivery } from '../../src/sender/model/delivery.js';
import { Mailing } from '../../src/sender/model/mailing.js';
import { OpenDeliveries } from '../../src/sender/model/open-deliveries.js';
import { Queue } from '../../src/sender/queue.js';
import { contactOf } from '../support/contacts.js';
import { ManualClock } from '../support/manual-clock.js';

const mailing = new Mailing(
  { name: 'news', kind: 'standard', message: { subject: 'News', text: 'x', sizeBytes: 0 } },
  0,
);

function delivery(name: string, dueAt = 0): Delivery {
  return Object.assign(new Delivery(mailing, contactOf(`${name}@example.org`)), { dueAt });
}

function queue() {
  const clock = new ManualClock();
  const due: [number, ...string[]][] = [];
  const names = (deliveries: Delivery[]): string[] =>
    deliveries.map(({ contact }) => contact.key.replace('@example.org', ''));
  return { clock, due, queue: new Queue(clock, (given) => due.push([clock.now(), ...names(given)])) };
}

describe('the queue', () => {
  test('hands over each delivery when it is due, whatever the order in which they were added', () => {
    const { clock, due, queue: all } = queue();
    for (const at of [50, 10, 40, 20, 30]) all.add(delivery(`d${at}`, at));
    clock.to(100);
    expect(due).toEqual([10, 20, 30, 40, 50].map((at) => [at, `d${at}`]));
  });

  test('hands over the deliveries of one moment in one call, in the order in which they were added', () => {
    const { clock, due, queue: all } = queue();
    const names = Array.from({ length: 20 }, (_, index) => `n${index}`);
    for (const name of names) all.add(delivery(name, 7));
    clock.to(7);
    expect(due).toEqual([[7, ...names]]);
  });

  test('has one timer, for the earliest delivery', () => {
    const { clock, queue: all } = queue();
    for (const at of [50, 10, 40, 10]) all.add(delivery(`d${at}`, at));
    expect(clock.waiting.map(({ at }) => at)).toEqual([10]);
    clock.to(10);
    expect(clock.waiting.map(({ at }) => at)).toEqual([40]);
    clock.to(60);
    expect(clock.waiting).toEqual([]);
  });

  test('hands over at once a delivery whose time has passed', () => {
    const { clock, due, queue: all } = queue();
    clock.to(100);
    all.add(delivery('late', 20));
    expect(clock.waiting.map(({ at }) => at)).toEqual([100]);
    clock.to(100);
    expect(due).toEqual([[100, 'late']]);
  });

  test('skips deliveries that have ended, and makes no call when none is left', () => {
    const { clock, due, queue: all } = queue();
    const [gone, there, alone] = [delivery('gone', 5), delivery('there', 5), delivery('alone', 6)];
    for (const one of [gone, there, alone]) all.add(one);
    gone.state = 'withdrawn';
    alone.state = 'withdrawn';
    clock.to(10);
    expect(due).toEqual([[5, 'there']]);
  });

  test('hands over nothing after stop, not even deliveries that are added later', () => {
    const { clock, due, queue: all } = queue();
    all.stop();
    all.add(delivery('a', 5));
    expect(clock.waiting).toEqual([]);
    const other = queue();
    other.queue.add(delivery('a', 5));
    other.queue.stop();
    other.queue.add(delivery('b', 1));
    other.clock.to(10);
    clock.to(10);
    expect([...due, ...other.due]).toEqual([]);
  });
});

describe('the open deliveries', () => {
  test('are listed by contact until they are removed', () => {
    const open = new OpenDeliveries();
    const bob = contactOf('bob@example.org');
    const [one, two] = [new Delivery(mailing, bob), new Delivery(mailing, bob)];
    const eve = delivery('eve');
    for (const each of [one, two, eve]) open.add(each);
    expect([...open.all()]).toEqual([one, two, eve]);
    const list = open.of(bob);
    open.remove(one);
    expect(list).toEqual([one, two]);
    expect(open.of(bob)).toEqual([two]);
    open.remove(two);
    expect(open.of(bob)).toEqual([]);
    expect([...open.all()]).toEqual([eve]);
  });

  test('ignore the removal of a delivery that is not listed', () => {
    expect(() => new OpenDeliveries().remove(delivery('bob'))).not.toThrow();
  });
});

describe('an impossible transition throws', () => {
  const changes = () =>
    new Changes({ clock: new ManualClock(), emit: () => undefined, onFailure: () => undefined });

  test('a delivery that has ended cannot end another way', () => {
    const ended = delivery('bob');
    ended.state = 'delivered';
    expect(() => ended.end('soft-bounced', 'window over', changes())).toThrow(
      'bob@example.org in news is delivered and cannot become soft-bounced',
    );
  });

  test('a mailing that is in progress cannot start', () => {
    const started = new Mailing(
      { name: 'news', kind: 'standard', message: { subject: 'News', text: 'x', sizeBytes: 0 } },
      0,
    );
    started.start(1, 0, changes());
    expect(() => started.start(1, 0, changes())).toThrow('mailing news is in-progress and cannot start');
  });
});
