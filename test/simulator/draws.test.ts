// Shares and chances: as frequent as configured, and the draw of a recipient does not depend on the other
// recipients.

import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import type { Situation } from '../../src/simulator/behaviors/behavior.js';
import { holds } from '../../src/simulator/host/conditions.js';
import { readers } from '../support/plans.js';
import { run } from '../support/runs.js';

const DRAWS = 100_000;

function situation(recipient: string, attempt: number): Situation {
  return {
    point: 'rcpt',
    scope: 'domain',
    now: 0,
    domain: 'example.org',
    host: 'mx.example.org',
    client: '127.0.0.1',
    sender: 'news@sender.test',
    recipient,
    attempt,
    isHelo: false,
    size: 0,
    messages: 0,
    connections: 0,
    notes: new Map(),
    random: seededRandom('1'),
    date: () => new Date(0),
  };
}

/** Four and a half standard deviations: a fair draw exceeds them once in 150,000 times. */
const within = (p: number): number => 4.5 * Math.sqrt(DRAWS * p * (1 - p));

describe(`over ${DRAWS} draws`, () => {
  it.each([0.1, 0.97])('a share of %d is that share of the recipients', (share) => {
    const random = seededRandom('1');
    let hits = 0;
    for (let i = 0; i < DRAWS; i++) {
      if (holds({ share }, situation(`reader-${i}@example.org`, 1), random, 'domain 0 busy')) hits++;
    }
    expect(Math.abs(hits - DRAWS * share)).toBeLessThan(within(share));
  });

  it.each([0.02, 0.5])('a chance of %d is that share of the attempts', (chance) => {
    const random = seededRandom('1');
    let hits = 0;
    for (let i = 0; i < DRAWS; i++) {
      const asked = situation(`reader-${i % 1000}@example.org`, 1 + Math.floor(i / 1000));
      if (holds({ chance }, asked, random, 'domain 0 busy')) hits++;
    }
    expect(Math.abs(hits - DRAWS * chance)).toBeLessThan(within(chance));
  });

  it('two behaviors with the same chance are drawn independently', () => {
    const random = seededRandom('1');
    let both = 0;
    for (let i = 0; i < DRAWS; i++) {
      const asked = situation(`reader-${i}@example.org`, 1);
      const isFirst = holds({ chance: 0.1 }, asked, random, 'domain 0 busy');
      if (isFirst && holds({ chance: 0.1 }, asked, random, 'domain 1 busy')) both++;
    }
    expect(Math.abs(both - DRAWS * 0.01)).toBeLessThan(within(0.01));
  });
});

it('another contact changes nothing for the others', async () => {
  const fleet = {
    'example.org': {
      behaviors: [
        { do: 'nonexistent-user', share: 0.2 },
        { do: 'busy', stage: 'rcpt', chance: 0.4 },
        { do: 'disconnect', stage: 'data', chance: 0.2 },
      ],
    },
  };
  const some = readers(80);
  const fates = async (contacts: string[]): Promise<unknown[]> => {
    const { events } = await run({ fleet, contacts });
    return some.map((address) => [
      address,
      events.attempts(address).map(({ outcome, stage, reply }) => `${outcome} ${stage} ${reply?.code}`),
      events.ends(address).map(({ state }) => state),
    ]);
  };
  const alone = await fates(some);
  expect(
    await fates(['ann@example.org', ...some.slice(0, 40), 'zoe@example.org', ...some.slice(40)]),
  ).toEqual(alone);
  expect(new Set(alone.map((fate) => JSON.stringify((fate as unknown[]).slice(1)))).size).toBeGreaterThan(5);
});

it('a behavior at every stage with a share does not act before the recipient is known', () => {
  const random = seededRandom('1');
  for (const when of [{ share: 1 }, { attempts: { from: 1, to: 9 } }]) {
    expect(holds(when, { ...situation('', 1), point: 'connect' }, random, 'domain 0 accept')).toBe(false);
    expect(holds(when, situation('bob@example.org', 1), random, 'domain 0 accept')).toBe(true);
  }
});
