// Rule 11 of docs/semantics.md: a bounce message changes the end of a delivery once, and status and streak
// become what they would be if the delivery had ended this way in the first place. Random histories test
// this: each runs twice, with late bounces and with the same bounces at once.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventPlan } from '../../src/scenarios/plan.js';
import type { BehaviorSketch } from '../support/plans.js';
import { DAY, FOUR_ATTEMPTS, HOUR, MINUTE, policy } from '../support/policies.js';
import { run, type Ran } from '../support/runs.js';

const BOB = 'bob@example.org';
const ONE_ATTEMPT = policy({ retry: { attempts: { counting: 'total', total: 1 } } });

function bobIs(...behaviors: BehaviorSketch[]) {
  return { 'example.org': { mailboxes: { bob: behaviors } } };
}

/** Status and streak of a contact at the end, from the events. */
function bobAtTheEnd({ events }: Ran): { status: string; streak: number } {
  let status = 'active';
  let streak = 0;
  for (const event of events.all) {
    if (event.type === 'contact.status') status = event.to;
    if (event.type === 'contact.streak') streak = event.to;
  }
  return { status, streak };
}

const received = ({ events }: Ran) =>
  events.of('bounce.received').map(({ result, why }) => ({ result, why }));

describe('a bounce message', () => {
  test('changes the end of its delivery, and the mailing stays completed', async () => {
    const ran = await run({ fleet: bobIs({ do: 'return-later', after: '2h' }) });
    expect(received(ran)).toEqual([{ result: 'applied', why: 'the delivery is hard-bounced' }]);
    expect(ran.mailing()).toMatchObject({
      delivered: 0,
      bounced: { soft: 0, hard: 1 },
      lateBounces: 1,
      state: 'completed',
      causes: { 'user-unknown': 1 },
    });
    expect(ran.events.ends(BOB)).toMatchObject([{ state: 'delivered' }]);
    expect(ran.events.of('delivery.returned')).toMatchObject([{ state: 'hard-bounced', mailing: 'news' }]);
    expect(ran.events.accepted(BOB)).toMatchObject([{ placement: 'returned' }]);
    expect(ran.result.status).toBe('passed');
  });

  test('that comes again changes nothing, even when it reports another status', async () => {
    const ran = await run({
      fleet: bobIs({
        do: 'return-later',
        after: '1h',
        status: '4.2.2',
        times: 3,
        every: '1m',
        during: { from: 0, to: HOUR },
      }),
      contacts: [BOB, 'eve@example.org'],
    });
    expect(received(ran).map(({ result }) => result)).toEqual(['applied', 'duplicate', 'duplicate']);
    expect(ran.mailing()).toMatchObject({ delivered: 1, bounced: { soft: 1, hard: 0 } });
    expect(bobAtTheEnd(ran)).toEqual({ status: 'active', streak: 1 });
  });

  test.each<[string, number, BehaviorSketch, EventPlan[]]>([
    ['the delivery is still in progress', 45 * MINUTE, { do: 'mailbox-full' }, []],
    ['the delivery had ended as soft-bounced', 3 * HOUR, { do: 'mailbox-full' }, []],
    ['the delivery had ended as hard-bounced', HOUR, { do: 'nonexistent-user' }, []],
    [
      'nothing of that mailing was delivered to it',
      HOUR,
      { do: 'mailbox-full' },
      [{ at: 10 * MINUTE, action: 'opt-out', address: BOB }],
    ],
  ])('is logged and ignored when %s', async (why, at, behavior, events) => {
    const first = await run({ fleet: bobIs(behavior), events });
    const [, to = ''] = /<(.*)>/.exec(first.events.commands('MAIL')[0]!.line)!;
    const bounce: EventPlan = { at, action: 'bounce', to, about: BOB, status: '5.1.1' };
    const second = await run({ fleet: bobIs(behavior), events: [...events, bounce] });
    expect(received(second)).toEqual([{ result: 'ignored', why }]);
    expect(second.mailing()).toEqual(first.mailing());
    expect(bobAtTheEnd(second)).toEqual(bobAtTheEnd(first));
  });

  test('updates the figures of the mailing at once', async () => {
    const addresses = Array.from({ length: 20 }, (_, index) => `r${index}@example.org`);
    const ran = await run({
      contacts: addresses,
      fleet: {
        'example.org': {
          behaviors: [
            { do: 'return-later', after: '1h', status: '4.2.2', share: 0.3 },
            { do: 'return-later', after: '2h', share: 0.3 },
          ],
        },
      },
    });
    const { delivered, bounced, lateBounces, recipients } = ran.mailing();
    expect(delivered + bounced.soft + bounced.hard).toBe(recipients);
    expect(lateBounces).toBe(bounced.soft + bounced.hard);
    expect(bounced.soft * bounced.hard * delivered).toBeGreaterThan(0);
    // Every run checks conservation as an invariant and fails when it is violated.
    expect(ran.result.failures).toEqual([]);
  });

  test('gives the same events in a second run, byte for byte', async () => {
    const sketch = {
      contacts: Array.from({ length: 30 }, (_, index) => `r${index}@example.org`),
      latencyMs: 3,
      fleet: {
        'example.org': {
          behaviors: [{ do: 'return-later', after: '1h', times: 2, every: '1s', share: 0.5 }],
        },
      },
    };
    const [one, two] = [await run(sketch), await run(sketch)];
    expect(one.events.of('delivery.returned').length).toBeGreaterThan(5);
    expect(one.result.fingerprint).toBe(two.result.fingerprint);
  });

  test('does not take a contact out of error', async () => {
    // Had the first mailing bounced at once, the second would not have been sent.
    const ran = await run({
      fleet: bobIs(
        { do: 'return-later', after: '2d', during: { from: 0, to: HOUR } },
        { do: 'mailbox-full', during: { from: 2 * HOUR, to: 3 * HOUR } },
        { do: 'nonexistent-user', during: { from: 3 * HOUR, to: DAY } },
      ),
      mailings: ['m1', { name: 'm2', at: 2 * HOUR }],
      events: [{ at: 150 * MINUTE, action: 'reactivate', address: BOB, by: 'support', reason: '' }],
    });
    expect(ran.events.of('contact.refused')).toHaveLength(1);
    expect(received(ran).map(({ result }) => result)).toEqual(['applied']);
    expect(bobAtTheEnd(ran)).toEqual({ status: 'error', streak: 0 });
  });
});

/** One day of a mailbox: how its mailing ends, and when the sender learns of it. */
interface Day {
  end: 'accept' | 'soft' | 'hard';
  /** Hours until a bounce message arrives; 0: the server rejects in the dialogue. */
  after: number;
  request: 'opt-out' | 'reactivate' | 'subscribe' | undefined;
}

const day: fc.Arbitrary<Day> = fc.record({
  end: fc.constantFrom<Day['end']>('accept', 'soft', 'soft', 'soft', 'hard'),
  after: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 150 })),
  request: fc.option(
    fc.constantFrom<NonNullable<Day['request']>>('opt-out', 'reactivate', 'reactivate', 'subscribe'),
    {
      nil: undefined,
      freq: 2,
    },
  ),
});

/** @param atOnce whether every bounce happens in the dialogue */
async function play(days: readonly Day[], atOnce: boolean): Promise<Ran> {
  const behaviors = days.flatMap(({ end, after }, index): BehaviorSketch[] => {
    if (end === 'accept') return [];
    const during = { from: index * DAY, to: index * DAY + HOUR };
    const status = end === 'soft' ? '4.2.2' : '5.1.1';
    if (after > 0 && !atOnce) return [{ do: 'return-later', after: `${after}h`, status, during }];
    const code = end === 'soft' ? 452 : 550;
    return [{ do: 'reply', stage: 'message', code, enhanced: status, during }];
  });
  const events = days.flatMap(({ request }, index): EventPlan[] => {
    const at = index * DAY + 12 * HOUR + 17 * MINUTE;
    if (request === undefined) return [];
    return [
      request === 'reactivate'
        ? { at, action: request, address: BOB, by: 'support', reason: '' }
        : { at, action: request, address: BOB },
    ];
  });
  return run({
    fleet: bobIs(...behaviors),
    mailings: days.map((_, index) => ({ name: `m${index}`, at: index * DAY })),
    events,
    policy: ONE_ATTEMPT,
  });
}

const sent = (ran: Ran): string[] => ran.events.of('delivery.queued').map(({ mailing }) => mailing);

/** Whether a bounce message arrived when the contact was in error for another reason. */
function cameTooLate({ events }: Ran): boolean {
  let wasRefused = false;
  let returnedAt = -1;
  return events.all.some((event) => {
    if (event.type === 'contact.status') wasRefused = event.to === 'error' && event.t !== returnedAt;
    if (event.type !== 'delivery.returned') return false;
    returnedAt = event.t;
    return wasRefused;
  });
}

describe('rule 11 on random histories', () => {
  test('status and streak are those of a run in which every delivery ended this way at once', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(day, { minLength: 2, maxLength: 7 }), async (days) => {
        const later = await play(days, false);
        expect(later.result.failures).toEqual([]);
        const atOnce = await play(days, true);
        // A mailing that only the second run sent makes the two runs incomparable.
        const wasSent = new Set(sent(later));
        if (!sent(atOnce).every((mailing) => wasSent.has(mailing)) || cameTooLate(later)) return;
        if (later.events.of('delivery.returned').length > 0) compared++;
        expect(bobAtTheEnd(later)).toEqual(bobAtTheEnd(atOnce));
      }),
      { numRuns: 80, seed: 11 },
    );
    expect(compared).toBeGreaterThan(25);
  });

  test('holds while other mailings are in progress', async () => {
    // Each entry decides for the attempts of half an hour.
    const slot = fc.constantFrom<'full' | 'accept' | 'later'>(
      'full',
      'full',
      'full',
      'accept',
      'later',
      'later',
    );
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(slot, { minLength: 8, maxLength: 8 }), async (slots) => {
        const playSlots = (atOnce: boolean): Promise<Ran> =>
          run({
            fleet: bobIs(
              ...slots.flatMap((what, index): BehaviorSketch[] => {
                const during = { from: index * 30 * MINUTE, to: (index + 1) * 30 * MINUTE };
                if (what === 'full') return [{ do: 'mailbox-full', stage: 'message', during }];
                if (what === 'accept') return [];
                return atOnce
                  ? [{ do: 'nonexistent-user', stage: 'message', during }]
                  : [{ do: 'return-later', after: `${10 + index}h`, during }];
              }),
            ),
            mailings: Array.from({ length: 4 }, (_, index) => ({
              name: `m${index}`,
              at: index * 45 * MINUTE + index * 7000,
            })),
            policy: FOUR_ATTEMPTS,
            latencyMs: 1,
          });
        const later = await playSlots(false);
        expect(later.result.failures).toEqual([]);
        const atOnce = await playSlots(true);
        if (later.events.of('delivery.returned').length > 0) compared++;
        expect(bobAtTheEnd(later)).toEqual(bobAtTheEnd(atOnce));
      }),
      { numRuns: 60, seed: 11 },
    );
    expect(compared).toBeGreaterThan(20);
  });
});
