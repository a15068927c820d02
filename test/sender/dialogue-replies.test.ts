// Replies that are no replies, that have no end, or whose lines contradict each other, in the
// middle of a dialogue.

import { describe, expect, test } from 'vitest';
import { MINUTE } from '../support/policies.js';
import { at, only, type ServerStage } from '../support/dialogue.js';
import { sendTo, type Script, type Scripted } from '../support/scripted-server.js';

describe('a reply that cannot be read', () => {
  const garbage = [
    'hello there\r\n',
    '000 zero\r\n',
    '999 much\r\n',
    '45 short\r\n',
    '354 what?\r\n',
    '\0\x01\x02\r\n',
  ];

  test.each(['mail', 'rcpt'] as const)('at %s is a protocol error and tried again', async (stage) => {
    for (const reply of garbage) {
      const attempt = only(await sendToOnce(at(stage, () => reply)));
      expect(attempt).toMatchObject({
        stage,
        outcome: 'unreachable',
        error: 'EPROTOCOL',
        cause: 'protocol-error',
      });
    }
  });

  test('after the dot leaves it open whether the server has the message', async () => {
    for (const reply of [...garbage, '2hello\r\n']) {
      const attempt = only(await sendToOnce(at('message', () => reply)));
      expect(attempt).toMatchObject({ stage: 'message', outcome: 'unknown', error: 'EPROTOCOL' });
    }
  });

  test('at connect is a protocol error', async () => {
    for (const reply of garbage) {
      const attempt = only(await sendToOnce(at('connect', () => reply)));
      expect(attempt).toMatchObject({ stage: 'connect', outcome: 'unreachable', error: 'EPROTOCOL' });
    }
  });
});

describe('a long reply', () => {
  test('of just under 1 MB is read to its end', async () => {
    const long = `${'250-x'.padEnd(990, 'x')}\r\n`.repeat(1000) + '250 ok\r\n';
    expect(only(await sendTo(at('rcpt', () => long)))).toMatchObject({ outcome: 'accepted' });
  });

  test.each([
    ['lines', '250-more and more\r\n'],
    ['one line', 'more and more'],
  ])('without end, of %s, is given up', async (_what, piece) => {
    const ran = await sendTo(at('rcpt', () => piece.repeat(120_000)));
    expect(only(ran)).toMatchObject({ stage: 'rcpt', outcome: 'unreachable', error: 'EPROTOCOL' });
  });

  test('that drips without end is given up when the time of the stage is over', async () => {
    const drip: Script = ({ verb, socket }, clock) => {
      if (verb !== 'RCPT') return undefined;
      const more = (): void => {
        if (socket.destroyed) return;
        socket.write('250-still thinking\r\n');
        clock.after(10_000, more);
      };
      more();
      return null;
    };
    expect(only(await sendTo(drip))).toMatchObject({ stage: 'rcpt', error: 'ETIMEDOUT', t: 5 * MINUTE });
  });

  test('torn between every byte is read as if it had come whole', async () => {
    const torn: Script = ({ verb, socket }, clock) => {
      if (verb !== 'RCPT') return undefined;
      [...'450-4.2.2 Mailbox\r\n450 4.2.2 full\r\n'].forEach((byte, index) =>
        clock.after(index, () => socket.write(byte)),
      );
      return null;
    };
    expect(only(await sendTo(torn))).toMatchObject({
      outcome: 'deferred',
      reply: { code: 450, enhanced: '4.2.2', lines: ['Mailbox', 'full'] },
    });
  });
});

describe('a reply whose lines carry different codes', () => {
  test.each<[ServerStage, string, string]>([
    ['rcpt', '250-yes\r\n550 5.1.1 no\r\n', 'rejected'],
    ['rcpt', '250-yes\r\n450 later\r\n', 'deferred'],
    ['rcpt', '550-no\r\n250 yes\r\n', 'accepted'],
    ['mail', '550-no\r\n450-or\r\n451 later\r\n', 'deferred'],
    ['data', '250-yes\r\n554 no\r\n', 'rejected'],
    ['message', '550-no\r\n250 yes\r\n', 'accepted'],
    ['message', '250-yes\r\n452 full\r\n', 'deferred'],
  ])('at %s, %j, means what its last line says: %s', async (stage, reply, outcome) => {
    expect(only(await sendTo(at(stage, () => reply)))).toMatchObject({ outcome });
  });
});

/** As `sendTo`, for a test that runs several: the clock of the one before is taken out first. */
async function sendToOnce(script: Script): Promise<Scripted> {
  const ran = await sendTo(script);
  ran.clock.uninstall();
  return ran;
}
