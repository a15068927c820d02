// Connections: reused over RSET, limited in number and in messages, let go when idle; and what a
// server may do with them that is no attempt of anybody's.

import { describe, expect, test } from 'vitest';
import { readers } from '../support/plans.js';
import { HOUR, MINUTE, policy } from '../support/policies.js';
import { run } from '../support/runs.js';
import { sendTo, type Transcript, type Script } from '../support/scripted-server.js';

const verbs = ({ lines }: Transcript): string => lines.map((line) => line.split(/[ :]/)[0]).join(' ');

describe('a connection', () => {
  test('carries one message after the other without RSET between those that were taken', async () => {
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
    'is given up when its RSET is %s, at no cost to the next message',
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

  test('ends politely after as many messages as it may carry', async () => {
    const { sessions } = await sendTo(() => undefined, {
      contacts: readers(7),
      limits: { connectionsMax: 1, messagesPerConnectionMax: 3 },
    });
    expect(sessions.map(({ messages }) => messages.length)).toEqual([3, 3, 1]);
    expect(sessions.map(({ lines }) => lines.at(-1))).toEqual(['QUIT', 'QUIT', 'QUIT']);
  });

  test('without work is kept for its idle time and then ended', async () => {
    const { sessions } = await sendTo(() => undefined, { limits: { idleMs: 7000 } });
    expect(sessions).toMatchObject([{ openedAt: 0, closedAt: 7000 }]);
    expect(sessions[0]!.lines.at(-1)).toBe('QUIT');
  });

  test('without work is let go then, whatever else goes on at its destination', async () => {
    // The second one is cut while the first idles.
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

  test('that does not answer QUIT is closed all the same', async () => {
    const { sessions } = await sendTo(({ verb }) => (verb === 'QUIT' ? null : undefined), {
      limits: { idleMs: 7000 },
    });
    expect(sessions[0]!.closedAt).toBe(17_000);
  });

  test('work that comes while it idles is done over it', async () => {
    const { events } = await run({
      mailings: ['first', { name: 'second', at: 3000 }],
    });
    for (const attempt of events.of('attempt')) expect(attempt).not.toHaveProperty('tried');
    expect(events.of('connection.opened')).toHaveLength(1);
    expect(events.commands('DATA')).toHaveLength(2);
  });

  test.each([1, 3, 5])(
    'there are never more than %i at once, as the server sees it',
    async (connectionsMax) => {
      const { sessions } = await sendTo(
        ({ verb, socket }, clock) => {
          if (verb !== 'RCPT') return undefined;
          clock.after(100, () => socket.write('250 ok\r\n'));
          return null;
        },
        { contacts: readers(30), latencyMs: 20, limits: { connectionsMax, messagesPerConnectionMax: 2 } },
      );
      // One that opens in the instant in which another closes is not beside it.
      const openAt = (at: number): number =>
        sessions.filter(({ openedAt, closedAt }) => openedAt <= at && closedAt! > at).length;
      expect(Math.max(...sessions.map(({ openedAt }) => openAt(openedAt)))).toBe(connectionsMax);
      expect(sessions.flatMap(({ messages }) => messages)).toHaveLength(30);
    },
  );

  test('the fleet sees at most five at once from the default sender', async () => {
    const { events, result } = await run({ contacts: readers(60), latencyMs: 10 });
    expect(events.peakConnections).toBe(5);
    expect(result.servers['example.org']).toMatchObject({ peakConnections: 5, accepted: 60 });
  });

  test('that closes at a 421 leaves no gap: the place is used again', async () => {
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

describe('what is no attempt', () => {
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
      'that was idle and whose server answers the next MAIL with 421',
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

  test('a used connection whose server closes at MAIL without a word', async () => {
    const { events, sessions } = await sendTo(({ verb, nth, session, socket }) => {
      if (verb !== 'MAIL' || nth !== 2 || session !== 1) return undefined;
      socket.destroy();
      return null;
    }, two);
    expect(events.of('attempt').map(({ outcome }) => outcome)).toEqual(outcomes);
    expect(events.of('attempt').map(({ n }) => n)).toEqual([1, 1]);
    expect(sessions.map(({ messages }) => messages.length)).toEqual([1, 1]);
  });

  test('but 421 at MAIL of a fresh connection is one', async () => {
    const { events, sessions } = await sendTo(({ verb }) => (verb === 'MAIL' ? '421 later\r\n' : undefined));
    expect(events.of('attempt')).toMatchObject([
      { stage: 'mail', outcome: 'deferred', reply: { code: 421 } },
    ]);
    expect(sessions).toHaveLength(1);
  });

  test.each([421, 450])('but %i at MAIL of a connection that goes straight on is one', async (code) => {
    const { events } = await sendTo(
      ({ verb, nth }) => (verb === 'MAIL' && nth === 2 ? `${code} later\r\n` : undefined),
      two,
    );
    expect(events.of('attempt').map(({ outcome }) => outcome)).toEqual(['accepted', 'deferred']);
  });

  test('but a used connection that is silent at MAIL until the time is over is one', async () => {
    const { events } = await sendTo(
      ({ verb, nth }) => (verb === 'MAIL' && nth === 2 ? null : undefined),
      two,
    );
    expect(events.of('attempt')).toMatchObject([
      { outcome: 'accepted' },
      { outcome: 'unreachable', stage: 'mail', error: 'ETIMEDOUT', t: 5 * MINUTE },
    ]);
  });

  test('a server that closes at every second MAIL gets everything, with no attempt charged', async () => {
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

describe('a reply that nobody asked for', () => {
  const two = { contacts: readers(2), limits: { connectionsMax: 1 } };

  test('after RSET is not taken for that to the next command', async () => {
    const { events, sessions } = await sendTo(({ verb, session }) => {
      if (verb === 'RCPT' && session === 1) return '450 later\r\n';
      return verb === 'RSET' ? '250 reset\r\n550 5.1.1 stray\r\n' : undefined;
    }, two);
    expect(events.of('attempt').map(({ outcome }) => outcome)).toEqual(['deferred', 'accepted']);
    expect(sessions).toHaveLength(2);
  });

  test('after the reply to a message is not taken for that to the next command', async () => {
    const { events, sessions } = await sendTo(
      ({ verb, session }) => (verb === '.' && session === 1 ? '250 kept\r\n550 5.1.1 stray\r\n' : undefined),
      two,
    );
    expect(events.of('attempt').map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted']);
    expect(sessions).toHaveLength(2);
  });

  test('after the reply to MAIL is not taken for that to RCPT: on a fresh connection that costs the attempt', async () => {
    const { events } = await sendTo(({ verb }) => (verb === 'MAIL' ? '250 ok\r\n250 stray\r\n' : undefined));
    expect(events.of('attempt')).toMatchObject([
      { outcome: 'unreachable', error: 'EPROTOCOL', cause: 'protocol-error' },
    ]);
  });

  test('while the connection idles ends it, and costs nothing', async () => {
    const { events, sessions } = await sendTo(({ verb, socket }, clock) => {
      if (verb === '.') clock.after(1000, () => socket.write('250 hello?\r\n'));
      return undefined;
    });
    expect(events.of('attempt')).toMatchObject([{ outcome: 'accepted' }]);
    expect(sessions).toMatchObject([{ closedAt: 1000 }]);
  });
});

test('a policy of an hour leaves the connection closed between attempts', async () => {
  const { sessions } = await sendTo(({ verb }) => (verb === 'RCPT' ? '450 later\r\n' : undefined), {
    policy: policy({ retry: { intervalsMs: [HOUR] } }),
  });
  expect(sessions.map(({ openedAt }) => openedAt / HOUR)).toEqual([0, 1, 2, 3]);
});

test('an attempt names the end of the connection that carried it', async () => {
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
