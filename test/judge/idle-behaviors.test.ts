// Behaviors of a scenario that never acted in a run become warnings with their places.

import { describe, expect, it } from 'vitest';
import { loadScenarioText } from '../../src/scenarios/load.js';
import { runPlan } from '../support/runs.js';

interface Parts {
  fleet: string;
  contacts?: string;
  more?: string;
}

function scenarioText({ fleet, contacts = '[bob@example.org]', more = '' }: Parts): string {
  return [
    'name: a test',
    fleet,
    `audience: { contacts: ${contacts} }`,
    'mailings: [{ name: news }]',
    'expect: [{ at: end, news: { recipients: ">= 0" } }]',
    more,
  ].join('\n');
}

/** Plays a scenario. @returns its warnings as `line:column message` */
async function warningsOf(parts: Parts): Promise<string[]> {
  const loaded = loadScenarioText('t.yaml', scenarioText(parts), { cwd: '.' });
  if (!loaded.plan) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  const { result } = await runPlan(loaded.plan);
  return result.warnings.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

/** A fleet of one domain, whose keys begin on line 4. */
const domain = (...lines: string[]): string =>
  ['fleet:', '  example.org:', ...lines.map((line) => `    ${line}`)].join('\n');

describe('a behavior that never acted is a warning with its place and the reason', () => {
  it.each<[string, Parts, string[]]>([
    [
      'of a mailbox that is not mailed',
      { fleet: domain('mailboxes: { eve: busy, bob: { do: busy, attempts: 1..1 } }') },
      [
        '4:23 `busy` of eve@example.org never acted: no dialogue came to it at stage `rcpt`, or others answered before it',
      ],
    ],
    [
      'of a host that no client tries',
      {
        fleet: domain(
          'hosts:',
          '  - { name: mx1 }',
          '  - { name: mx2, preference: 20, behaviors: [{ do: down, until: 1h }] }',
        ),
      },
      ['6:56 `down` of the host mx2.example.org never acted: no client connected while it was in force'],
    ],
    [
      'at a stage that no dialogue reaches',
      {
        fleet: domain('mailboxes: { bob: nonexistent-user }', 'behaviors: [{ do: junk-block }]'),
      },
      [
        '5:23 `junk-block` of example.org never acted: no dialogue came to it at stage `message`, or others answered before it',
      ],
    ],
    [
      'whose attempt is never made',
      { fleet: domain('mailboxes:', '  bob: { do: busy, attempts: 5..6 }') },
      ['5:18 `busy` of bob@example.org never acted: whenever it was asked, `attempts` did not hold'],
    ],
    [
      'whose time has passed before it is asked',
      { fleet: domain('behaviors: [{ do: busy, until: 1s, chance: 50% }]') },
      [
        '4:23 `busy` of example.org never acted: whenever it was asked, `until` and `chance` did not hold together',
      ],
    ],
    [
      'that lets every client pass',
      { fleet: domain('behaviors: [{ do: blocklisted, client: 10.* }]') },
      ['4:23 `blocklisted` of example.org never acted: each time that it was asked it let the client pass'],
    ],
    [
      'on a connection that is never idle for so long',
      { fleet: domain('behaviors: [{ do: disconnect, stage: idle, after: 1h }]') },
      ['4:23 `disconnect` of example.org never acted: no connection was idle for so long'],
    ],
    [
      'that an event sets too late',
      {
        fleet: domain(),
        more: 'events: [{ at: 2h, set: example.org, do: busy }, { at: 3h, set: bob@example.org, reply: { code: 450 } }]',
      },
      [
        '7:42 `busy` of example.org, set at 2h00m, never acted: no dialogue came to it at stage `connect`, or others answered before it',
        '7:89 `reply` of bob@example.org, set at 3h00m, never acted: no dialogue came to it at stage `rcpt`, or others answered before it',
      ],
    ],
    [
      'of a site, of its host, and of one of its domains',
      {
        fleet: [
          'sites:',
          '  shared:',
          '    hosts: [{ name: mx1, behaviors: [{ do: busy, stage: mail, from: 1h }] }]',
          '    behaviors: [{ do: down, from: 1h }]',
          'fleet:',
          '  example.org: { site: shared }',
          '  other.org: { site: shared, behaviors: [junk-block], mailboxes: { eve: busy } }',
        ].join('\n'),
      },
      [
        '4:44 `busy` of the host mx1.shared never acted: whenever it was asked, `from` did not hold',
        '5:23 `down` of the site shared never acted: whenever it was asked, `from` did not hold',
        '8:42 `junk-block` of other.org never acted: no dialogue came to it at stage `message`, or others answered before it',
        '8:73 `busy` of eve@other.org never acted: no dialogue came to it at stage `rcpt`, or others answered before it',
      ],
    ],
    [
      'that several domains have from one place',
      {
        fleet: [
          'fleet:',
          '  example.org: { behaviors: &late [{ do: busy, from: 1h }] }',
          '  other.org: { behaviors: *late }',
        ].join('\n'),
      },
      ['3:42 `busy` of example.org (and 1 more) never acted: whenever it was asked, `from` did not hold'],
    ],
  ])('%s', async (_, parts, expected) => {
    expect(await warningsOf(parts)).toEqual(expected);
  });

  it('and of many the first ones are named and the others counted', async () => {
    const boxes = Array.from({ length: 130 }, (_, index) => `      m${index}: busy`);
    const warnings = await warningsOf({ fleet: [domain('mailboxes:'), ...boxes].join('\n') });
    expect(warnings).toHaveLength(101);
    expect(warnings.at(-1)).toMatch(/^105:13 .* \(and 29 more behaviors after it\)$/);
  });
});

describe('no warning', () => {
  it.each<[string, Parts]>([
    [
      'for a limit that is not reached: that a sender stays below it is a result too',
      {
        fleet: domain(
          'behaviors: [{ do: throttle, connections: 5, rate: 100/h }, { do: too-big, limit: 1mb }]',
          'mailboxes: { bob: { do: throttle, rate: 9/h } }',
        ),
      },
    ],
    ['for one that only delays', { fleet: domain('behaviors: [{ do: slow, delay: 1s }]') }],
    [
      'for one that acts on an idle connection',
      {
        fleet: domain(
          'behaviors: [{ do: disconnect, stage: idle }, { do: slow, delay: 3s, stage: message }]',
        ),
      },
    ],
    ['for what a profile brings along', { fleet: domain('profile: yahoo') }],
    [
      'for what an address names',
      { fleet: domain('shorthand: true'), contacts: '[bob+busy-x2@example.org]' },
    ],
    [
      'for one place where it acts for one of its domains',
      {
        fleet: [
          'fleet:',
          '  example.org: { behaviors: &b [{ do: busy, until: 1h }] }',
          '  other.org: { behaviors: *b }',
        ].join('\n'),
      },
    ],
    [
      'for a behavior of `default` that acts for one domain',
      { fleet: 'fleet: { default: { mailboxes: { bob: nonexistent-user } } }' },
    ],
  ])('%s', async (_, parts) => {
    expect(await warningsOf(parts)).toEqual([]);
  });

  it('for a run that did not come to its end', async () => {
    const { plan } = loadScenarioText('t.yaml', scenarioText({ fleet: domain('mailboxes: { eve: busy }') }), {
      cwd: '.',
    });
    const [bob] = plan!.contacts;
    const contacts = Array.from({ length: 3000 }, (_, n) => ({ ...bob!, address: `bob-${n}@example.org` }));
    const { result } = await runPlan({ ...plan!, contacts }, { wallLimitMs: 1 });
    expect(result).toMatchObject({ status: 'inconclusive', warnings: [] });
  });
});
