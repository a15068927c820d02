// The mailboxes of one domain at a host: the first key that matches a recipient counts, before it what was
// replaced since, and after it what the address names.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { wildcard } from '../../src/base/wildcard.js';
import { Mailboxes } from '../../src/simulator/host/mailboxes.js';
import type { BehaviorPlan } from '../../src/simulator/plan.js';

/** Different for each number. */
const behaviors = (nth: number): BehaviorPlan[] => [{ name: `of key ${nth}` } as unknown as BehaviorPlan];

const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), minLength: 1, maxLength: 4 });
const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 5 });
/** In turn: a mailbox is replaced, or a recipient is looked up. */
const step = fc.record({ isReplaced: fc.boolean(), localPart: name });

it('are found as by a search through all keys, the latest replacement first', () => {
  let found = 0;
  fc.assert(
    fc.property(
      fc.array(pattern, { maxLength: 10 }),
      fc.array(step, { maxLength: 10 }),
      (patterns, steps) => {
        const list = patterns.map((one, nth) => ({ matches: wildcard(one), behaviors: behaviors(nth) }));
        const mailboxes = new Mailboxes(
          {
            behaviors: [],
            mailboxes: patterns.map((one, nth) => ({ pattern: one, behaviors: list[nth]!.behaviors })),
          },
          undefined,
          () => {},
        );
        for (const [nth, { isReplaced, localPart }] of steps.entries()) {
          if (isReplaced) {
            const replacement = behaviors(100 + nth);
            list.unshift({ matches: (text) => text === localPart, behaviors: replacement });
            mailboxes.set(localPart.toUpperCase(), replacement);
            continue;
          }
          const expected = list.find(({ matches }) => matches(localPart))?.behaviors;
          if (expected) found++;
          expect(mailboxes.of(`${localPart}@example.org`)).toBe(expected);
        }
      },
    ),
    { numRuns: 2000 },
  );
  expect(found).toBeGreaterThan(1000);
});

it('notes the points of behaviors that replace others', () => {
  const noted: (readonly BehaviorPlan[])[] = [];
  const mailboxes = new Mailboxes({ behaviors: [], mailboxes: [] }, undefined, (list) => noted.push(list));
  expect(mailboxes.of('bob@example.org')).toBeUndefined();
  const replacement = behaviors(1);
  mailboxes.set('bob', replacement);
  expect(noted).toContain(replacement);
  expect(mailboxes.of('bob@example.org')).toBe(replacement);
  expect(mailboxes.of('eve@example.org')).toBeUndefined();
});
