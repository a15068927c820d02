// A sender that sends nothing and takes bounce messages at a port of this machine.

import { expect, onTestFinished } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { Sender, type SenderOptions } from '../../src/sender/sender.js';
import { systemInlet } from '../../src/sender/system/inlet.js';
import { ManualClock } from './manual-clock.js';
import { EMMA } from './policies.js';

export async function listeningSender(options: Partial<SenderOptions>) {
  const clock = new ManualClock();
  const nothing = (): never => expect.fail('nothing is sent');
  let opened: (port: number) => void;
  const listening = new Promise<number>((resolve) => (opened = resolve));
  const sender = new Sender({
    clock,
    resolver: { resolveMx: nothing, resolve4: nothing },
    dialer: { dial: nothing },
    random: seededRandom('1'),
    policy: EMMA,
    emit: () => undefined,
    inlet: systemInlet({ port: 0, onListening: (port) => opened(port) }),
    ...options,
  });
  onTestFinished(() => sender.close());
  return { sender, clock, port: await listening };
}
