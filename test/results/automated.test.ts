// Automated mailings in a scenario: how they are written, and the response of a series.

import { describe, expect, it } from 'vitest';
import { responseOf } from '../../src/results/tally/automated.js';
import { Tally } from '../../src/results/tally/tally.js';
import type { Fact } from '../../src/events/types.js';
import { planOf, problemsOf, scenario } from '../scenarios/load-scratch.js';

const written = (mailing: string, expected = 'november: { recipients: 0 }', more = '') =>
  scenario({
    mailings: `mailings:\n  - ${mailing}`,
    expect: `expect:\n  - { at: end, ${expected} }`,
    ...(more === '' ? {} : { more }),
  });

describe('an automated mailing', () => {
  it('has a trigger in the plan', () => {
    const [digest] = planOf(
      written('{ name: november, kind: automated, every: 1d, count: 4, at: 1h }'),
    ).mailings;
    expect(digest).toMatchObject({
      kind: 'automated',
      at: 3_600_000,
      trigger: { everyMs: 86_400_000, count: 4 },
    });
    const events = 'events:\n  - { at: 1h, add: zoe@example.org }';
    const [welcome] = planOf(
      written(
        '{ name: november, kind: automated, on: contact-added }',
        'november-7: { recipients: 0 }',
        events,
      ),
    ).mailings;
    expect(welcome?.trigger).toEqual({ on: 'contact-added' });
  });

  it('can be named as a whole and by occurrence, as far as there are any', () => {
    const digest = '{ name: november, kind: automated, every: 1d, count: 4 }';
    expect(problemsOf(written(digest, 'november-4: { recipients: 0 }'))).toEqual([]);
    expect(problemsOf(written(digest, 'november-5: { recipients: 0 }')).join()).toContain(
      'there is no mailing `november-5`',
    );
    expect(problemsOf(written(digest, 'november-0: { recipients: 0 }'))).toHaveLength(1);
  });
});

describe('the response of a series', () => {
  const tally = (...facts: [number, Fact][]): Tally => {
    const read = new Tally();
    facts.forEach(([t, fact], seq) => read.read({ seq, t, ...fact }));
    return read;
  };
  const building = (mailing: string): Fact => ({
    type: 'mailing.building',
    mailing,
    kind: 'automated',
    series: 'digest',
  });
  const started = (mailing: string): Fact => ({ type: 'mailing.started', mailing, recipients: 2 });
  const completed = (mailing: string): Fact => ({ type: 'mailing.completed', mailing });
  const ordered: Fact = { type: 'series.ordered', series: 'digest', everyMs: 1, count: 2 };

  it('is empty and building before the first occurrence, and there is none of another name', () => {
    const read = tally([0, ordered]);
    expect(read.response('digest')).toMatchObject({ state: 'building', recipients: 0, completedAt: null });
    expect(read.response('digest-1')).toBeUndefined();
    expect(responseOf([]).startedAt).toBeNull();
  });

  it('is the sum of its occurrences, and completed while none of them is open', () => {
    const facts: [number, Fact][] = [
      [0, ordered],
      [1, building('digest-1')],
      [2, started('digest-1')],
      [5, completed('digest-1')],
      [6, building('digest-2')],
      [7, started('digest-2')],
      [9, completed('digest-2')],
    ];
    const states = facts.map((_, i) => tally(...facts.slice(0, i + 1)).response('digest')!.state);
    expect(states).toEqual([
      'building',
      'building',
      'in-progress',
      'completed',
      'building',
      'in-progress',
      'completed',
    ]);
    expect(tally(...facts).response('digest')).toMatchObject({ recipients: 4, startedAt: 2, completedAt: 9 });
  });
});
