// Something of ours that fails is no answer of any server: nobody's attempt is charged with it, and
// whoever drives the clock is told.

import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/events/types.js';
import { EventLog } from '../../src/events/log.js';
import { Sender, type SenderOptions } from '../../src/sender/sender.js';
import { memoryStore } from '../../src/sender/store/memory.js';
import { HOUR } from '../support/policies.js';
import { ONE_ATTEMPT, scriptedWorld } from '../support/scripted-server.js';

/** Sends one mailing with ports that fail, and plays until that comes out. */
async function broken(options: Partial<SenderOptions>): Promise<RunEvent[]> {
  const { clock, ports } = scriptedWorld(() => undefined);
  const all: RunEvent[] = [];
  const { emit } = new EventLog({ now: () => clock.now(), readers: [(event) => all.push(event)] });
  const sender = new Sender({ ...ports, policy: ONE_ATTEMPT, emit, ...options });
  sender.addContact({ address: 'bob@example.org' });
  sender.send({ name: 'news', kind: 'standard', message: { subject: 'News', text: 'Hi', sizeBytes: 0 } }, 0);
  await expect(clock.run({ horizonMs: HOUR, wallLimitMs: 20_000 })).rejects.toThrow('ours');
  return all;
}

const fails = (): Promise<never> => Promise.reject(new Error('a fault of ours'));
const answers = () => Promise.resolve([{ exchange: 'mx.example.org', preference: 10 }]);

describe('a fault of ours', () => {
  test.each<[string, Partial<SenderOptions>]>([
    ['in the look-up of a domain', { resolver: { resolveMx: fails, resolve4: fails } }],
    ['in the look-up of a host', { resolver: { resolveMx: answers, resolve4: fails } }],
  ])('%s', async (_, options) => {
    const events = await broken(options);
    expect(events.filter(({ type }) => type === 'attempt')).toEqual([]);
  });

  test('in the store, when nobody is there to be told of it', async () => {
    const store = memoryStore();
    let count = 0;
    const events = await broken({
      store: {
        ...store,
        commit(change) {
          // The contact, the mailing and its beginning are kept; its first attempt is not.
          if (++count > 3) throw new Error('a fault of ours');
          store.commit(change);
        },
      },
    });
    expect(events.filter(({ type }) => type === 'attempt')).toEqual([]);
  });
});
