// One state change: stored as a whole and logged after that, or neither.

import { describe, expect, test } from 'vitest';
import { BouncelabError } from '../../src/base/errors.js';
import type { Fact } from '../../src/events/types.js';
import { Changes } from '../../src/sender/changes.js';
import { Contacts } from '../../src/sender/model/contact.js';
import { memoryStore } from '../../src/sender/store/memory.js';
import type { Commit } from '../../src/sender/store/store.js';
import { ManualClock } from '../support/manual-clock.js';

const BOB = 'bob@example.org';

/** Contacts on a store that can be made to fail. */
function storedContacts() {
  const clock = new ManualClock();
  const facts: Fact[] = [];
  const commits: Commit[] = [];
  const failures: Error[] = [];
  const memory = memoryStore();
  const disk: { error?: Error } = {};
  const changes = new Changes({
    clock,
    emit: (fact) => facts.push(fact),
    store: {
      ...memory,
      commit(change) {
        if (disk.error) throw disk.error;
        commits.push(change);
        memory.commit(change);
      },
    },
    onFailure: (error) => failures.push(error),
  });
  const contacts = new Contacts(clock, changes, 2);
  const add = (address: string): boolean => changes.request(() => contacts.add({ address }));
  return { changes, contacts, facts, commits, failures, disk, add };
}

const added = (address: string): Fact => ({
  type: 'contact.added',
  address,
  status: 'active',
  softBounceStreak: 0,
});

describe('a change', () => {
  test('is stored in one commit with everything it touches, and logged after that', () => {
    const { changes, contacts, facts, commits, add } = storedContacts();
    add(BOB);
    expect(facts).toEqual([added(BOB)]);
    changes.request(() => {
      contacts.optOut(contacts.get(BOB)!, 'contact');
      expect(facts).toHaveLength(1);
    });
    expect(facts.slice(1)).toMatchObject([{ type: 'contact.status', address: BOB, to: 'opt-out' }]);
    expect(commits).toHaveLength(2);
    expect(commits[1]).toMatchObject({
      contacts: [{ address: BOB, status: 'opt-out' }],
      past: [{ contact: BOB, index: 0, past: { what: 'opt-out' } }],
      statuses: [{ contact: BOB, from: 'active', to: 'opt-out', by: 'contact' }],
      mailings: [],
      deliveries: [],
    });
  });

  test('that touches no record does not call the store', () => {
    const { changes, facts, commits } = storedContacts();
    changes.request(() => changes.emit({ type: 'clock.jumped', from: 0 }));
    expect(commits).toEqual([]);
    expect(facts).toEqual([{ type: 'clock.jumped', from: 0 }]);
  });

  test('that cannot be stored is not logged, and none after it is stored or logged', () => {
    const { changes, contacts, facts, commits, failures, disk, add } = storedContacts();
    disk.error = new Error('gone');
    expect(() => add(BOB)).toThrow('the store failed: gone');
    expect(failures).toHaveLength(1);
    expect(failures[0]).toBeInstanceOf(BouncelabError);
    expect(failures[0]).toMatchObject({ code: 'E_STORE', cause: disk.error });

    delete disk.error;
    expect(() => add('eve@example.org')).toThrow(failures[0]);
    changes.change(() => contacts.optOut(contacts.get(BOB)!, 'contact'));
    changes.change(() => changes.emit({ type: 'clock.jumped', from: 0 }));
    changes.emit({ type: 'clock.jumped', from: 0 });
    expect([facts, commits]).toEqual([[], []]);
    expect(failures).toHaveLength(1);
  });

  test('that fails with an error of the store throws that error', () => {
    const { failures, disk, add } = storedContacts();
    disk.error = new BouncelabError('E_STORE_FULL', 'the disk is full');
    expect(() => add(BOB)).toThrow(disk.error);
    expect(failures).toEqual([disk.error]);
  });
});
