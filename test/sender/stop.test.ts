// A sender that is stopped: running attempts end, no other begins, and every open connection ends with
// QUIT (RFC 5321, 4.1.1.10), within a limited time.

import { describe, expect, test } from 'vitest';
import { createSender, type CreateSenderOptions } from '../../src/sender/create-sender.js';
import type { RunEvent } from '../../src/events/types.js';
import { memoryStore } from '../../src/sender/store/memory.js';
import { readers } from '../support/plans.js';
import { HOUR, MINUTE } from '../support/policies.js';
import {
  scriptedWorld,
  type Script,
  type ScriptedOptions,
  type Transcript,
} from '../support/scripted-server.js';

const verbs = ({ lines }: Transcript): string => lines.map((line) => line.split(/[ :]/)[0]).join(' ');

interface StopOptions extends Pick<ScriptedOptions, 'contacts' | 'handshake' | 'latencyMs'> {
  /** When it is stopped, ms on the clock. */
  at: number;
  withinMs?: number;
  sender?: CreateSenderOptions;
}

/** Sends one mailing, stops the sender in the middle of it, and runs until nothing is left to do. */
async function stopped(script: Script, { at, withinMs, contacts, sender: more, ...network }: StopOptions) {
  const { clock, ports, sessions, server } = scriptedWorld(script, network);
  const store = memoryStore();
  const events: RunEvent[] = [];
  const sender = createSender({
    ...ports,
    store,
    // Idle connections stay open longer than any of these tests takes.
    limits: { connectionsMax: 1, idleMs: HOUR },
    ...more,
    onEvent: (event) => events.push(event),
  });
  for (const address of contacts ?? ['bob@example.org']) sender.addContact({ address });
  sender.send({ name: 'news', message: { subject: 'News', text: 'Hello' } });
  let endedAt: number | undefined;
  clock.at(at, () => void sender.stop(withinMs).then(() => (endedAt = clock.now())));
  await clock.run({ horizonMs: 100 * HOUR, wallLimitMs: 20_000 });
  const states = Array.from(store.load().deliveries, ({ state, running }) => (running ? 'running' : state));
  const outcomes = events.flatMap((event) => (event.type === 'attempt' ? [event.outcome] : []));
  return { sessions, server, endedAt, states, outcomes };
}

/** The usual reply to a verb, late. */
const late = (slow: string, answer: string, ms: number): Script => {
  return ({ verb, say }, clock) => {
    if (verb !== slow) return undefined;
    clock.after(ms, () => say(answer));
    return null;
  };
};

describe('a sender that is stopped', () => {
  test('sends QUIT on each idle connection, and has stopped when they are closed', async () => {
    const { sessions, endedAt } = await stopped(() => undefined, {
      contacts: ['bob@a.test', 'ann@b.test', 'eve@c.test'],
      latencyMs: 20,
      at: MINUTE,
    });
    expect(sessions.map(verbs)).toEqual(Array(3).fill('EHLO MAIL RCPT DATA . QUIT'));
    // QUIT and its reply; the server sees the close later.
    expect(endedAt).toBe(MINUTE + 40);
    expect(sessions.map(({ closedAt }) => closedAt)).toEqual(Array(3).fill(MINUTE + 60));
  });

  test('lets the running attempt end, then sends QUIT; other deliveries stay in the store', async () => {
    const { sessions, endedAt, states, outcomes } = await stopped(late('.', '250 kept\r\n', 8000), {
      contacts: readers(3),
      at: 2000,
    });
    expect(sessions.map(verbs)).toEqual(['EHLO MAIL RCPT DATA . QUIT']);
    expect(outcomes).toEqual(['accepted']);
    expect(states).toEqual(['delivered', 'queued', 'queued']);
    expect(endedAt).toBe(8000);
  });

  test('sends QUIT after the RSET of a refused attempt', async () => {
    const { sessions, states, endedAt } = await stopped(
      (moment, clock) =>
        moment.verb === 'RSET'
          ? late('RSET', '250 ok\r\n', 3000)(moment, clock)
          : moment.verb === 'RCPT'
            ? '450 no\r\n'
            : undefined,
      { contacts: readers(2), at: 1000 },
    );
    expect(sessions.map(verbs)).toEqual(['EHLO MAIL RCPT RSET QUIT']);
    expect(states).toEqual(['queued', 'queued']);
    expect(endedAt).toBe(3000);
  });

  test('makes the attempt for which a connection is being opened', async () => {
    const { sessions, states } = await stopped(late('CONNECT', '220 at last\r\n', 9000), {
      contacts: readers(2),
      at: 2000,
    });
    expect(sessions.map(verbs)).toEqual(['EHLO MAIL RCPT DATA . QUIT']);
    expect(states).toEqual(['delivered', 'queued']);
  });

  test('has stopped at once when no connection is open', async () => {
    const { server, endedAt, states } = await stopped(() => undefined, {
      handshake: () => 'refuse',
      at: MINUTE,
    });
    expect(server.dials).toBe(1);
    expect(endedAt).toBe(MINUTE);
    expect(states).toEqual(['queued']);
  });

  test('does not wait for a delivery whose connection was closed', async () => {
    const { endedAt, states, outcomes } = await stopped(
      ({ verb, nth, socket }, clock) => {
        if (verb !== 'MAIL' || nth !== 2) return undefined;
        clock.after(5000, () => socket.destroy());
        return null;
      },
      { contacts: readers(2), at: 2000 },
    );
    expect(outcomes).toEqual(['accepted']);
    expect(states).toEqual(['delivered', 'queued']);
    expect(endedAt).toBe(5000);
  });

  test('waits ten seconds for the reply to QUIT, as at any other time', async () => {
    const { sessions, endedAt } = await stopped(({ verb }) => (verb === 'QUIT' ? null : undefined), {
      at: MINUTE,
    });
    expect(sessions[0]!.closedAt).toBe(MINUTE + 10_000);
    expect(endedAt).toBe(MINUTE + 10_000);
  });

  test.each([undefined, 4000])('cuts open connections after %s ms', async (withinMs) => {
    const { sessions, endedAt, states, outcomes } = await stopped(
      ({ verb }) => (verb === 'RCPT' ? null : undefined),
      { at: 1000, ...(withinMs === undefined ? {} : { withinMs }) },
    );
    expect(sessions.map(verbs)).toEqual(['EHLO MAIL RCPT']);
    expect(endedAt).toBe(1000 + (withinMs ?? 30_000));
    expect(sessions[0]!.closedAt).toBe(endedAt);
    expect(outcomes).toEqual([]);
    // The attempt was cut; the next sender on the store makes it again.
    expect(states).toEqual(['running']);
  });

  test('receives no more bounce messages while attempts still end', async () => {
    const happened: string[] = [];
    const inlet = { open: () => ({ close: () => void happened.push('closed') }) };
    const script: Script = ({ verb, say }, clock) => {
      if (verb !== '.') return undefined;
      clock.after(8000, () => {
        happened.push('answered');
        say('250 kept\r\n');
      });
      return null;
    };
    const { outcomes } = await stopped(script, { at: 2000, sender: { inlet } });
    expect(outcomes).toEqual(['accepted']);
    expect(happened.slice(0, 2)).toEqual(['closed', 'answered']);
  });
});
