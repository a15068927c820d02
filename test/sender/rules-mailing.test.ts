// Rules 1 to 4 and 7 of docs/semantics.md: which contacts are mailed, that the figures of a mailing add up,
// and when it is completed. Asserted on what the servers saw as well as on the response.

import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/events/types.js';
import { Tally } from '../../src/results/tally/tally.js';
import { BUILDING_MS, plan, readers } from '../support/plans.js';
import { FOUR_ATTEMPTS, HOUR, MINUTE } from '../support/policies.js';
import { run, runPlan } from '../support/runs.js';
import { sendTo } from '../support/scripted-server.js';

describe('rule 1: recipients', () => {
  test('are chosen at the end of building: without contacts that opted out, with those that were added', async () => {
    const { events, mailing } = await run({
      contacts: ['bob@example.org', 'eve@example.org'],
      events: [
        { at: BUILDING_MS - 1, action: 'opt-out', address: 'eve@example.org' },
        { at: BUILDING_MS - 1, action: 'add', address: 'zoe@example.org' },
      ],
    });
    expect(mailing().recipients).toBe(2);
    expect(events.of('message.accepted').map(({ rcpt }) => rcpt)).toEqual([
      'bob@example.org',
      'zoe@example.org',
    ]);
  });

  test('do not include a contact that is added after building', async () => {
    const { events, mailing } = await run({
      events: [{ at: BUILDING_MS + 1, action: 'add', address: 'zoe@example.org' }],
    });
    expect(mailing().recipients).toBe(1);
    expect(events.rcptTimes('zoe@example.org')).toEqual([]);
  });

  test('with addresses that differ only in case are one contact: the second is refused', async () => {
    const { events, mailing } = await run({
      contacts: ['Bob@Example.org'],
      events: [
        { at: 0, action: 'add', address: 'bob@example.ORG' },
        { at: 1, action: 'opt-out', address: 'BOB@example.org' },
        { at: 2, action: 'subscribe', address: 'bOb@example.org' },
      ],
    });
    expect(mailing().recipients).toBe(1);
    expect(events.of('contact.refused')).toMatchObject([{ address: 'bob@example.org', request: 'add' }]);
    expect(events.of('contact.added')).toHaveLength(1);
    // RCPT has the address as written: local parts are case-sensitive (RFC 5321, 2.4).
    expect(events.commands('RCPT').map(({ line }) => line)).toEqual(['RCPT TO:<Bob@Example.org>']);
  });

  test('never include contacts in opt-out or error', async () => {
    const { events, mailing, result } = await run({
      contacts: [
        'bob@example.org',
        { address: 'gone@example.org', status: 'opt-out' },
        { address: 'dead@example.com', status: 'error' },
      ],
    });
    expect(mailing()).toMatchObject({ recipients: 1, delivered: 1 });
    expect(events.commands('RCPT')).toHaveLength(1);
    expect(JSON.stringify(events.of('smtp.command'))).not.toMatch(/gone|dead/);
    expect(events.of('connection.opened').map(({ domain }) => domain)).toEqual(['example.org']);
    expect(result.statuses).toEqual({ active: 1, error: 1, optOut: 1 });
  });

  test('of a mailing to one domain or to some addresses are the active ones among them', async () => {
    const { events, mailing } = await run({
      contacts: [
        'a@x.example',
        'b@y.example',
        { address: 'c@x.example', status: 'opt-out' },
        'reader-1@z.example',
      ],
      mailings: [
        { name: 'domain', to: { domain: 'x.example' } },
        { name: 'some', to: { addresses: ['reader-*', 'b@y.example'] } },
      ],
    });
    expect(mailing('domain').recipients).toBe(1);
    expect(mailing('some').recipients).toBe(2);
    const accepted = events.of('message.accepted').map(({ rcpt }) => rcpt);
    expect(accepted.sort()).toEqual(['a@x.example', 'b@y.example', 'reader-1@z.example']);
  });
});

describe('rule 2: conservation', () => {
  test('holds at every event of a run in which everything happens', async () => {
    const tally = new Tally();
    const sums: number[] = [];
    let most = 0;
    const check = (event: RunEvent): void => {
      tally.read(event);
      for (const {
        state,
        recipients,
        delivered,
        inProgress,
        bounced,
        withdrawn,
      } of tally.mailings.values()) {
        // The deliveries of a new mailing are logged one by one.
        if (event.type === 'delivery.queued' || event.type === 'mailing.started' || state === 'building')
          continue;
        sums.push(recipients - delivered - inProgress - bounced.soft - bounced.hard - withdrawn);
        most = Math.max(most, inProgress);
      }
    };
    const scenario = plan({
      fleet: {
        'mix.example': {
          mailboxes: {
            'full-*': { do: 'mailbox-full' },
            'ghost-*': { do: 'nonexistent-user' },
            'slow-*': { do: 'busy', until: HOUR },
          },
        },
        'down.example': { behaviors: [{ do: 'down' }] },
      },
      contacts: ['full', 'ghost', 'slow', 'fine']
        .flatMap((name) => readers(4, 'mix.example').map((address) => address.replace('reader', name)))
        .concat(readers(3, 'down.example')),
      mailings: ['news', { name: 'more', at: 20 * MINUTE }],
      events: [{ at: 40 * MINUTE, action: 'opt-out', address: 'full-1@mix.example' }],
      policy: FOUR_ATTEMPTS,
    });
    const { mailing, result, events } = await runPlan(scenario);
    for (const event of events.all) check(event);
    expect(new Set(sums)).toEqual(new Set([0]));
    expect(most).toBeGreaterThan(10);
    expect(mailing()).toMatchObject({
      delivered: 8,
      bounced: { soft: 6, hard: 4 },
      withdrawn: 1,
      inProgress: 0,
    });
    expect(mailing('more')).toMatchObject({ recipients: 15, withdrawn: 1, inProgress: 0 });
    expect(result.statuses.optOut).toBe(1);
  });
});

describe('rule 3: delivered', () => {
  test('follows from 2xx after the final dot, wherever the server files the message', async () => {
    const { events, mailing } = await run({
      fleet: {
        'example.org': {
          mailboxes: {
            junk: { do: 'accept', placement: 'junk' },
            lost: { do: 'accept', placement: 'discarded' },
          },
        },
      },
      contacts: ['junk@example.org', 'lost@example.org'],
    });
    expect(mailing()).toMatchObject({ delivered: 2, bounced: { soft: 0, hard: 0 } });
    expect(
      events
        .of('message.accepted')
        .map(({ placement }) => placement)
        .sort(),
    ).toEqual(['discarded', 'junk']);
  });

  test('does not follow from 2xx at RCPT alone', async () => {
    const { events, mailing } = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'junk-block' }] } },
    });
    expect(events.commands('DATA')).toHaveLength(1);
    expect(mailing()).toMatchObject({ delivered: 0, bounced: { soft: 0, hard: 1 } });
  });
});

describe('rule 4: a hard bounce', () => {
  test.each(['mail', 'rcpt', 'data', 'message'])(
    'ends the delivery at once after 5xx at %s',
    async (stage) => {
      const { events, mailing, result } = await run({
        fleet: { 'example.org': { behaviors: [{ do: 'reply', stage, code: 550, text: 'No' }] } },
      });
      expect(events.attempts('bob@example.org')).toMatchObject([{ n: 1, stage, outcome: 'rejected' }]);
      expect(events.commands('MAIL')).toHaveLength(1);
      expect(mailing()).toMatchObject({ bounced: { soft: 0, hard: 1 }, completedAt: mailing().startedAt });
      expect(result.statuses).toEqual({ active: 0, error: 1, optOut: 0 });
      expect(events.attempts('bob@example.org')[0]).not.toHaveProperty('nextAt');
    },
  );

  test('after two deferrals is as final as at the first attempt', async () => {
    const { events } = await run({
      fleet: {
        'example.org': {
          behaviors: [
            { do: 'busy', stage: 'rcpt', attempts: { from: 1, to: 2 } },
            { do: 'nonexistent-user' },
          ],
        },
      },
    });
    expect(events.attempts('bob@example.org').map(({ outcome }) => outcome)).toEqual([
      'deferred',
      'deferred',
      'rejected',
    ]);
    expect(events.rcptTimes('bob@example.org')).toHaveLength(3);
  });

  test('does not change the streak of soft bounces', async () => {
    const { events } = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'nonexistent-user' }] } },
      contacts: [{ address: 'bob@example.org', softBounceStreak: 2 }],
    });
    expect(events.of('contact.streak')).toEqual([]);
    expect(events.of('contact.status')).toMatchObject([
      { to: 'error', why: 'hard-bounce', by: 'sender', mailing: 'news' },
    ]);
  });

  test('under recipient-only makes the contact error only where the cause is the recipient', async () => {
    const recipientOnly = {
      ...FOUR_ATTEMPTS,
      bounce: { ...FOUR_ATTEMPTS.bounce, hard: 'recipient-only' as const },
    };
    const { result, mailing } = await run({
      fleet: {
        'example.org': { mailboxes: { ghost: { do: 'nonexistent-user' }, bob: { do: 'junk-block' } } },
      },
      contacts: ['ghost@example.org', 'bob@example.org'],
      policy: recipientOnly,
    });
    expect(mailing().bounced.hard).toBe(2);
    expect(result.statuses).toEqual({ active: 1, error: 1, optOut: 0 });
  });
});

describe('rule 7: completed', () => {
  test('exactly when no delivery is in progress, at the instant in which the last one ended', async () => {
    const { events, mailing } = await run({
      fleet: { 'example.org': { mailboxes: { full: { do: 'mailbox-full' } } } },
      contacts: ['bob@example.org', 'full@example.org'],
    });
    const done = events.of('mailing.completed');
    const ends = events.of('delivery.ended');
    expect(done).toHaveLength(1);
    expect(done[0]!.seq).toBe(ends.at(-1)!.seq + 1);
    expect(mailing()).toMatchObject({ state: 'completed', completedAt: BUILDING_MS + 90 * MINUTE });
  });

  test('also for a mailing without recipients: at once', async () => {
    const { events, mailing } = await run({ contacts: [{ address: 'gone@example.org', status: 'opt-out' }] });
    expect(mailing()).toMatchObject({
      state: 'completed',
      recipients: 0,
      startedAt: BUILDING_MS,
      completedAt: BUILDING_MS,
    });
    expect(events.of('mailing.completed')).toHaveLength(1);
    expect(events.of('connection.opened')).toEqual([]);
  });

  test('also for a mailing whose last delivery is withdrawn', async () => {
    const { mailing } = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'down' }] } },
      events: [{ at: HOUR, action: 'opt-out', address: 'bob@example.org' }],
    });
    expect(mailing()).toMatchObject({ withdrawn: 1, state: 'completed', completedAt: HOUR });
  });
});

describe('the figures of a mailing', () => {
  test('are current at every call, and undefined for an unknown mailing', async () => {
    const during: unknown[] = [];
    const { sender } = await sendTo(
      ({ verb, nth }) => (verb === 'RCPT' && nth === 2 ? '550 no\r\n' : undefined),
      {
        contacts: readers(3),
        limits: { connectionsMax: 1 },
        before: ({ clock, sender }) => clock.after(0, () => during.push(sender.response('news'))),
      },
    );
    expect(during).toMatchObject([{ recipients: 3, delivered: 0, inProgress: 3 }]);
    expect(sender.response('news')).toMatchObject({
      recipients: 3,
      delivered: 2,
      bounced: { soft: 0, hard: 1 },
    });
    expect(sender.response('october')).toBeUndefined();
  });
});
