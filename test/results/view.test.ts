// The view of a scenario is computed from its events alone and has the figures of run.json; stories have
// the dialogue of each attempt.

import { describe, expect, test } from 'vitest';
import { ViewFold } from '../../src/results/view/fold.js';
import { deliveriesOf } from '../../src/results/view/story.js';
import type { ScenarioView } from '../../src/results/view/view.js';
import type { RetryPolicy } from '../../src/policy/retry-policy.js';
import type { RunEvent } from '../../src/events/types.js';
import { readers } from '../support/plans.js';
import { EMMA, MINUTE, policy } from '../support/policies.js';
import { run } from '../support/runs.js';

const HOUR = 3_600_000;

const SKETCH = {
  fleet: {
    'example.org': {
      mailboxes: {
        full: { do: 'mailbox-full' },
        ghost: { do: 'nonexistent-user' },
        later: { do: 'busy', stage: 'rcpt', attempts: { from: 1, to: 2 } },
      },
    },
    'down.test': { behaviors: [{ do: 'down' }] },
    'blocked.test': { behaviors: [{ do: 'blocklisted' }] },
  },
  contacts: [
    'full@example.org',
    'ghost@example.org',
    'later@example.org',
    ...readers(20),
    ...readers(5, 'down.test'),
    ...readers(3, 'blocked.test'),
  ],
};

function view(
  events: readonly RunEvent[],
  options: ConstructorParameters<typeof ViewFold>[0] = {},
): ScenarioView {
  const fold = new ViewFold({ policy: EMMA, ...options });
  for (const event of events) fold.read(event);
  return fold.result;
}

test('the figures are those of run.json', async () => {
  const { result, events } = await run(SKETCH);
  const { mailings, hosts, endedAt } = view(events.all);
  const { causes, lost, ...figures } = result.mailings['news']!;
  expect(mailings[0]).toMatchObject(figures);
  expect(figures.recipients).toBe(31);
  for (const cause of mailings[0]!.causes) expect(cause.soft + cause.hard).toBe(causes[cause.cause] ?? 0);
  for (const host of hosts) {
    expect(host).toMatchObject({
      opened: result.servers[host.domain]!.connections,
      accepted: result.servers[host.domain]!.accepted,
    });
    expect(host.peak).toBe(result.servers[host.domain]!.peakConnections);
  }
  expect(endedAt).toBe(result.virtualMs);
  expect(lost.total).toBe(view(events.all).changes.filter(({ to }) => to === 'error').length);
});

test('the curve ends with the figures, and its sum is the same at every time', async () => {
  const { events, result } = await run(SKETCH);
  const { curve, recipients } = view(events.all).mailings[0]!;
  for (let i = 0; i < curve.t.length; i++) {
    const sum =
      curve.inProgress[i]! + curve.delivered[i]! + curve.soft[i]! + curve.hard[i]! + curve.withdrawn[i]!;
    expect(sum).toBeLessThanOrEqual(recipients);
  }
  const figures = result.mailings['news']!;
  expect(curve.delivered.at(-1)).toBe(figures.delivered);
  expect(curve.soft.at(-1)).toBe(figures.bounced.soft);
  expect(curve.hard.at(-1)).toBe(figures.bounced.hard);
  expect(curve.inProgress.at(-1)).toBe(0);
});

describe('a story', () => {
  const told = async (address: string): Promise<ReturnType<typeof deliveriesOf>> => {
    const { events } = await run(SKETCH);
    const seen = view(events.all);
    return deliveriesOf(
      seen,
      seen.contacts.find((contact) => contact.address === address)!,
    );
  };

  test('has every attempt with its dialogue and the rule of the decision after it', async () => {
    const [delivery] = await told('later@example.org');
    expect(delivery!.attempts.map(({ n, outcome }) => [n, outcome])).toEqual([
      [1, 'deferred'],
      [2, 'deferred'],
      [3, 'accepted'],
    ]);
    const said = delivery!.attempts.map(({ lines }) =>
      lines.filter(({ kind }) => kind === '>').map(({ text }) => text),
    );
    for (const lines of said) {
      expect(lines).toContainEqual(expect.stringMatching(/^MAIL FROM:<bounce\+news\+later=example\.org/));
      expect(lines).toContain('RCPT TO:<later@example.org>');
      expect(lines.filter((line) => line.startsWith('RCPT'))).toHaveLength(1);
    }
    expect(delivery!.attempts[1]!.decision.text).toMatch(/Tried again at 1h00m05s .*2 of 4/);
    expect(delivery!.attempts[1]!.decision.rule).toMatch(/Rule 5/);
    expect(delivery!.attempts[2]!.decision.rule).toMatch(/Rule 3/);
  });

  test('of one whose host is down counts against the window alone', async () => {
    const [delivery] = await told('reader-1@down.test');
    expect(delivery!.attempts).toHaveLength(61);
    expect(delivery!.attempts[0]!.session).toBeUndefined();
    expect(delivery!.attempts[0]!.decision.text).toMatch(/only the window of 30h00m ends these/);
    const last = delivery!.attempts.at(-1)!;
    expect(last.startedAt - delivery!.attempts[0]!.startedAt).toBe(30 * HOUR);
    expect(last.decision.text).toMatch(/window of 30h00m, which ends at 30h00m05s/);
  });

  test.each<[string, Partial<RetryPolicy['retry']>, RegExp]>([
    [
      'waited for a connection for too long',
      { overrunMs: 4 * MINUTE },
      /was due at 30m05s waited for a connection until 34m05s, when the window of 30m and its overrun of 4m ended/,
    ],
    [
      'ended too late for the next attempt',
      { intervalsMs: [10 * MINUTE], windowMs: 10 * MINUTE, overrunMs: 0 },
      /the next attempt would begin after the window of 10m\./,
    ],
    [
      'has its next place on the grid after the window',
      { windowMs: 20 * MINUTE },
      /the next attempt would lie outside the window of 20m, which ends at 20m05s/,
    ],
  ])('of one that %s', async (_what, retry, said) => {
    // One contact waits for one of five connections, each of which is silent for ten minutes.
    const silent = { do: 'unresponsive', stage: 'message' };
    const rules = policy({ retry: { windowMs: 30 * MINUTE, ...retry } });
    const { events } = await run({
      fleet: {
        'example.org': {
          behaviors: retry.intervalsMs
            ? [silent]
            : [{ do: 'busy', stage: 'rcpt', attempts: { from: 1, to: 1 } }, silent],
        },
      },
      contacts: readers(6),
      policy: rules,
    });
    const seen = view(events.all, { policy: rules });
    const decisions = seen.contacts.map(
      (contact) => deliveriesOf(seen, contact)[0]!.attempts.at(-1)!.decision,
    );
    const found = decisions.filter(({ text }) => said.test(text));
    expect(found).not.toEqual([]);
    expect(new Set(found.map(({ rule }) => rule))).toEqual(new Set(['Rule 6, giving up']));
  });

  test('of one lost to a greeting names rule 13 and the greeting', async () => {
    const [delivery] = await told('reader-2@blocked.test');
    expect(delivery!.state).toBe('hard-bounced');
    expect(delivery!.attempts[0]!.decision.rule).toMatch(/13/);
    expect(delivery!.attempts[0]!.lines.map(({ kind }) => kind)).toContain('<');
    expect(delivery!.attempts[0]!.said).toMatch(/^554 /);
  });
});

test('with too many contacts those with a failure have stories, and the others are counted', async () => {
  const { events } = await run(SKETCH);
  const { contacts, contactsTotal } = view(events.all, { limits: { plain: 5, all: 12 } });
  expect(contactsTotal).toBe(31);
  expect(contacts).toHaveLength(12);
  const trouble = contacts.filter(({ deliveries }) => deliveries.some(({ state }) => state !== 'delivered'));
  expect(trouble.length).toBeGreaterThanOrEqual(8);
});

test('with too many attempts the later ones are counted, and the page stays small', async () => {
  const { events } = await run(SKETCH);
  const all = view(events.all);
  const few = view(events.all, { limits: { attempts: 20 } });
  expect(few.attempts).toHaveLength(20);
  const made = ({ contacts, journeys }: ScenarioView): number =>
    contacts
      .flatMap(({ deliveries }) => deliveries)
      .reduce(
        (sum, { journey, attemptsLeftOut = 0 }) => sum + journeys[journey]!.length + attemptsLeftOut,
        0,
      );
  expect(made(few)).toBe(made(all));
});

test('unknown types of events are ignored', async () => {
  const { events } = await run(SKETCH);
  const strange = { seq: 0, t: 0, type: 'comet.passed', tail: 3 } as unknown as RunEvent;
  const mixed = events.all.flatMap((event) => [event, { ...strange, t: event.t }]);
  expect(view(mixed).mailings).toEqual(view(events.all).mailings);
});
