// Automated mailings through whole runs: asserted on what the servers saw and on the events.

import { describe, expect, test } from 'vitest';
import { HOUR, MINUTE } from '../support/policies.js';
import { run } from '../support/runs.js';
import { sendTo } from '../support/scripted-server.js';

const DAY = 24 * HOUR;

describe('an automated mailing on contact-added', () => {
  const welcome = { name: 'welcome', kind: 'automated', trigger: { on: 'contact-added' } } as const;
  const add = (at: number, address: string) => ({ at, action: 'add', address }) as const;

  test('adds contacts to the occurrence that is building, and begins another for a later contact', async () => {
    const { events, result } = await run({
      contacts: ['old@example.org'],
      mailings: [{ ...welcome, buildingMs: 10_000 }],
      events: [add(0, 'a@example.org'), add(9999, 'b@example.org'), add(10_001, 'c@example.org')],
    });
    expect(events.of('mailing.building').map(({ t, mailing, series }) => [t, mailing, series])).toEqual([
      [0, 'welcome-1', 'welcome'],
      [10_001, 'welcome-2', 'welcome'],
    ]);
    expect(events.of('series.ordered')).toMatchObject([{ t: 0, series: 'welcome', on: 'contact-added' }]);
    expect(events.accepted('a@example.org')).toHaveLength(1);
    expect(events.accepted('old@example.org')).toEqual([]);
    expect(
      Object.entries(result.mailings).map(([name, { recipients, state }]) => [name, recipients, state]),
    ).toEqual([
      ['welcome-1', 2, 'completed'],
      ['welcome-2', 1, 'completed'],
    ]);
  });

  test('skips a contact that opts out during building, and completes without recipients', async () => {
    const { events, result } = await run({
      contacts: ['old@example.org'],
      mailings: [welcome],
      events: [add(0, 'a@example.org'), { at: 1000, action: 'opt-out', address: 'a@example.org' }],
    });
    expect(events.commands('RCPT')).toEqual([]);
    expect(result.mailings['welcome-1']).toMatchObject({ recipients: 0, state: 'completed' });
  });

  test('does not begin for a contact that is added as opted out, or that was there before', async () => {
    const { events } = await sendTo(() => undefined, {
      before: ({ clock, sender }) => {
        const message = { subject: 'Welcome', text: 'Hello', sizeBytes: 0 };
        const trigger = { on: 'contact-added' } as const;
        sender.automate({ name: 'welcome', trigger, message, buildingMs: 0, startsAt: 0 });
        sender.addContact({ address: 'gone@example.org', status: 'opt-out' });
        sender.addContact({ address: 'bob@example.org' });
        clock.at(HOUR, () => sender.addContact({ address: 'ann@example.org' }));
      },
    });
    expect(events.of('mailing.building').map(({ t, mailing }) => [t, mailing])).toEqual([
      [0, 'news'],
      [HOUR, 'welcome-1'],
    ]);
  });

  test('takes effect at its `at`', async () => {
    const { result } = await run({
      contacts: ['old@example.org'],
      mailings: [{ ...welcome, at: HOUR }],
      events: [add(HOUR - 1, 'a@example.org'), add(HOUR, 'b@example.org')],
    });
    expect(result.mailings['welcome-1']?.recipients).toBe(1);
    expect(Object.keys(result.mailings)).toHaveLength(1);
  });

  test('has a return path and a Message-ID for each occurrence', async () => {
    const { events } = await run({
      contacts: [],
      mailings: [{ ...welcome, buildingMs: 0 }],
      events: [add(0, 'a@example.org'), add(HOUR, 'b@example.org')],
    });
    expect(events.commands('MAIL').map(({ line }) => /<(bounce[^>]*)\+\w+@/.exec(line)?.[1])).toEqual([
      'bounce+welcome-1+a=example.org',
      'bounce+welcome-2+b=example.org',
    ]);
  });
});

describe('an automated mailing each day', () => {
  const digest = {
    name: 'digest',
    kind: 'automated',
    buildingMs: 0,
    trigger: { everyMs: DAY, count: 3 },
  } as const;

  test('begins its occurrences on a grid, `count` in all', async () => {
    const { events, result } = await run({ mailings: [{ ...digest, at: HOUR }] });
    expect(events.of('mailing.started').map(({ t }) => t)).toEqual([HOUR, DAY + HOUR, 2 * DAY + HOUR]);
    expect(events.of('series.ordered')).toMatchObject([{ t: 0, series: 'digest', everyMs: DAY, count: 3 }]);
    expect(events.accepted('bob@example.org')).toHaveLength(3);
    expect(result.mailings['digest-3']).toMatchObject({ kind: 'automated', series: 'digest', delivered: 1 });
  });

  test('survives crashes at any moment: each occurrence begins once, a missed one at the restart', async () => {
    for (const at of [0, 1, HOUR, DAY - 1, DAY, DAY + 1, 2 * DAY, 2 * DAY + HOUR]) {
      const { events, result } = await run({
        mailings: [digest],
        events: [{ at, action: 'crash', restartMs: 30 * HOUR }],
      });
      expect(Object.keys(result.mailings), `crash at ${at}`).toEqual(['digest-1', 'digest-2', 'digest-3']);
      expect(Object.values(result.mailings).map(({ state, delivered }) => [state, delivered])).toEqual(
        Array(3).fill(['completed', 1]),
      );
      expect(events.of('series.ordered')).toHaveLength(2);
      expect(events.accepted('bob@example.org'), `crash at ${at}`).toHaveLength(3);
      const started = events.of('mailing.started').map(({ t }) => t);
      for (const [i, t] of started.entries())
        expect([i * DAY, Math.max(i * DAY, at + 30 * HOUR)], `crash at ${at}`).toContain(t);
    }
  });

  test('a crash during building neither loses nor repeats an added contact', async () => {
    const welcome = {
      name: 'w',
      kind: 'automated',
      trigger: { on: 'contact-added' },
      buildingMs: 10 * MINUTE,
    } as const;
    const { events, result } = await run({
      contacts: [],
      mailings: [welcome],
      events: [
        { at: 0, action: 'add', address: 'a@example.org' },
        { at: MINUTE, action: 'crash', restartMs: MINUTE },
        { at: 3 * MINUTE, action: 'add', address: 'b@example.org' },
        { at: 4 * MINUTE, action: 'crash', restartMs: 20 * MINUTE },
        { at: 5 * MINUTE, action: 'add', address: 'c@example.org' },
      ],
    });
    for (const who of ['a', 'b', 'c']) expect(events.accepted(`${who}@example.org`)).toHaveLength(1);
    expect(Object.values(result.mailings).reduce((sum, { recipients }) => sum + recipients, 0)).toBe(3);
  });
});
