// The dialogue of one attempt with servers that break it at each stage: outcome and stage of the attempt,
// and whether the server may have the message.

import { describe, expect, test } from 'vitest';
import { MINUTE } from '../support/policies.js';
import { at, only, SERVER_STAGES, type ServerStage } from '../support/dialogue.js';
import { sendTo, type Script } from '../support/scripted-server.js';

describe('a server that does not reply', () => {
  // RFC 5321, 4.5.3.2: 5 minutes for the greeting and most commands, 2 for DATA, 10 after the dot.
  test.each<[ServerStage, number]>([
    ['connect', 5],
    ['ehlo', 5],
    ['mail', 5],
    ['rcpt', 5],
    ['data', 2],
    ['message', 10],
  ])('at %s ends the attempt after %i minutes', async (stage, minutes) => {
    const attempt = only(await sendTo(at(stage, () => null)));
    expect(attempt).toMatchObject({
      stage,
      error: 'ETIMEDOUT',
      cause: 'network',
      t: minutes * MINUTE,
      startedAt: 0,
      outcome: stage === 'message' ? 'unknown' : 'unreachable',
    });
    expect(attempt).not.toHaveProperty('reply');
  });

  test('nor complete the TCP handshake fails after 30 seconds, at connect', async () => {
    const ran = await sendTo(() => undefined, { handshake: () => 'ignore' });
    expect(only(ran)).toMatchObject({
      stage: 'connect',
      outcome: 'unreachable',
      error: 'ETIMEDOUT',
      t: 30_000,
    });
    expect(ran.sessions).toEqual([]);
  });

  test('but refuses the TCP connection fails at once', async () => {
    const ran = await sendTo(() => undefined, { handshake: () => 'refuse' });
    expect(only(ran)).toMatchObject({
      stage: 'connect',
      outcome: 'unreachable',
      error: 'ECONNREFUSED',
      t: 0,
    });
  });

  test('until one second before the timeout of each stage gets the message', async () => {
    const slow: Script = ({ verb, say }, clock) => {
      const ms = { DATA: 2, '.': 10 }[verb] ?? 5;
      const usual = { CONNECT: '220 hi', DATA: '354 go' }[verb] ?? '250 ok';
      clock.after(ms * MINUTE - 1000, () => say(`${usual}\r\n`));
      return null;
    };
    expect(only(await sendTo(slow))).toMatchObject({ outcome: 'accepted', t: 32 * MINUTE - 6000 });
  });

  test('the timeouts can be set', async () => {
    const ran = await sendTo(
      at('rcpt', () => null),
      { timeouts: { rcpt: 1234 } },
    );
    expect(only(ran)).toMatchObject({ stage: 'rcpt', t: 1234 });
  });
});

describe('a lost connection', () => {
  test.each(SERVER_STAGES)('by FIN instead of a reply at %s', async (stage) => {
    const ran = await sendTo(
      at(stage, ({ socket }) => {
        socket.end();
        return null;
      }),
    );
    const outcome = stage === 'message' ? 'unknown' : 'unreachable';
    expect(only(ran)).toMatchObject({ stage, outcome, error: 'ECLOSED', cause: 'network', t: 0 });
  });

  test.each(SERVER_STAGES)('by RST instead of a reply at %s', async (stage) => {
    const ran = await sendTo(
      at(stage, ({ socket }) => {
        socket.resetAndDestroy();
        return null;
      }),
    );
    const outcome = stage === 'message' ? 'unknown' : 'unreachable';
    expect(only(ran)).toMatchObject({ stage, outcome, error: 'ECONNRESET', t: 0 });
  });

  test('before the final dot is unreachable: the server cannot have the message', async () => {
    const ran = await sendTo(
      at('data', ({ socket }) => {
        socket.once('data', () => socket.destroy());
        return '354 go\r\n';
      }),
      { sizeBytes: 2_000_000, latencyMs: 5 },
    );
    expect(only(ran)).toMatchObject({ stage: 'data', outcome: 'unreachable' });
    expect(ran.sessions[0]!.messages).toEqual([]);
  });

  test('after the final dot is unknown, although this server has the message', async () => {
    const ran = await sendTo(
      at('message', ({ socket }) => {
        socket.destroy();
        return null;
      }),
    );
    expect(only(ran)).toMatchObject({ stage: 'message', outcome: 'unknown' });
    expect(ran.sessions[0]!.messages).toHaveLength(1);
  });
});

describe('a long message', () => {
  test('that the server stops reading fails after three minutes without progress, before the final dot', async () => {
    const ran = await sendTo(
      at('data', ({ socket, say }) => {
        say('354 go\r\n');
        socket.pause();
        return null;
      }),
      { sizeBytes: 2_000_000 },
    );
    expect(only(ran)).toMatchObject({
      stage: 'data',
      outcome: 'unreachable',
      error: 'ETIMEDOUT',
      t: 3 * MINUTE,
    });
  });

  test('that the server reads slowly has three minutes for each block', async () => {
    const ran = await sendTo(
      ({ verb, socket, say }, clock) => {
        if (verb !== 'DATA') return undefined;
        say('354 go\r\n');
        socket.on('data', () => {
          socket.pause();
          clock.after(30_000, () => socket.resume());
        });
        return null;
      },
      { sizeBytes: 1_000_000 },
    );
    const attempt = only(ran);
    expect(attempt).toMatchObject({ outcome: 'accepted' });
    expect(attempt.t).toBeGreaterThan(5 * MINUTE);
    expect(ran.sessions[0]!.messages[0]!.length).toBeGreaterThan(1_000_000);
  });
});

describe('421', () => {
  test('during DATA, followed by a close, is a deferral', async () => {
    const ran = await sendTo(
      at('data', ({ socket }) => {
        socket.once('data', () => {
          socket.write('421 4.3.2 shutting down\r\n');
          socket.end();
        });
        return '354 go\r\n';
      }),
      { sizeBytes: 2_000_000, latencyMs: 5 },
    );
    expect(only(ran)).toMatchObject({
      stage: 'data',
      outcome: 'deferred',
      reply: { code: 421, enhanced: '4.3.2' },
    });
  });

  test('in the packet of 354 is a deferral', async () => {
    const ran = await sendTo(at('data', () => '354 go\r\n421 no, stop\r\n'));
    expect(only(ran)).toMatchObject({ outcome: 'deferred', reply: { code: 421 } });
  });

  test.each(SERVER_STAGES)('at %s ends the attempt as deferred, and the connection', async (stage) => {
    const ran = await sendTo(at(stage, () => '421 4.3.2 busy\r\n'));
    expect(only(ran)).toMatchObject({ stage, outcome: 'deferred', reply: { code: 421 } });
    expect(ran.sessions).toHaveLength(1);
    expect(ran.sessions[0]!.lines.at(-1)).not.toBe('RSET');
    expect(ran.sessions[0]!.closedAt).toBe(0);
  });

  test('without a line end before the close is read', async () => {
    const ran = await sendTo(
      at('rcpt', ({ socket }) => {
        socket.end('421 4.7.0 bye');
        return null;
      }),
    );
    expect(only(ran)).toMatchObject({
      stage: 'rcpt',
      outcome: 'deferred',
      reply: { code: 421, enhanced: '4.7.0' },
    });
  });
});

describe('EHLO', () => {
  test.each(['500 what?\r\n', '502 5.5.1 not here\r\n', '550 no\r\n', '450 no\r\n'])(
    'refused with %j is followed by HELO, and the message is sent',
    async (reply) => {
      const ran = await sendTo(at('ehlo', () => reply));
      expect(only(ran)).toMatchObject({ outcome: 'accepted' });
      expect(ran.sessions[0]!.lines.slice(0, 2)).toEqual(['EHLO sender.example', 'HELO sender.example']);
    },
  );

  test('and HELO both refused fail the attempt at ehlo with the last reply', async () => {
    const ran = await sendTo(({ verb }) =>
      verb === 'EHLO' ? '502 no\r\n' : verb === 'HELO' ? '554 5.7.1 go away\r\n' : undefined,
    );
    expect(only(ran)).toMatchObject({
      stage: 'ehlo',
      outcome: 'rejected',
      reply: { code: 554, lines: ['go away'] },
    });
  });
});
