// A behavior that the loader reports as one that can never act has no effect in any run: without it, every event
// is the same. Lists are drawn; each runs over SMTP with the reported behavior and without it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shadowOf } from '../../src/scenarios/fleet/shadowing.js';
import type { BehaviorPlan } from '../../src/simulator/plan.js';
import { plan, type BehaviorSketch, type DomainSketch } from '../support/plans.js';
import { MINUTE, policy } from '../support/policies.js';
import { run } from '../support/runs.js';

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
      return {
        do: name,
        ...(stage === undefined ? {} : { stage }),
        ...more,
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
