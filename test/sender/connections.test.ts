// Connections: reused after RSET, limited in number and in messages, closed when idle; and failures of a
// connection that do not count as an attempt.

import { describe, expect, test } from 'vitest';
import { readers } from '../support/plans.js';
import { HOUR, MINUTE, policy } from '../support/policies.js';
import { run } from '../support/runs.js';
import { sendTo, type Transcript, type Script } from '../support/scripted-server.js';

const verbs = ({ lines }: Transcript): string => lines.map((line) => line.split(/[ :]/)[0]).join(' ');

describe('a connection', () => {
  test('carries one message after the other, without RSET after accepted ones', async () => {
    const { sessions, events } = await sendTo(() => undefined, {
      contacts: readers(3),
      limits: { connectionsMax: 1 },
    });
    expect(sessions.map(verbs)).toEqual(['EHLO MAIL RCPT DATA . MAIL RCPT DATA . MAIL RCPT DATA . QUIT']);
    expect(events.of('delivery.ended').map(({ state }) => state)).toEqual(Array(3).fill('delivered'));
  });

  test('is reset after a refusal and then used again', async () => {
    const { sessions } = await sendTo(
      ({ verb, nth }) => (verb === 'RCPT' && nth === 1 ? '550 no\r\n' : undefined),
      {
        contacts: readers(2),
        limits: { connectionsMax: 1 },
      },
    );
    expect(sessions.map(verbs)).toEqual(['EHLO MAIL RCPT RSET MAIL RCPT DATA . QUIT']);
  });

  test.each(['refused', 'unanswered'])(
    'is given up when its RSET is %s, and the next message uses another',
    async (how) => {
      const { sessions, events, clock } = await sendTo(
        ({ verb, session }) => {
          if (session > 1) return undefined;
          if (verb === 'RCPT') return '550 no\r\n';
          if (verb === 'RSET') return how === 'refused' ? '502 no\r\n' : null;
          return undefined;
        },
        { contacts: readers(2), limits: { connectionsMax: 1 } },
      );
      expect(sessions.map(verbs)).toEqual(['EHLO MAIL RCPT RSET', 'EHLO MAIL RCPT DATA . QUIT']);
      expect(events.of('attempt').map(({ n, outcome }) => [n, outcome])).toEqual([
        [1, 'rejected'],
        [1, 'accepted'],
      ]);
      expect(clock.now()).toBeLessThan(MINUTE);
    },
  );

  test('ends with QUIT after the maximum number of messages', async () => {
    const { sessions } = await sendTo(() => undefined, {
      contacts: readers(7),
      limits: { connectionsMax: 1, messagesPerConnectionMax: 3 },
    });
    expect(sessions.map(({ messages }) => messages.length)).toEqual([3, 3, 1]);
    expect(sessions.map(({ lines }) => lines.at(-1))).toEqual(['QUIT', 'QUIT', 'QUIT']);
  });

  test('without work is kept for its idle time and then ended with QUIT', async () => {
    const { sessions } = await sendTo(() => undefined, { limits: { idleMs: 7000 } });
    expect(sessions).toMatchObject([{ openedAt: 0, closedAt: 7000 }]);
    expect(sessions[0]!.lines.at(-1)).toBe('QUIT');
  });

  test('without work ends then, even while its destination has other connections', async () => {
    // The server closes the second connection while the first is idle.
    const { sessions } = await sendTo(
      ({ verb, session, socket }, clock) => {
        if (verb !== 'MAIL' || session !== 2) return undefined;
        clock.after(3000, () => socket.destroy());
        return null;
      },
      { contacts: readers(2), limits: { idleMs: 7000 } },
    );
    expect(sessions.map(({ closedAt }) => closedAt)).toEqual([7000, 3000]);
  });

  test('is closed after QUIT even without a reply', async () => {
    const { sessions } = await sendTo(({ verb }) => (verb === 'QUIT' ? null : undefined), {
      limits: { idleMs: 7000 },
    });
    expect(sessions[0]!.closedAt).toBe(17_000);
  });

  test('carries a message that becomes due while it is idle', async () => {
    const { events } = await run({
      mailings: ['first', { name: 'second', at: 3000 }],
    });
    for (const attempt of events.of('attempt')) expect(attempt).not.toHaveProperty('tried');
    expect(events.of('connection.opened')).toHaveLength(1);
    expect(events.commands('DATA')).toHaveLength(2);
  });

  test.each([1, 3, 5])('is one of at most %i at once, as the server sees it', async (connectionsMax) => {
    const { sessions } = await sendTo(
      ({ verb, socket }, clock) => {
        if (verb !== 'RCPT') return undefined;
        clock.after(100, () => socket.write('250 ok\r\n'));
        return null;
      },
      { contacts: readers(30), latencyMs: 20, limits: { connectionsMax, messagesPerConnectionMax: 2 } },
    );
    // A connection that opens in the instant in which another closes is not counted beside it.
    const openAt = (at: number): number =>
      sessions.filter(({ openedAt, closedAt }) => openedAt <= at && closedAt! > at).length;
    expect(Math.max(...sessions.map(({ openedAt }) => openAt(openedAt)))).toBe(connectionsMax);
    expect(sessions.flatMap(({ messages }) => messages)).toHaveLength(30);
  });

  test('is one of at most five at once by default', async () => {
    const { events, result } = await run({ contacts: readers(60), latencyMs: 10 });
    expect(events.peakConnections).toBe(5);
    expect(result.servers['example.org']).toMatchObject({ peakConnections: 5, accepted: 60 });
  });

  test('that closes after 421 is replaced by another', async () => {
    const { events, mailing } = await run({
      fleet: {
        'example.org': {
          mailboxes: { 'reader-1': { do: 'reply', stage: 'rcpt', code: 421, attempts: { from: 1, to: 1 } } },
        },
      },
      contacts: readers(20),
    });
    expect(mailing().delivered).toBe(20);
    expect(events.rcptTimes('reader-1@example.org')).toHaveLength(2);
    expect(events.of('attempt')).toHaveLength(21);
  });
});

describe('not an attempt', () => {
  const two = { contacts: readers(2), limits: { connectionsMax: 1 } };
  const outcomes = ['accepted', 'accepted'];

  test.each<[string, Script]>([
    [
      'that the server closed while it was idle',
      ({ verb, session, socket }, clock) => {
        if (verb === '.' && session === 1) clock.after(1000, () => socket.end());
        return undefined;
      },
    ],
    [
      'that was idle and gets 421 to its next MAIL',
      ({ verb, nth, session }) =>
        verb === 'MAIL' && nth === 2 && session === 1 ? '421 4.3.2 idle too long\r\n' : undefined,
    ],
  ])('a connection %s', async (_how, script) => {
    const { events, sessions } = await sendTo(script, {
      contacts: ['bob@example.org'],
      before: ({ clock, sender }) => {
        const message = { subject: 'More', text: 'Hello', sizeBytes: 0 };
        clock.at(1000, () => sender.send({ name: 'more', kind: 'standard', message }, 0));
      },
    });
    expect(events.of('attempt').map(({ n, outcome }) => [n, outcome])).toEqual([
      [1, 'accepted'],
      [1, 'accepted'],
    ]);
    expect(sessions.map(({ messages }) => messages.length)).toEqual([1, 1]);
  });

  test('a used connection that the server closes at MAIL without a reply', async () => {
    const { events, sessions } = await sendTo(({ verb, nth, session, socket }) => {
      if (verb !== 'MAIL' || nth !== 2 || session !== 1) return undefined;
      socket.destroy();
      return null;
    }, two);
    expect(events.of('attempt').map(({ outcome }) => outcome)).toEqual(outcomes);
    expect(events.of('attempt').map(({ n }) => n)).toEqual([1, 1]);
    expect(sessions.map(({ messages }) => messages.length)).toEqual([1, 1]);
  });

  test('but 421 at MAIL of a fresh connection is an attempt', async () => {
    const { events, sessions } = await sendTo(({ verb }) => (verb === 'MAIL' ? '421 later\r\n' : undefined));
    expect(events.of('attempt')).toMatchObject([
      { stage: 'mail', outcome: 'deferred', reply: { code: 421 } },
    ]);
    expect(sessions).toHaveLength(1);
  });

  test.each([421, 450])('but %i at MAIL of a connection that was not idle is an attempt', async (code) => {
    const { events } = await sendTo(
      ({ verb, nth }) => (verb === 'MAIL' && nth === 2 ? `${code} later\r\n` : undefined),
      two,
    );
    expect(events.of('attempt').map(({ outcome }) => outcome)).toEqual(['accepted', 'deferred']);
  });

  test('but a used connection without a reply to MAIL until the timeout is an attempt', async () => {
    const { events } = await sendTo(
      ({ verb, nth }) => (verb === 'MAIL' && nth === 2 ? null : undefined),
      two,
    );
    expect(events.of('attempt')).toMatchObject([
      { outcome: 'accepted' },
      { outcome: 'unreachable', stage: 'mail', error: 'ETIMEDOUT', t: 5 * MINUTE },
    ]);
  });

  test('a server that closes at every second MAIL gets all messages, each in one attempt', async () => {
    const { events, sessions } = await sendTo(
      ({ verb, nth, socket }) => {
        if (verb !== 'MAIL' || nth !== 2) return undefined;
        socket.destroy();
        return null;
      },
      { contacts: readers(10), limits: { connectionsMax: 2 } },
    );
    expect(events.of('attempt').map(({ outcome }) => outcome)).toEqual(Array(10).fill('accepted'));
    expect(sessions).toHaveLength(10);
  });
});

describe('an unsolicited reply', () => {
  const two = { contacts: readers(2), limits: { connectionsMax: 1 } };

  test('after RSET is not matched with the next command', async () => {
    const { events, sessions } = await sendTo(({ verb, session }) => {
      if (verb === 'RCPT' && session === 1) return '450 later\r\n';
      return verb === 'RSET' ? '250 reset\r\n550 5.1.1 stray\r\n' : undefined;
    }, two);
    expect(events.of('attempt').map(({ outcome }) => outcome)).toEqual(['deferred', 'accepted']);
    expect(sessions).toHaveLength(2);
  });

  test('after the reply to a message is not matched with the next command', async () => {
    const { events, sessions } = await sendTo(
      ({ verb, session }) => (verb === '.' && session === 1 ? '250 kept\r\n550 5.1.1 stray\r\n' : undefined),
      two,
    );
    expect(events.of('attempt').map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted']);
    expect(sessions).toHaveLength(2);
  });

  test('after the reply to MAIL is not matched with RCPT, and fails the attempt on a fresh connection', async () => {
    const { events } = await sendTo(({ verb }) => (verb === 'MAIL' ? '250 ok\r\n250 stray\r\n' : undefined));
    expect(events.of('attempt')).toMatchObject([
      { outcome: 'unreachable', error: 'EPROTOCOL', cause: 'protocol-error' },
    ]);
  });

  test('ends an idle connection, and is not an attempt', async () => {
    const { events, sessions } = await sendTo(({ verb, socket }, clock) => {
      if (verb === '.') clock.after(1000, () => socket.write('250 hello?\r\n'));
      return undefined;
    });
    expect(events.of('attempt')).toMatchObject([{ outcome: 'accepted' }]);
    expect(sessions).toMatchObject([{ closedAt: 1000 }]);
  });
});

test('with an hour between attempts the connection is closed in between', async () => {
  const { sessions } = await sendTo(({ verb }) => (verb === 'RCPT' ? '450 later\r\n' : undefined), {
    policy: policy({ retry: { intervalsMs: [HOUR] } }),
  });
  expect(sessions.map(({ openedAt }) => openedAt / HOUR)).toEqual([0, 1, 2, 3]);
});

test('an attempt names the client end of its connection', async () => {
  const { events } = await run({
    fleet: {
      'example.org': {},
      'busy.test': { behaviors: [{ do: 'busy', stage: 'connect' }] },
      'down.test': { behaviors: [{ do: 'down' }] },
    },
    contacts: ['ann@example.org', 'bob@example.org', 'carol@busy.test', 'dave@down.test'],
  });
  const opened = new Map(events.of('connection.opened').map(({ client, session }) => [client, session]));
  const said = (address: string): string[] => {
    const session = opened.get(events.attempts(address)[0]!.client ?? '');
    const commands = events.commands('RCPT').filter((command) => command.session === session);
    return commands.map(({ line }) => line);
  };
  expect(said('ann@example.org')).toContain('RCPT TO:<ann@example.org>');
  expect(said('bob@example.org')).toContain('RCPT TO:<bob@example.org>');
  expect(opened.has(events.attempts('carol@busy.test')[0]!.client!)).toBe(true);
  expect(events.attempts('dave@down.test')[0]!.client).toBeUndefined();
});
