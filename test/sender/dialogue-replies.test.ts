// Malformed replies, endless ones, and replies whose lines have different codes, during a dialogue.

import { describe, expect, test } from 'vitest';
import { MINUTE, policy } from '../support/policies.js';
import { at, only, type ServerStage } from '../support/dialogue.js';
import { sendTo, type Script, type Scripted, type ScriptedOptions } from '../support/scripted-server.js';

describe('a reply in another charset', () => {
  /** Replies to RCPT; one character is one byte. */
  const saysBytes = (bytes: string): Script =>
    at('rcpt', ({ socket }) => {
      socket.write(Buffer.from(bytes, 'latin1'));
      return null;
    });

  test.each<[charset: string, bytes: string, text: string]>([
    [
      'UTF-8',
      Buffer.from('Benutzer gelöscht – 用户不存在').toString('latin1'),
      'Benutzer gelöscht – 用户不存在',
    ],
    ['Latin-1', 'Utilisateur inconnu \xe0 cette adresse', 'Utilisateur inconnu à cette adresse'],
    ['windows-1252', 'Bo\xeete pleine \x96 d\xe9sol\xe9', 'Boîte pleine – désolé'],
    ['GBK', '\xd3\xc3\xbb\xa7\xb2\xbb\xb4\xe6\xd4\xda', '用户不存在'],
    [
      'KOI8-R',
      '\xf0\xcf\xde\xd4\xcf\xd7\xd9\xca \xd1\xdd\xc9\xcb \xd0\xcf\xcc\xcf\xce',
      'Почтовый ящик полон',
    ],
    [
      'windows-1251',
      '\xcd\xe5\xf2 \xf2\xe0\xea\xee\xe3\xee \xef\xee\xeb\xfc\xe7\xee\xe2\xe0\xf2\xe5\xeb\xff',
      'Нет такого пользователя',
    ],
  ])('%s is text', async (_, bytes, text) => {
    const attempt = only(await sendToOnce(saysBytes(`550 ${bytes}\r\n`)));
    expect(attempt.reply).toEqual({ code: 550, lines: [text] });
  });

  test('may change it from line to line', async () => {
    const utf8 = Buffer.from('gelöscht').toString('latin1');
    const attempt = only(await sendToOnce(saysBytes(`550-${utf8}\r\n550 gel\xf6scht\r\n`)));
    expect(attempt.reply!.lines).toEqual(['gelöscht', 'gelöscht']);
  });
});

describe('a malformed reply', () => {
  const garbage = [
    'hello there\r\n',
    '000 zero\r\n',
    '999 much\r\n',
    '45 short\r\n',
    '354 what?\r\n',
    '\0\x01\x02\r\n',
    '2hello\r\n',
    '250OK\r\n',
    '250-and\r\n999 much\r\n',
  ];

  test.each(['mail', 'rcpt', 'data'] as const)('at %s is a protocol error and retried', async (stage) => {
    for (const reply of garbage) {
      if (stage === 'data' && reply.startsWith('354')) continue;
      const attempt = only(await sendToOnce(at(stage, () => reply)));
      expect(attempt).toMatchObject({
        stage,
        outcome: 'unreachable',
        error: 'EPROTOCOL',
        cause: 'protocol-error',
      });
    }
  });

  test('after the final dot is unknown', async () => {
    for (const reply of garbage) {
      const attempt = only(await sendToOnce(at('message', () => reply)));
      expect(attempt).toMatchObject({ stage: 'message', outcome: 'unknown', error: 'EPROTOCOL' });
    }
  });

  test.each(['connect', 'ehlo'] as const)('at %s is a protocol error', async (stage) => {
    for (const reply of garbage) {
      // To EHLO it is a refusal like any reply other than 2xx, so that HELO is tried.
      if (stage === 'ehlo' && reply.startsWith('354')) continue;
      const attempt = only(await sendToOnce(at(stage, () => reply)));
      expect(attempt, reply).toMatchObject({ stage, outcome: 'unreachable', error: 'EPROTOCOL' });
    }
  });
});

describe('after a malformed reply', () => {
  test.each(['000 zero\r\n', '999 much\r\n', 'hello there\r\n', '2hello\r\n'])(
    '%j, the next message goes out undisturbed over a new connection',
    async (reply) => {
      for (const stage of ['mail', 'rcpt', 'data', 'message'] as const) {
        const ran = await sendToOnce(
          at(stage, ({ session }) => (session === 1 ? reply : (USUAL_AT[stage] ?? '250 ok\r\n'))),
          TWO,
        );
        const lost = stage === 'message' ? 'unknown' : 'unreachable';
        expect(ran.events.of('attempt').map(({ outcome }) => outcome)).toEqual([lost, 'accepted']);
        expect(ran.sessions).toHaveLength(2);
      }
    },
  );
});

describe('a long reply', () => {
  test.each(['rcpt', 'message'] as const)('of 1 MB at %s has the outcome of its code', async (stage) => {
    const last = '450 4.2.2 full\r\n';
    const line = `450-4.2.2 ${'x'.repeat(488)}\r\n`;
    const long = line.repeat(2000).slice(line.length) + line.slice(0, 498 - last.length) + '\r\n' + last;
    expect(long).toHaveLength(1_000_000);
    const ran = await sendTo(
      at(stage, ({ nth }) => (nth === 1 ? long : '250 ok\r\n')),
      TWO,
    );
    const [first, second] = ran.events.of('attempt');
    expect(first).toMatchObject({ stage, outcome: 'deferred', reply: { code: 450, enhanced: '4.2.2' } });
    expect(second).toMatchObject({ outcome: 'accepted' });
    expect(ran.sessions).toHaveLength(1);
    // Each attempt puts its reply into the log.
    expect(JSON.stringify(first).length).toBeLessThan(10_000);
  });

  test('of 1 MB at ehlo has the outcome of its code', async () => {
    const keywords = `${'250-X'.padEnd(498, 'x')}\r\n`.repeat(1999);
    const yes = await sendToOnce(at('ehlo', () => `250-scripted\r\n${keywords}250 SIZE 5\r\n`));
    // The SIZE of its last line applies.
    expect(only(yes)).toMatchObject({ outcome: 'rejected', error: 'EMESSAGESIZE' });
    const no = await sendToOnce(
      at('ehlo', () => `${'421-'.padEnd(498, 'x')}\r\n`.repeat(1999) + '421 later\r\n'),
    );
    expect(only(no)).toMatchObject({ stage: 'ehlo', outcome: 'deferred', reply: { code: 421 } });
    expect(JSON.stringify(only(no)).length).toBeLessThan(10_000);
  });

  test.each(
    (['RCPT', 'EHLO'] as const).flatMap((command) => [
      [command, 'lines of a reply', '250-more and more\r\n'] as const,
      [command, 'one line', 'more and more'] as const,
      [command, 'empty lines', '\r\n'] as const,
      [command, 'bytes of zero', '\0'] as const,
    ]),
  )('to %s, of %s that comes as fast as it can, is cut off after 1 MB', async (command, _what, piece) => {
    let written = 0;
    const flood: Script = ({ verb, socket, session }, clock) => {
      if (verb !== command || session > 1) return undefined;
      const block = piece.repeat(Math.ceil(16_384 / piece.length));
      const more = (): void => {
        if (socket.destroyed) return;
        written += block.length;
        socket.write(block);
        clock.after(1, more);
      };
      more();
      return null;
    };
    const ran = await sendTo(flood, { policy: TWICE });
    expect(ran.events.of('attempt')).toMatchObject([
      { stage: command.toLowerCase(), outcome: 'unreachable', error: 'EPROTOCOL' },
      { outcome: 'accepted' },
    ]);
    expect(written).toBeLessThan(1.2 * 1024 * 1024);
  });

  test('of just under 1 MB is read to its last line', async () => {
    const long = `${'250-x'.padEnd(990, 'x')}\r\n`.repeat(1000) + '250 ok\r\n';
    expect(only(await sendTo(at('rcpt', () => long)))).toMatchObject({ outcome: 'accepted' });
  });

  test.each([
    ['rcpt', 'lines', '250-more and more\r\n'],
    ['rcpt', 'one line', 'more and more'],
    ['ehlo', 'lines', '250-more and more\r\n'],
    ['ehlo', 'one line', 'more and more'],
  ] as const)('without end at %s, of %s, is given up', async (stage, _what, piece) => {
    const ran = await sendTo(at(stage, () => piece.repeat(120_000)));
    expect(only(ran)).toMatchObject({ stage, outcome: 'unreachable', error: 'EPROTOCOL' });
  });

  test.each(
    (['RCPT', 'EHLO'] as const).flatMap((command) =>
      ['250-still thinking\r\n', '\r\n', 'x'].map((piece) => [command, piece] as const),
    ),
  )('to %s that drips %j without end fails at the timeout of the stage', async (command, piece) => {
    const drip: Script = ({ verb, socket, session }, clock) => {
      if (verb !== command || session > 1) return undefined;
      const more = (): void => {
        if (socket.destroyed) return;
        socket.write(piece);
        clock.after(10_000, more);
      };
      more();
      return null;
    };
    expect((await sendTo(drip, { policy: TWICE })).events.of('attempt')).toMatchObject([
      { stage: command.toLowerCase(), outcome: 'unreachable', error: 'ETIMEDOUT', t: 5 * MINUTE },
      { outcome: 'accepted' },
    ]);
  });

  test('in packets of one byte is read like one in a single packet', async () => {
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

/** Two contacts, one after the other. */
const TWO: ScriptedOptions = {
  contacts: ['bob@example.org', 'ann@example.org'],
  limits: { connectionsMax: 1 },
};

const TWICE = policy({ retry: { attempts: { counting: 'total', total: 2 } } });

const USUAL_AT: Partial<Record<ServerStage, string>> = { data: '354 go ahead\r\n' };

/** As `sendTo`, for a test with several runs: removes the clock of the run before. */
async function sendToOnce(script: Script, options?: ScriptedOptions): Promise<Scripted> {
  const ran = await sendTo(script, options);
  ran.clock.uninstall();
  return ran;
}
