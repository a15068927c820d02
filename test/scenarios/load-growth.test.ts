// What the reading of large scenarios costs, counted as work: nothing is searched for again for each key, contact
// or event.

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Audience } from '../../src/scenarios/read/audience.js';
import { planOf, problemsOf, scenario } from './load-scratch.js';

let comparisons = 0;
vi.mock(import('../../src/base/wildcard.js'), async (original) => {
  const real = await original();
  return {
    wildcard: (pattern) => {
      const matches = real.wildcard(pattern);
      return (text) => {
        comparisons++;
        return matches(text);
      };
    },
  };
});
beforeEach(() => void (comparisons = 0));

const lines = (count: number, line: (nth: number) => string): string =>
  Array.from({ length: count }, (_, nth) => line(nth)).join('\n');

const mailboxes = (count: number, pattern: (nth: number) => string): string =>
  `fleet:\n  yahoo.com: {}\n  example.org:\n    shorthand: true\n    mailboxes:\n${lines(count, (nth) => `      ${pattern(nth)}: mailbox-full`)}`;

describe('patterns of mailboxes', () => {
  it('with one star may be of any number, and are not compared with each other', () => {
    const { fleet } = planOf(scenario({ fleet: mailboxes(3000, (nth) => `g-${nth}-*`) }));
    expect(fleet['example.org']!.mailboxes).toHaveLength(3000);
    expect(comparisons).toBe(0);
  });

  it('with several stars are at most 2,000', () => {
    const [problem, ...more] = problemsOf(scenario({ fleet: mailboxes(2001, (nth) => `'*x${nth}x*'`) }));
    expect(problem).toMatch(
      /^2007:7\+\d+ the domain has more than 2,000 mailbox patterns with several stars \| use patterns with one/,
    );
    expect(more).toEqual([]);
  });

  it('are not compared with each contact whose address may name a behavior', () => {
    const audience = 'audience:\n  generate: [{ count: 500, at: example.org }]';
    const text = scenario({ fleet: mailboxes(500, (nth) => `g-${nth}-*`), audience });
    planOf(text.replace('november: { recipients: "> 0" }', 'november: { inProgress: 0 }'));
    expect(comparisons).toBe(0);
  });
});

it('the spelling of a contact that an event adds again is looked up', () => {
  const audience = new Audience();
  let reads = 0;
  for (let nth = 0; nth < 500; nth++) {
    const contact = {
      get address() {
        reads++;
        return `Reader-${nth}@example.org`;
      },
      status: 'active' as const,
      softBounceStreak: 0,
    };
    audience.add(contact, { file: 'a.yaml', line: 1, column: 1 });
  }
  reads = 0;
  for (let nth = 0; nth < 500; nth++)
    expect(audience.written(`reader-${nth}@example.org`)).toBe(`Reader-${nth}@example.org`);
  expect(reads).toBeLessThanOrEqual(1000);
});
