// The plan of a valid scenario: defaults, short forms, units and order.

import { describe, expect, it } from 'vitest';
import { seedFromText } from '../../src/base/random.js';
import { loadScenario } from '../../src/scenarios/load.js';
import { folder, planOf, problemsOf, scenario, scratch, unplaced, write } from './load-scratch.js';

const M = 60_000;
const H = 60 * M;

const fleet = (behaviors: string, mailboxes = '{}') =>
  unplaced(
    planOf(
      scenario({
        fleet: `fleet:\n  yahoo.com: {}\n  example.org:\n    behaviors: ${behaviors}\n    mailboxes: ${mailboxes}`,
      }),
    ).fleet['example.org']!,
  );

describe('defaults', () => {
  it('are filled in for every key that is left out', () => {
    expect(planOf(scenario({ fleet: 'fleet: { default: }' }))).toEqual({
      file: 't.yaml',
      name: 'a test',
      description: '',
      tags: [],
      seed: seedFromText('t'),
      policy: expect.objectContaining({ name: 'emma' }) as unknown,
      wire: 'memory',
      store: 'memory',
      network: { latencyMs: 5 },
      fleet: { default: { behaviors: [], mailboxes: [] } },
      contacts: [
        { address: 'bob@example.org', status: 'active', softBounceStreak: 0 },
        { address: 'eve@yahoo.com', status: 'active', softBounceStreak: 0 },
      ],
      mailings: [
        {
          name: 'november',
          kind: 'standard',
          at: 0,
          buildingMs: 5000,
          message: { subject: 'Hello', text: 'Hello, and thank you for reading.\n', sizeBytes: 0 },
        },
      ],
      events: [],
      expectations: [
        {
          at: 'end',
          checks: [
            {
              kind: 'mailing-number',
              mailing: 'november',
              field: 'recipients',
              expected: { text: '> 0', min: 0, exclusive: true },
              location: { file: 't.yaml', line: 8, column: 40, length: 5 },
            },
          ],
        },
      ],
    });
  });

  it('derive the seed from the file name without folder and extension', () => {
    folder('sub');
    const seedOf = (name: string) => loadScenario(write(name, scenario()), { cwd: scratch }).plan?.seed;
    expect(seedOf('outage.yaml')).toBe(seedOf('sub/outage.yml'));
    expect(seedOf('outage.yaml')).not.toBe(seedOf('other.yaml'));
  });
});

describe('sites', () => {
  const sites = 'sites: { shared: { domains: [example.org, yahoo.com] } }';

  it('can be the whole fleet', () => {
    expect(Object.keys(planOf(scenario({ fleet: sites })).fleet)).toEqual(['example.org', 'yahoo.com']);
  });

  it('do not receive for other domains', () => {
    const audience = 'audience: { contacts: [bob@other.org] }';
    expect(problemsOf(scenario({ fleet: sites, audience }))[0]).toMatch(
      /no receiving server for `other\.org`/,
    );
  });
});

describe('the command line', () => {
  it('overrides seed and policy of the file', () => {
    const text = scenario({ more: 'seed: 42\npolicy: emma' });
    expect(planOf(text)).toMatchObject({ seed: '42', policy: { name: 'emma' } });
    expect(planOf(text, { seed: 'x', policy: 'four-attempts' })).toMatchObject({
      seed: 'x',
      policy: { name: 'four-attempts' },
    });
  });

  it('with an unknown policy is reported, and the policy of the file is checked all the same', () => {
    expect(problemsOf(scenario(), { policy: 'emna' })[0]).toMatch(
      /^1:1\+1 unknown policy `emna` \(given on the command line\) \| did you mean `emma`/,
    );
    expect(problemsOf(scenario({ more: 'policy: emna' }), { policy: 'emma' })).toHaveLength(1);
  });

  it('gives a policy path relative to the working directory, a file one relative to its folder', () => {
    folder('deep');
    write('here.yaml', 'name: from-cwd\n');
    write('deep/here.yaml', 'name: from-file\n');
    const file = write('deep/s.yaml', scenario({ more: 'policy: ./here.yaml' }));
    expect(loadScenario(file, { cwd: scratch }).plan?.policy.name).toBe('from-file');
    expect(loadScenario(file, { cwd: scratch, policy: './here.yaml' }).plan?.policy.name).toBe('from-cwd');
  });
});

describe('behaviors', () => {
  it('are written as a name, a mapping or a reply', () => {
    expect(
      fleet(
        '[{ do: busy, during: 1h..2h }, { reply: { stage: rcpt, code: 550, enhanced: 5.7.1, text: No }, until: 3h }, greylist]',
      ),
    ).toEqual({
      behaviors: [
        { do: 'busy', at: 'connect', when: { during: { from: H, to: 2 * H } }, params: {} },
        {
          do: 'reply',
          at: 'rcpt',
          when: { until: 3 * H },
          params: { stage: 'rcpt', code: 550, enhanced: '5.7.1', text: 'No', close: false },
        },
        { do: 'greylist', at: 'rcpt', when: {}, params: { for: 5 * M } },
      ],
      mailboxes: [],
    });
  });

  it('of a mailbox act at a stage where the recipient is known', () => {
    expect(
      fleet(
        '[]',
        '{ Bob: busy, ghost-*: { do: reply, code: 550 }, 007: [{ do: busy, attempts: 1..2 }, mailbox-full] }',
      ).mailboxes,
    ).toEqual([
      { pattern: 'bob', behaviors: [{ do: 'busy', at: 'rcpt', when: {}, params: {} }] },
      {
        pattern: 'ghost-*',
        behaviors: [{ do: 'reply', at: 'rcpt', when: {}, params: { code: 550, text: '', close: false } }],
      },
      {
        pattern: '007',
        behaviors: [
          { do: 'busy', at: 'rcpt', when: { attempts: { from: 1, to: 2 } }, params: {} },
          { do: 'mailbox-full', at: 'rcpt', when: {}, params: { permanent: false } },
        ],
      },
    ]);
  });

  it('keep the order in which mailboxes are written, numbers included', () => {
    const patterns = fleet('[]', '{ b*: busy, 10: busy, a: busy, 9: busy }').mailboxes.map(
      ({ pattern }) => pattern,
    );
    expect(patterns).toEqual(['b*', '10', 'a', '9']);
  });

  it('accept share and chance as a percentage or a fraction', () => {
    const [first, second] = fleet(
      '[{ do: greylist, share: 12.5%, chance: 0.5 }, { do: busy, chance: 2% }]',
    ).behaviors;
    expect(first?.when).toEqual({ share: 0.125, chance: 0.5 });
    expect(second?.when).toEqual({ chance: 0.02 });
  });

  it('may follow a behavior that does not always answer', () => {
    expect(
      fleet('[{ do: unresponsive, stage: rcpt, for: 1m }, greylist, { do: busy, stage: rcpt }]').behaviors,
    ).toHaveLength(3);
    expect(
      fleet('[{ do: busy, stage: rcpt, until: 1h }, { do: busy, stage: data }, accept]').behaviors,
    ).toHaveLength(3);
  });
});

describe('audience', () => {
  it('consists of listed contacts, generated ones and those of a file, in this order', () => {
    write(
      'more.csv',
      'address,status,softBounceStreak\r\nzoe@example.org,opt-out,\r\n"ann@example.org",,2\r\n',
    );
    const audience = [
      'audience:',
      '  contacts: [{ address: Bob@Example.org, softBounceStreak: 3 }]',
      '  generate: [{ count: 2, at: YAHOO.com }, { count: 1, at: yahoo.com, prefix: guest }]',
      '  file: more.csv',
    ].join('\n');
    expect(planOf(scenario({ audience })).contacts).toEqual([
      { address: 'Bob@Example.org', status: 'active', softBounceStreak: 3 },
      { address: 'reader-1@yahoo.com', status: 'active', softBounceStreak: 0 },
      { address: 'reader-2@yahoo.com', status: 'active', softBounceStreak: 0 },
      { address: 'guest-1@yahoo.com', status: 'active', softBounceStreak: 0 },
      { address: 'zoe@example.org', status: 'opt-out', softBounceStreak: 0 },
      { address: 'ann@example.org', status: 'active', softBounceStreak: 2 },
    ]);
  });

  it('may contain addresses of any script', () => {
    const audience = 'audience:\n  contacts: [用户@例え.テスト, "o\'neil+tag@sub-domain.example.org"]';
    expect(planOf(scenario({ audience, fleet: 'fleet: { default: {} }' })).contacts).toHaveLength(2);
  });

  it('may be empty at the start when an event adds a contact', () => {
    const more = 'events:\n  - { at: 1h, add: zoe@example.org }';
    expect(planOf(scenario({ audience: 'audience: {}', more })).contacts).toEqual([]);
  });
});

describe('mailings', () => {
  it('are for all contacts, a domain, or a list of addresses and patterns', () => {
    const mailings = [
      'mailings:',
      '  - { name: november, at: 1h30m, building: 0s, message: { subject: Hi, text: There, size: 20kb } }',
      '  - { name: a, to: { domain: YAHOO.com } }',
      '  - { name: b, to: { addresses: [BOB@example.org, "*@yahoo.com"] } }',
      '  - { name: c, to: [eve@yahoo.com] }',
    ].join('\n');
    const plans = planOf(scenario({ mailings })).mailings;
    expect(plans[0]).toMatchObject({
      at: 90 * M,
      buildingMs: 0,
      message: { subject: 'Hi', text: 'There', sizeBytes: 20_480 },
    });
    expect(plans.map(({ to }) => to)).toEqual([
      undefined,
      { domain: 'yahoo.com' },
      { addresses: ['bob@example.org', '*@yahoo.com'] },
      { addresses: ['eve@yahoo.com'] },
    ]);
  });
});

describe('events', () => {
  it('are sorted by time; events of the same time keep the order of the file', () => {
    const more = [
      'events:',
      '  - { at: 3h, set: default, behaviors: [] }',
      '  - { at: 2h, reactivate: bob@example.org, reason: room again }',
      '  - { at: 1h, opt-out: bob@example.org }',
      '  - { at: 5h, crash: sender }',
      '  - { at: 90m, crash: sender, restart: 10m }',
      '  - { at: 2h, subscribe: Zoe@example.org }',
      '  - { at: 1h, set: EXAMPLE.org, do: busy, until: 2h }',
      '  - { at: 1h, add: carol@example.org }',
      '  - { at: 4h, set: Zoe@example.org, reply: { code: 450 } }',
      '  - { at: 6h, bounce: BOB@return.example, about: nobody@example.com, status: 4.2.2 }',
    ].join('\n');
    const { events } = planOf(scenario({ fleet: 'fleet: { default: {}, example.org: {} }', more }));
    expect(unplaced(events)).toEqual([
      { at: H, action: 'opt-out', address: 'bob@example.org' },
      {
        at: H,
        action: 'set',
        subject: 'example.org',
        behaviors: [{ do: 'busy', at: 'connect', when: { until: 2 * H }, params: {} }],
      },
      { at: H, action: 'add', address: 'carol@example.org' },
      { at: 1.5 * H, action: 'crash', restartMs: 10 * 60_000 },
      { at: 2 * H, action: 'reactivate', address: 'bob@example.org', reason: 'room again', by: 'scenario' },
      { at: 2 * H, action: 'subscribe', address: 'Zoe@example.org' },
      { at: 3 * H, action: 'set', subject: 'default', behaviors: [] },
      {
        at: 4 * H,
        action: 'set',
        subject: 'zoe@example.org',
        behaviors: [{ do: 'reply', at: 'rcpt', when: {}, params: { code: 450, text: '', close: false } }],
      },
      { at: 5 * H, action: 'crash', restartMs: 0 },
      { at: 6 * H, action: 'bounce', to: 'BOB@return.example', about: 'nobody@example.com', status: '4.2.2' },
    ]);
  });
});
