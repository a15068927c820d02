// The life of a contact whose deliveries are returned one after the other: the same as computed from the beginning,
// without computing all of it for each bounce message.

import { describe, expect, test, vi } from 'vitest';
import type { EventOf, Fact } from '../../src/events/types.js';
import { ContactLife, type Request } from '../../src/judge/invariants/contact-life.js';
import { History } from '../../src/judge/invariants/run-history.js';
import { EMMA } from '../support/policies.js';

let steps = 0;
vi.mock(import('../../src/base/changing-fold.js'), async (original) => {
  const { ChangingFold } = await original();
  return {
    ChangingFold: class<Entry, State> extends ChangingFold<Entry, State> {
      constructor(folding: ConstructorParameters<typeof ChangingFold<Entry, State>>[0]) {
        super({ ...folding, next: (state, entry) => (steps++, folding.next(state, entry)) });
      }
    },
  };
});
let judged = 0;
const { prototype } = ContactLife as unknown as {
  prototype: { what: (...about: unknown[]) => unknown };
};
const judge = Reflect.get(prototype, 'what');
prototype.what = function (...about) {
  judged++;
  return judge.apply(this, about);
};

const BOB = 'bob@a.test';
const START = { status: 'active', softBounceStreak: 0 } as const;

/** A history of mailings to one contact, each delivered before the next begins. */
class Told {
  readonly history = new History(EMMA);
  readonly requests: Request[] = [];
  private seq = 0;

  constructor(private readonly mailings: number) {
    this.read(0, { type: 'contact.added', address: BOB, ...START });
    for (let nth = 0; nth < mailings; nth++) this.mail(nth);
  }

  mail(nth: number): void {
    const [mailing, t] = [`m-${nth}`, 100 * nth];
    this.read(t, { type: 'mailing.building', mailing, kind: 'standard' });
    this.read(t, { type: 'mailing.started', mailing, recipients: 1 });
    this.read(t, { type: 'delivery.queued', mailing, address: BOB });
    const attempt = { n: 1, startedAt: t, domain: 'a.test', stage: 'message', outcome: 'accepted' } as const;
    this.read(t + 10, { type: 'attempt', mailing, address: BOB, ...attempt, cause: 'other' });
    this.read(t + 10, { type: 'delivery.ended', mailing, address: BOB, state: 'delivered', why: '' });
  }

  request(what: Request['what']): void {
    this.requests.push({ seq: this.seq++, t: 100 * this.mailings, what });
  }

  /** @returns the life as far as it is known, and as computed from the beginning */
  bounce(life: ContactLife, nth: number, state: 'soft-bounced' | 'hard-bounced') {
    const event = {
      seq: this.seq++,
      t: 1e6,
      type: 'delivery.returned',
      mailing: `m-${nth}`,
      address: BOB,
      state,
      cause: 'user-unknown',
      why: '',
    } as EventOf<'delivery.returned'>;
    const known = life.returned(event, this.requests);
    const work = { steps, judged };
    const whole = this.life().returned(event, this.requests);
    ({ steps, judged } = work);
    this.history.read(event);
    return { known, whole };
  }

  life(): ContactLife {
    return new ContactLife(BOB, START, this.history, EMMA.bounce);
  }

  private read(t: number, fact: Fact): void {
    this.history.read({ seq: this.seq++, t, ...fact });
  }
}

const COUNT = 300;
const inOrder = Array.from({ length: COUNT }, (_, nth) => nth);

describe.each(['soft-bounced', 'hard-bounced'] as const)('deliveries that are returned as %s', (state) => {
  test.each<[string, number[]]>([
    ['the oldest first', inOrder],
    ['the latest first', inOrder.toReversed()],
    ['in any order', inOrder.map((nth) => (nth * 77) % COUNT)],
  ])('%s cost a few steps each', (_, order) => {
    const told = new Told(COUNT);
    const life = told.life();
    steps = judged = 0;
    for (const nth of order) {
      const { known, whole } = told.bounce(life, nth, state);
      expect(known).toEqual(whole);
    }
    expect(life.length).toBe(COUNT);
    expect(steps).toBeLessThan(20 * COUNT);
    expect(judged).toBe(2 * COUNT);
  });
});

test('what comes between bounce messages is added to the life', () => {
  const told = new Told(30);
  const life = told.life();
  expect(told.bounce(life, 3, 'hard-bounced').known).toEqual({ streak: 0, isAway: true });
  told.request('reactivate');
  expect(told.bounce(life, 4, 'hard-bounced').known).toEqual({ streak: 0, isAway: false });
  told.mail(31);
  told.mail(32);
  expect(told.bounce(life, 31, 'soft-bounced').known).toEqual({ streak: 0, isAway: false });
  const last = told.bounce(life, 32, 'soft-bounced');
  expect(last.known).toEqual({ streak: 2, isAway: false });
  expect(last.whole).toEqual(last.known);
});
