// What each delivery in progress waits for, as the message of a deadlock shows it: from the DNS lookup of
// its domain to its next attempt.

import { expect, test } from 'vitest';
import { Sender } from '../../src/sender/sender.js';
import { memoryStore } from '../../src/sender/store/memory.js';
import { readers } from '../support/plans.js';
import { EMMA, HOUR, MINUTE } from '../support/policies.js';
import { scriptedWorld } from '../support/scripted-server.js';

const [ONE, TWO] = readers(2) as [string, string];
const LIMITS = { horizonMs: HOUR, wallLimitMs: 20_000 };

/** A DNS lookup takes a second, each direction of the network half a second, the reply to RCPT ten seconds. */
function slowWorld() {
  const { clock, ports } = scriptedWorld(
    ({ verb, say }) => {
      if (verb !== 'RCPT') return undefined;
      clock.after(10_000, () => say('450 not now\r\n'));
      return null;
    },
    { latencyMs: 500 },
  );
  const { resolver } = ports;
  const resolveMx: typeof resolver.resolveMx = () =>
    new Promise((resolve) => clock.after(1000, () => resolve(resolver.resolveMx())));
  const options = {
    ...ports,
    resolver: { ...resolver, resolveMx },
    limits: { connectionsMax: 1 },
    policy: EMMA,
    emit: () => undefined,
    store: memoryStore(),
  };
  const sender = new Sender(options);
  for (const address of [ONE, TWO]) sender.addContact({ address });
  sender.send({ name: 'news', kind: 'standard', message: { subject: 'News', text: 'Hi', sizeBytes: 0 } }, 0);
  return { clock, sender, options };
}

test('each step of an attempt', async () => {
  const { clock, sender } = slowWorld();
  const said: Record<number, string[]> = {};
  for (const t of [0, 500, 1250, 2250, 6000, 20_000, MINUTE])
    clock.at(t, () => (said[t] = sender.waiting().map((line) => line.replace(/^.* in news waits for /, ''))));
  await clock.run({ ...LIMITS, horizonMs: 2 * MINUTE });
  const both = (what: string): string[] => [what, what];
  const oneAtATime = ['the end of its attempt at example.org', 'a free connection to example.org'];
  expect(said).toEqual({
    0: both('DNS of example.org'),
    500: both('DNS of example.org'),
    1250: both('a connection to mx.example.org'),
    2250: both('a reply at ehlo from mx.example.org'),
    6000: oneAtATime,
    20_000: ['its next attempt at 30m', 'the end of its attempt at example.org'],
    60_000: ['its next attempt at 30m', 'its next attempt at 30m16s'],
  });
});

test('an attempt that is due when a sender starts on a store', async () => {
  const { clock, sender, options } = slowWorld();
  clock.at(MINUTE, () => void sender.drained());
  await clock.run(LIMITS);
  clock.at(HOUR, () => undefined);
  await clock.run({ ...LIMITS, horizonMs: 2 * HOUR });
  expect(clock.now()).toBe(HOUR);
  const second = new Sender(options);
  expect(second.waiting()).toEqual(
    [ONE, TWO].map((address) => `${address} in news waits for an attempt that is due`),
  );
});
