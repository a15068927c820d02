// Status and streak of a contact whose deliveries are changed by late bounces, one after the other: the same as
// computed from the beginning each time, without reading the whole history for each.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  HistoryIndex,
  standing,
  type EndedDelivery,
  type HistoryEntry,
  type Standing,
} from '../../src/sender/model/history.js';

const LIMIT = 2;
const START: Standing = { status: 'active', softBounceStreak: 0 };

/** Rules 1, 4, 8, 9, 10 and 11 written down plainly. */
function fromTheBeginning(start: Standing, past: readonly HistoryEntry[]): Standing {
  let { status, softBounceStreak: streak } = start;
  const away = status === 'active' ? [] : [{ from: -Infinity, to: Infinity }];
  const leave = (to: 'error' | 'opt-out', at: number): void => {
    if (status === 'active') away.push({ from: at, to: Infinity });
    status = to;
  };
  for (const entry of past) {
    if ('mailing' in entry) {
      const { what, chosenAt, begunAt, endedAt, spares, unattempted } = entry;
      if (away.some(({ from, to }) => from < begunAt && to > chosenAt)) continue;
      if (what === 'delivered') streak = 0;
      const isSoft = what === 'soft-bounced' && !unattempted;
      if (isSoft) streak++;
      const leaves = (what === 'hard-bounced' && !spares) || (isSoft && streak >= LIMIT);
      if (leaves && status === 'active') leave('error', endedAt);
    } else if (entry.what === 'opt-out') leave('opt-out', entry.at);
    else if (status === 'error' || (status === 'opt-out' && entry.what === 'subscribe')) {
      status = 'active';
      streak = 0;
      away.at(-1)!.to = entry.at;
    }
  }
  return { status, softBounceStreak: streak };
}

const what = fc.constantFrom('delivered', 'delivered', 'soft-bounced', 'hard-bounced');
const drawnEntry = fc.record({
  what,
  isRequest: fc.integer({ min: 0, max: 9 }).map((draw) => draw < 3),
  request: fc.constantFrom('opt-out', 'reactivate', 'subscribe'),
  waits: fc.nat({ max: 3 }),
  lasts: fc.nat({ max: 20 }),
  tries: fc.nat({ max: 20 }),
  spares: fc.boolean(),
  unattempted: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
});
type Drawn = typeof drawnEntry extends fc.Arbitrary<infer Value> ? Value : never;

function entryOf(drawn: Drawn, nth: number, now: number): HistoryEntry {
  if (drawn.isRequest) return { what: drawn.request, at: now };
  const begunAt = now - drawn.tries;
  return {
    what: drawn.what,
    mailing: `m-${nth}`,
    chosenAt: begunAt - drawn.lasts,
    begunAt,
    endedAt: now,
    ...(drawn.spares ? { spares: true } : {}),
    ...(drawn.unattempted ? { unattempted: true } : {}),
  };
}

test('a history that is computed anew after each change agrees with one that is read from the beginning', () => {
  let changes = 0;
  fc.assert(
    fc.property(
      fc.array(drawnEntry, { maxLength: 30 }),
      fc.array(fc.record({ at: fc.nat(), what, adds: fc.option(drawnEntry) }), { maxLength: 20 }),
      fc.constantFrom<Standing>(START, { status: 'error', softBounceStreak: 1 }),
      (drawn, steps, start) => {
        const past: HistoryEntry[] = [];
        let now = 0;
        const add = (one: Drawn): void => void past.push(entryOf(one, past.length, (now += one.waits)));
        drawn.forEach(add);
        const index = new HistoryIndex(start, past, LIMIT);
        for (const { at, what: becomes, adds } of steps) {
          if (adds) add(adds);
          const name = `m-${at % Math.max(1, past.length)}`;
          const place = index.placeOf(name);
          expect(place ?? -1).toBe(past.findIndex((entry) => 'mailing' in entry && entry.mailing === name));
          if (place === undefined) continue;
          (past[place] as EndedDelivery).what = becomes;
          expect(index.standing(place)).toEqual(fromTheBeginning(start, past));
          expect(standing(start, past, LIMIT)).toEqual(fromTheBeginning(start, past));
          changes++;
        }
      },
    ),
    { numRuns: 1500 },
  );
  expect(changes).toBeGreaterThan(3000);
});

describe('of a history of 2,000 deliveries that are all returned, each is read a few times', () => {
  const COUNT = 2000;
  const shuffled = Array.from({ length: COUNT }, (_, nth) => (nth * 777) % COUNT);
  const inOrder = shuffled.toSorted((a, b) => a - b);

  test.each<[string, EndedDelivery['what'], Partial<EndedDelivery>, number[]]>([
    ['as soft, the oldest first', 'soft-bounced', {}, inOrder],
    ['as soft, the latest first', 'soft-bounced', {}, inOrder.toReversed()],
    ['as soft, in any order', 'soft-bounced', {}, shuffled],
    ['as hard, the oldest first', 'hard-bounced', {}, inOrder],
    ['as hard, the latest first', 'hard-bounced', {}, inOrder.toReversed()],
    ['as hard, in any order', 'hard-bounced', {}, shuffled],
    ['as hard and spared, in any order', 'hard-bounced', { spares: true }, shuffled],
  ])('%s', (_, becomes, more, order) => {
    let reads = 0;
    const past = Array.from({ length: COUNT }, (_entry, nth): EndedDelivery => {
      const entry = { mailing: `m-${nth}`, chosenAt: 60 * nth, begunAt: 60 * nth + 1, endedAt: 60 * nth + 2 };
      let now: EndedDelivery['what'] = 'delivered';
      return {
        ...entry,
        get what() {
          reads++;
          return now;
        },
        set what(value) {
          now = value;
        },
      };
    });
    const index = new HistoryIndex(START, past, 4);
    for (const nth of order) {
      const place = index.placeOf(`m-${nth}`)!;
      Object.assign(past[place]!, { what: becomes, ...more });
      index.standing(place);
    }
    const expected = standing(START, past, 4);
    expect(index.standing(COUNT)).toEqual(expected);
    expect(reads).toBeLessThan(30 * COUNT);
  });
});
