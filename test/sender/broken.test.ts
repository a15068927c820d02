// A fault of the sender itself or of its ports is not a reply of a server: no attempt is charged, and the
// error reaches the code that drives the clock.

import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/events/types.js';
import { EventLog } from '../../src/events/log.js';
import { Sender, type SenderOptions } from '../../src/sender/sender.js';
import { memoryStore } from '../../src/sender/store/memory.js';
import { listeningSender } from '../support/listening-sender.js';
import { HOUR } from '../support/policies.js';
import { ONE_ATTEMPT, scriptedWorld } from '../support/scripted-server.js';
import { dialogue } from '../support/tcp-dialogue.js';

/** Sends one mailing with ports that fail, and runs until the error is thrown. */
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

describe('an internal fault', () => {
  test.each<[string, Partial<SenderOptions>]>([
    ['in the lookup of a domain', { resolver: { resolveMx: fails, resolve4: fails } }],
    ['in the lookup of a host', { resolver: { resolveMx: answers, resolve4: fails } }],
    [
      'in the lookup of the next host',
      {
        resolver: {
          resolveMx: () =>
            Promise.resolve(['127.0.0.9', 'mx2'].map((exchange, preference) => ({ exchange, preference }))),
          resolve4: (name) => (name === 'mx2' ? fails() : Promise.resolve([name])),
        },
      },
    ],
  ])('%s', async (_, options) => {
    const events = await broken(options);
    expect(events.filter(({ type }) => type === 'attempt')).toEqual([]);
  });

  test.each<[string, Partial<SenderOptions>]>([
    ['without onFailure', {}],
    [
      'with an onFailure that throws',
      {
        onFailure: () => {
          throw new Error('a fault of ours, again');
        },
      },
    ],
  ])('in the store, %s', async (_, options) => {
    const store = memoryStore();
    let count = 0;
    const events = await broken({
      ...options,
      store: {
        ...store,
        commit(change) {
          // The contact, the mailing and its start are stored; its first attempt is not.
          if (++count > 3) throw new Error('a fault of ours');
          store.commit(change);
        },
      },
    });
    expect(events.filter(({ type }) => type === 'attempt')).toEqual([]);
  });
});

describe('a bounce message that cannot be processed', () => {
  /** The last reply to the server, and the timers that are left: one of them throws the error. */
  async function receive({
    before,
    ...options
  }: Partial<SenderOptions> & { before?: (sender: Sender) => void }) {
    const { sender, clock, port } = await listeningSender(options);
    before?.(sender);
    const said = await dialogue(
      port,
      'EHLO mx.example.org',
      'MAIL FROM:<>',
      'RCPT TO:<bounce+news+bob=example.org+aaaaaaaaaa@return.sender.example>',
      'DATA',
      'Subject: hello\r\n\r\nWho are you?\r\n.',
    );
    return { reply: said.at(-1), timers: clock.waiting };
  }

  test('is answered with 451, and the error is thrown from a timer', async () => {
    const { reply, timers } = await receive({
      emit: ({ type }) => {
        if (type === 'bounce.received') throw new Error('a fault of ours');
      },
    });
    expect(reply).toBe('451 4.3.0 Try again later');
    expect(timers).toHaveLength(1);
    expect(() => timers[0]!.fn()).toThrow('a fault of ours');
  });

  test('because the store has failed is answered with 451, and the failure is reported once', async () => {
    const failures: Error[] = [];
    const { reply, timers } = await receive({
      store: {
        ...memoryStore(),
        commit() {
          throw new Error('a fault of ours');
        },
      },
      onFailure: (error) => failures.push(error),
      before: (sender) => expect(() => sender.addContact({ address: 'bob@example.org' })).toThrow('ours'),
    });
    expect(reply).toBe('451 4.3.0 Try again later');
    expect(failures).toHaveLength(1);
    expect(timers).toEqual([]);
  });
});
