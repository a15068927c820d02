// The same attempts as in `bare-loop.mjs` through all of Bouncelab: scenario plan, virtual clock, sender, queue,
// retry policy, fleet, event log with its hash.

import { runScenario } from '../dist/runner/run.js';

/** Contacts whose mailboxes are full; each is attempted four times. */
export function fullMailboxes({ contacts = 1000, intervalMs = 30 * 60_000, behaviors = FULL } = {}) {
  return {
    file: 'bench.yaml',
    name: 'bench',
    description: '',
    tags: [],
    seed: '42',
    policy: {
      name: 'bench',
      retry: {
        intervalsMs: [intervalMs],
        jitter: 0,
        attempts: { counting: 'total', total: 4 },
        windowMs: 30 * 3_600_000,
        windowFrom: 'mailing-start',
      },
      bounce: { hard: 'any-5xx', softBouncesToError: 4, overrides: [] },
    },
    wire: 'memory',
    store: 'memory',
    network: { latencyMs: 5 },
    fleet: { 'example.org': { behaviors, mailboxes: [] } },
    contacts: Array.from({ length: contacts }, (_, index) => ({
      address: `reader-${index + 1}@example.org`,
      status: 'active',
      softBounceStreak: 0,
    })),
    mailings: [
      {
        name: 'bench',
        kind: 'standard',
        at: 0,
        buildingMs: 5000,
        message: { subject: 'Hello', text: 'Hello', sizeBytes: 0 },
      },
    ],
    events: [],
    expectations: [],
  };
}

const FULL = [{ do: 'mailbox-full', at: 'rcpt', when: {}, params: { permanent: false } }];

/** @returns {Promise<{ wallMs: number, virtualMs: number, attempts: number }>} of one run, checked */
export async function engine(plan) {
  let attempts = 0;
  const result = await runScenario(plan, {
    onEvent: (event) => {
      if (event.type === 'attempt') attempts++;
    },
  });
  const { inProgress, state } = result.mailings.bench;
  if (inProgress !== 0 || state !== 'completed') throw new Error('the benchmark mailing did not complete');
  return { wallMs: result.wallMs, virtualMs: result.virtualMs, attempts };
}
