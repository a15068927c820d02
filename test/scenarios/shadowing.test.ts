// A behavior that the loader reports as one that can never act has no effect in any run: without it, every event
// is the same. Lists, and fleets with lists at every level, are drawn; each runs over SMTP with the reported behavior
// and without it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idleBehaviorsOf } from '../../src/scenarios/fleet/other-lists.js';
import { shadowOf } from '../../src/scenarios/fleet/shadowing.js';
import type { EventPlan, ScenarioPlan } from '../../src/scenarios/plan.js';
import type { BehaviorPlan, Family } from '../../src/simulator/plan.js';
import { plan, type BehaviorSketch, type DomainSketch } from '../support/plans.js';
import { MINUTE, policy } from '../support/policies.js';
import { run, runPlan } from '../support/runs.js';

const CONTACTS = ['bob@example.org', 'eve@example.org'];
const SHORT = policy({
  retry: { intervalsMs: [5 * MINUTE], attempts: { counting: 'total', total: 4 } },
});

type Kind = [name: string, stages: (string | undefined)[], more?: Record<string, unknown>];

/** What a mailbox can do; nothing that draws, since a draw depends on the place in the list. */
const OF_MAILBOX: Kind[] = [
  ['busy', ['rcpt', 'data', 'message']],
  ['nonexistent-user', ['rcpt', 'message']],
  ['disconnect', ['rcpt', 'data', 'body', 'message']],
  ['unresponsive', ['rcpt', 'message']],
  ['unresponsive', ['rcpt', 'data'], { for: '1m' }],
  ['garbled', ['rcpt', 'data', 'message']],
  ['garbled', ['rcpt', 'data'], { as: 'torn' }],
  ['slow', ['rcpt', 'data', 'message'], { delay: '4m' }],
  ['greylist', [undefined], { for: '7m' }],
  ['accept', [undefined]],
];
const OF_DOMAIN: Kind[] = [
  ...OF_MAILBOX,
  ['down', [undefined]],
  ['busy', ['connect', 'ehlo', 'mail']],
  ['disconnect', ['connect', 'mail']],
];
/** Where the recipient is not known, so that attempts mean nothing. */
const EARLY = new Set(['dial', 'connect', 'ehlo', 'mail']);

const time = fc.option(fc.constantFrom(1, 5, 6, 10, 12), { nil: undefined, freq: 2 });
const attempts = fc.option(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom(0, 1, 2, Infinity)), {
  nil: undefined,
  freq: 2,
});

function drawn(kinds: Kind[]): fc.Arbitrary<BehaviorSketch> {
  return fc
    .tuple(fc.constantFrom(...kinds), fc.nat(), time, time, attempts)
    .map(([[name, stages, more], nth, from, until, tries]) => {
      const stage = stages[nth % stages.length];
      const isEarly = name === 'down' || (stage !== undefined && EARLY.has(stage));
      const family = nth % 7 === 0 ? 'v6' : nth % 7 === 1 ? 'v4' : undefined;
      return {
        do: name,
        ...(stage === undefined ? {} : { stage }),
        ...more,
        ...(family ? { family } : {}),
        ...(from === undefined || (until !== undefined && from >= until) ? {} : { from: from * MINUTE }),
        ...(until === undefined ? {} : { until: until * MINUTE }),
        ...(tries && !isEarly ? { attempts: { from: tries[0], to: tries[0] + tries[1] } } : {}),
      };
    });
}

/** The list as the simulator has it. */
function planned(domain: DomainSketch, where: 'mailboxes' | 'behaviors'): BehaviorPlan[] {
  const { 'example.org': read } = plan({ fleet: { 'example.org': domain } }).fleet;
  return where === 'behaviors' ? read!.behaviors : read!.mailboxes[0]!.behaviors;
}

describe('a behavior that may act is not reported', () => {
  test.each<[string, BehaviorSketch[]]>([
    [
      'at an attempt that no other one answers',
      [
        { do: 'busy', attempts: { from: 1, to: 2 } },
        { do: 'mailbox-full', attempts: { from: 4, to: 9 } },
        { do: 'junk-block', attempts: { from: 2, to: 4 } },
      ],
    ],
    [
      'after the end of the other',
      [
        { do: 'nonexistent-user', until: 60 },
        { do: 'busy', until: 61 },
      ],
    ],
    [
      'before the start of the other, which may begin in mid-dialogue',
      [
        { do: 'disconnect', stage: 'message', from: 60 },
        { do: 'nonexistent-user', from: 60 },
      ],
    ],
    ['when the other only breaks the handshake', [{ do: 'tls-broken' }, { do: 'busy', stage: 'starttls' }]],
    ['for the recipients that a draw leaves', [{ do: 'nonexistent-user', share: 0.99 }, { do: 'busy' }]],
    ['over the other family of addresses', [{ do: 'nonexistent-user', family: 'v6' }, { do: 'busy' }]],
    [
      'over one family, when the other behavior is for the other',
      [
        { do: 'nonexistent-user', family: 'v6' },
        { do: 'busy', family: 'v4' },
      ],
    ],
    ['when the other only delays', [{ do: 'slow' }, { do: 'busy' }]],
    [
      'when one before lets the message in',
      [{ do: 'accept', until: 60 }, { do: 'disconnect', stage: 'message' }, { do: 'nonexistent-user' }],
    ],
  ])('%s', (_, list) => {
    const plans = planned({ mailboxes: { bob: list } }, 'mailboxes');
    expect(plans.map((_, i) => shadowOf(plans, i))).toEqual(plans.map(() => undefined));
  });

  test('in a dialogue that has passed the other when an event sets both', () => {
    const plans = planned(
      { mailboxes: { bob: [{ do: 'busy', stage: 'message' }, { do: 'busy' }] } },
      'mailboxes',
    );
    expect(shadowOf(plans, 0)).toBeDefined();
    expect(shadowOf(plans, 0, true)).toBeUndefined();
  });
});

describe.each([
  ['mailboxes', OF_MAILBOX],
  ['behaviors', OF_DOMAIN],
] as const)('in a list of %s', (where, kinds) => {
  const domainOf = (list: BehaviorSketch[]): DomainSketch =>
    where === 'behaviors' ? { behaviors: list } : { mailboxes: { '*': list } };

  test('a behavior that is said never to act has no effect', async () => {
    let reported = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(drawn([...kinds]), { minLength: 2, maxLength: 5 }), async (list) => {
        const plans = planned(domainOf(list), where);
        const idle = plans.map((_, i) => shadowOf(plans, i) !== undefined);
        const index = idle.lastIndexOf(true);
        if (index < 0) return;
        reported++;
        const play = async (behaviors: BehaviorSketch[]) => {
          const { events } = await run({
            fleet: { 'example.org': domainOf(behaviors) },
            contacts: CONTACTS,
            policy: SHORT,
          });
          return events.all;
        };
        expect(await play(list.toSpliced(index, 1))).toEqual(await play(list));
      }),
      { seed: 8, numRuns: 150 },
    );
    expect(reported).toBeGreaterThan(30);
  });
});

const listOf = (kinds: Kind[]) => fc.array(drawn(kinds), { maxLength: 2 });
/** Of one domain whose hosts others share: it acts only when the recipient is known. */
const hostLists = fc.array(listOf(OF_DOMAIN), { minLength: 1, maxLength: 2 });
const families = fc.constantFrom<Family[] | undefined>(undefined, ['v4'], ['v4', 'v6'], ['v6']);
const mailboxes = fc.dictionary(fc.constantFrom('bob', 'b*', '*'), listOf(OF_MAILBOX), { maxKeys: 2 });
const set = fc.option(
  fc.record({
    at: fc.constantFrom(1, 6).map((minutes) => minutes * MINUTE),
    subject: fc.constantFrom('example.org', 'bob@example.org', 'mx1.example.org', 'shared'),
    list: listOf(OF_MAILBOX),
  }),
  { nil: undefined },
);

/** A fleet with lists at every level; with a site, example.org shares its hosts with another domain. */
const drawnFleet = fc
  .record({
    hosts: hostLists,
    families,
    mailboxes,
    domain: listOf(OF_DOMAIN),
    site: fc.option(listOf(OF_MAILBOX)),
    set,
  })
  .map((parts): ScenarioPlan => {
    const named = Object.fromEntries(
      Object.entries(parts.mailboxes).sort(([a], [b]) => (a === '*' ? 1 : b === '*' ? -1 : 0)),
    );
    const isOfSite = parts.site !== null;
    const whole = plan({
      fleet: {
        'example.org': {
          hosts: parts.hosts.map((behaviors, index) => ({
            name: `mx${index + 1}`,
            preference: 10 + index,
            ...(parts.families ? { families: parts.families } : {}),
            behaviors,
          })),
          behaviors: parts.domain,
          mailboxes: named,
        },
        'other.org': { behaviors: parts.site ?? [] },
      },
      contacts: [...CONTACTS, 'eve@other.org'],
      policy: SHORT,
    });
    const { 'example.org': own, 'other.org': other } = whole.fleet;
    const hosts = own!.hosts!.map((host) => ({ ...host, name: `${host.name}.example.org` }));
    const subject = parts.set?.subject === 'shared' && !isOfSite ? 'example.org' : parts.set?.subject;
    const behaviors = parts.set ? planned({ mailboxes: { bob: parts.set.list } }, 'mailboxes') : [];
    const events: EventPlan[] =
      subject === undefined ? [] : [{ at: parts.set!.at, action: 'set', subject, behaviors }];
    if (!isOfSite) return { ...whole, events };
    // The list of the domain becomes that of the site: it may act before the recipient is known.
    return {
      ...whole,
      events,
      sites: { shared: { hosts, behaviors: own!.behaviors } },
      fleet: {
        'example.org': { site: 'shared', behaviors: other!.behaviors, mailboxes: own!.mailboxes },
        'other.org': { site: 'shared', behaviors: [], mailboxes: [] },
      },
    };
  });

function idleIn({ fleet, sites = {}, events }: ScenarioPlan): BehaviorPlan[] {
  const parts = { domains: new Map(Object.entries(fleet)), sites: new Map(Object.entries(sites)) };
  return [...idleBehaviorsOf(parts, events)].map(({ plan }) => plan);
}

/** A copy of a plan without one behavior; its copies of the others are the same. */
function without<T>(part: T, gone: BehaviorPlan): T {
  if (Array.isArray(part))
    return part.filter((one) => one !== gone).map((one) => without<unknown>(one, gone)) as T;
  if (typeof part !== 'object' || part === null) return part;
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => [key, without<unknown>(value, gone)]),
  ) as T;
}

test('a behavior that other lists are said to cover has no effect', async () => {
  const reported = { host: 0, site: 0, set: 0 };
  await fc.assert(
    fc.asyncProperty(drawnFleet, async (scenario) => {
      const gone = idleIn(scenario).at(-1);
      if (!gone) return;
      reported[scenario.sites ? 'site' : 'host']++;
      if (scenario.events.length > 0) reported.set++;
      const play = async (played: ScenarioPlan) => (await runPlan(played)).events.all;
      expect(
        await play({
          ...scenario,
          ...without({ fleet: scenario.fleet, sites: scenario.sites, events: scenario.events }, gone),
        }),
      ).toEqual(await play(scenario));
    }),
    { seed: 12, numRuns: 500 },
  );
  expect(Math.min(...Object.values(reported))).toBeGreaterThan(15);
});
