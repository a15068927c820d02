// What is refused since it can never act for what is outside its list: lists of the mailbox, the host, the domain and
// the site, families of addresses, and events that change them.

import { describe, expect, it } from 'vitest';
import { planOf, problemsOf, scenario } from './load-scratch.js';

const FIRST =
  'the behaviors of a mailbox come first, then those of the host, then those of the domain: give `busy` a narrower condition, or leave one of the two out';

/** A scenario with these lines in `fleet`, from line 3 on. */
const withFleet = (lines: string[], more = ''): string =>
  scenario({ fleet: ['fleet:', '  yahoo.com: {}', ...lines.map((line) => `  ${line}`)].join('\n'), more });

describe('a behavior that can never act', () => {
  it.each<[string, string[], string[]]>([
    [
      'behind one of the only host',
      [
        'example.org: { hosts: [{ name: mx1, behaviors: [busy] }], behaviors: [{ do: blocklisted, until: 1h }] }',
      ],
      [
        '4:79+11 `blocklisted` can never act: `busy` of the host mx1.example.org (line 4) always answers first | ' +
          FIRST,
      ],
    ],
    [
      'behind those of all hosts',
      [
        'example.org:',
        '  hosts: [{ name: mx1, behaviors: [busy] }, { name: mx2, behaviors: [down] }]',
        '  behaviors: [blocklisted]',
      ],
      [
        '6:17+11 `blocklisted` can never act: `busy` of the host mx1.example.org (line 5) and `down` of the host mx2.example.org (line 5) always answer first | give `busy` a narrower condition, or leave one of the two out',
      ],
    ],
    [
      'of a host and a mailbox behind one of the domain that comes first in the dialogue',
      [
        'example.org:',
        '  hosts: [{ name: mx1, behaviors: [{ do: slow, stage: rcpt }] }]',
        '  mailboxes: { bob: mailbox-full }',
        '  behaviors: [down]',
      ],
      [
        '5:44+4 `slow` can never act: `down` of example.org (line 7) always answers at `dial`, which comes first | give `down` a narrower condition, or leave one of the two out',
        '6:23+12 `mailbox-full` can never act: `down` of example.org (line 7) always answers at `dial`, which comes first | give `down` a narrower condition, or leave one of the two out',
      ],
    ],
    [
      'behind those of every mailbox',
      [
        'example.org:',
        '  mailboxes: { bob: mailbox-full, "*": nonexistent-user }',
        '  behaviors: [{ do: junk-block, stage: rcpt }]',
      ],
      [
        '6:23+10 `junk-block` can never act: `mailbox-full` of bob@example.org (line 5) and `nonexistent-user` of *@example.org (line 5) always answer first | the behaviors of a mailbox come first, then those of the host, then those of the domain: give `mailbox-full` a narrower condition, or leave one of the two out',
      ],
    ],
    [
      'for a family that no host has',
      [
        'example.org: { behaviors: [{ do: down, family: v6 }], mailboxes: { bob: { do: busy, family: v6 } } }',
      ],
      [
        '4:36+4 `down` with `family: v6` can never act: the host `mx.example.org` has no v6 address | give the host `address: [v4, v6]`, or leave `family` out',
        '4:81+4 `busy` with `family: v6` can never act: the host `mx.example.org` has no v6 address | give the host `address: [v4, v6]`, or leave `family` out',
      ],
    ],
  ])('%s', (_, lines, problems) => {
    expect(problemsOf(withFleet(lines))).toEqual(problems);
  });

  it('of a domain or a host of a site, behind the site', () => {
    const sites =
      'sites:\n  shared:\n    hosts: [{ name: mx1, behaviors: [{ do: busy, stage: ehlo }] }]\n    behaviors: [{ do: down, until: 2h }, { do: busy, family: v6 }]\n';
    const fleet =
      'fleet:\n  yahoo.com: {}\n  example.org: { site: shared, mailboxes: { bob: { do: busy, until: 1h } } }';
    expect(problemsOf(scenario({ fleet: sites + fleet }))).toEqual([
      '5:48+4 `busy` with `family: v6` can never act: the host `mx1.shared` has no v6 address | give the host `address: [v4, v6]`, or leave `family` out',
      '8:56+4 `busy` can never act: `busy` of the host mx1.shared (line 4) always answers at `ehlo`, which comes first | give `busy` a narrower condition, or leave one of the two out',
    ]);
  });

  it('set by an event', () => {
    const more =
      'events:\n  - { at: 1h, set: bob@example.org, do: busy, family: v6 }\n  - { at: 1h, set: mx1.example.org, do: busy }';
    expect(
      problemsOf(withFleet(['example.org: { hosts: [{ name: mx1 }], behaviors: [down] }'], more)),
    ).toEqual([
      '12:41+4 `busy` with `family: v6` can never act: the host `mx1.example.org` has no v6 address | give the host `address: [v4, v6]`, or leave `family` out',
      '13:41+4 `busy` can never act: `down` of example.org (line 4) always answers at `dial`, which comes first | give `down` a narrower condition, or leave one of the two out',
    ]);
  });
});

describe('a behavior that may act is accepted', () => {
  it.each<[string, string[], string?]>([
    [
      'at another host',
      ['example.org: { hosts: [{ name: mx1, behaviors: [busy] }, { name: mx2 }], behaviors: [blocklisted] }'],
    ],
    ['for another mailbox', ['example.org: { mailboxes: { bob: busy }, behaviors: [mailbox-full] }']],
    [
      'for the recipients of a host that relays',
      ['example.org: { relay: true, mailboxes: { "*": busy }, behaviors: [mailbox-full] }'],
    ],
    [
      'before the recipient is known',
      ['example.org: { mailboxes: { "*": accept }, behaviors: [{ do: busy, stage: mail, until: 1h }] }'],
    ],
    [
      'when an event ends the other',
      ['example.org: { hosts: [{ name: mx1, behaviors: [busy] }], behaviors: [down] }'],
      'events: [{ at: 1h, set: example.org, behaviors: [] }]',
    ],
    [
      'when an event gives one mailbox another list',
      ['example.org: { mailboxes: { "*": busy }, behaviors: [mailbox-full] }'],
      'events: [{ at: 1h, set: bob@example.org, behaviors: [] }]',
    ],
    [
      'when an event ends the behaviors of the host, under any of its names',
      ['example.org: { hosts: [{ name: mx1, behaviors: [busy] }], behaviors: [blocklisted] }'],
      'events: [{ at: 1h, set: mx1.example.org, behaviors: [] }]',
    ],
    [
      'at the domain itself, for a time its own host',
      [
        'example.org: { dns: { answer: a-only, until: 1h }, hosts: [{ name: mx1, behaviors: [busy] }], behaviors: [blocklisted] }',
      ],
    ],
    [
      'over a family of one of the hosts',
      [
        'example.org: { hosts: [{ name: mx1 }, { name: mx2, address: [v6] }], behaviors: [{ do: down, family: v6 }] }',
      ],
    ],
  ])('%s', (_, lines, more) => {
    expect(planOf(withFleet(lines, more)).fleet['example.org']).toBeDefined();
  });

  it('for postmaster without a domain, at the host of a site', () => {
    const sites = 'sites: { shared: { behaviors: [mailbox-full] } }\n';
    const fleet =
      'fleet: { yahoo.com: {}, example.org: { site: shared, behaviors: [{ do: busy, stage: rcpt }] } }';
    expect(planOf(scenario({ fleet: sites + fleet })).sites).toBeDefined();
  });
});
