// The checks of `expect` in a valid scenario: forms of numbers and times, locations, and the contacts and
// servers that they may name.

import { describe, expect, it } from 'vitest';
import type { Check } from '../../src/scenarios/plan.js';
import { load, planOf, problemsOf, scenario } from './load-scratch.js';

const M = 60_000;
const H = 60 * M;

const checks = (block: string): Check[] =>
  planOf(scenario({ expect: `expect:\n  - ${block}` })).expectations[0]!.checks;
const bare = (block: string) => checks(block).map(({ location: _location, ...check }) => check);

describe('expectations', () => {
  it.each([
    ['3', { text: '3', min: 3, max: 3 }],
    ['0', { text: '0', min: 0, max: 0 }],
    ['"2..4"', { text: '2..4', min: 2, max: 4 }],
    ['2 .. 4', { text: '2 .. 4', min: 2, max: 4 }],
    ['">= 990"', { text: '>= 990', min: 990 }],
    ['<= 40', { text: '<= 40', max: 40 }],
    ['"> 1"', { text: '> 1', min: 1, exclusive: true }],
    ['"<5"', { text: '<5', max: 5, exclusive: true }],
  ])('read %s as a number', (written, expected) => {
    expect(bare(`{ at: end, november: { delivered: ${written} } }`)).toEqual([
      { kind: 'mailing-number', mailing: 'november', field: 'delivered', expected },
    ]);
  });

  it.each([
    ['30h', { text: '30h', min: 30 * H, max: 30 * H }],
    ['"<= 30h"', { text: '<= 30h', max: 30 * H }],
    ['1h..2h', { text: '1h..2h', min: H, max: 2 * H }],
    ['"> 59m59s"', { text: '> 59m59s', min: H - 1000, exclusive: true }],
  ])('read %s as a time', (written, expected) => {
    expect(bare(`{ at: end, november: { completed: ${written} } }`)).toEqual([
      { kind: 'completed', mailing: 'november', expected },
    ]);
  });

  it('become a flat list of checks', () => {
    const block = [
      'at: 45m',
      '    november:',
      '      bounced: { soft: 1, hard: 2 }',
      '      state: in-progress',
      '      placement: { inbox: 1, returned: 0 }',
      '      causes: { user-unknown: 2 }',
      '      attempts: { Bob@example.org: [0m, 30m] }',
      '      seen: { bob@example.org: 4 }',
      '    contacts:',
      '      bob@example.org: active',
      '      "*@Yahoo.com": { status: error, softBounceStreak: ">= 1" }',
      '    statuses: { opt-out: 0 }',
      '    servers: { Yahoo.com: { peakConnections: "<= 5" } }',
    ].join('\n');
    const exactly = (n: number) => ({ text: String(n), min: n, max: n });
    expect(bare(block)).toEqual([
      { kind: 'mailing-number', mailing: 'november', field: 'bounced.soft', expected: exactly(1) },
      { kind: 'mailing-number', mailing: 'november', field: 'bounced.hard', expected: exactly(2) },
      { kind: 'mailing-state', mailing: 'november', expected: 'in-progress' },
      { kind: 'placement', mailing: 'november', placement: 'inbox', expected: exactly(1) },
      { kind: 'placement', mailing: 'november', placement: 'returned', expected: exactly(0) },
      { kind: 'cause', mailing: 'november', cause: 'user-unknown', expected: exactly(2) },
      {
        kind: 'attempts',
        mailing: 'november',
        address: 'bob@example.org',
        expected: { offsets: [0, 30 * M] },
      },
      { kind: 'seen', mailing: 'november', address: 'bob@example.org', expected: exactly(4) },
      { kind: 'contact', address: 'bob@example.org', status: 'active' },
      { kind: 'contact', address: '*@yahoo.com', status: 'error' },
      { kind: 'contact', address: '*@yahoo.com', softBounceStreak: { text: '>= 1', min: 1 } },
      { kind: 'statuses', status: 'opt-out', expected: exactly(0) },
      { kind: 'server', domain: 'yahoo.com', field: 'peakConnections', expected: { text: '<= 5', max: 5 } },
    ]);
  });

  it('have the location of their value', () => {
    const expectation =
      'expect:\n  - at: 45m\n    november:\n      bounced: { hard: "2..4" }\n      attempts:\n        bob@example.org:\n          - 0m\n          - 30m';
    const result = load(scenario({ expect: expectation }));
    const marked = result.plan!.expectations[0]!.checks.map(({ location: { line, column, length } }) =>
      result.source.split('\n')[line - 1]!.slice(column - 1, column - 1 + length!),
    );
    expect(marked).toEqual(['"2..4"', '- 0m']);
  });

  it('may have two blocks for one time, and name a domain that `default` receives for', () => {
    const plan = planOf(
      scenario({
        fleet: 'fleet: { default: {} }',
        expect:
          'expect:\n  - { at: 1h, statuses: { active: 2 } }\n  - { at: 1h, servers: { yahoo.com: { accepted: 1 } } }',
      }),
    );
    expect(plan.expectations.map(({ at }) => at)).toEqual([H, H]);
  });

  it('may name a contact from the time at which an event adds it', () => {
    const more = 'events:\n  - { at: 1h, add: zoe@example.org }';
    const at = (time: string) =>
      problemsOf(
        scenario({ more, expect: `expect:\n  - { at: ${time}, contacts: { zoe@example.org: active } }` }),
      );
    expect(at('1h')).toEqual([]);
    expect(at('end')).toEqual([]);
    expect(at('59m')).toEqual([
      '10:28+15 there is no contact `zoe@example.org` yet at 59m | an event adds it at 1h00m',
    ]);
  });
});
