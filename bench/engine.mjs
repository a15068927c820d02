// The same attempts as in `bare-loop.mjs` through all of Bouncelab: scenario file, virtual clock, sender, queue,
// retry policy, fleet, event log with its hash.

import { loadScenarioText } from '../dist/scenarios/load.js';
import { runScenario } from '../dist/runner/run.js';

/**
 * The plan of a mailing to contacts of one domain. Each is attempted `attempts` times if it is refused.
 *
 * @param {{ contacts: number, refuse?: boolean, attempts?: number, interval?: string, wire?: string, fault?: string }} options
 */
export function mailing({
  contacts,
  refuse = true,
  attempts = 4,
  interval = '30m',
  wire = 'memory',
  fault = 'mailbox-full',
}) {
  const source = `name: bench
wire: ${wire}
policy:
  retry: { interval: ${interval}, window: 30h, attempts: ${attempts}, counting: total }
fleet: { example.org: { behaviors: [${refuse ? fault : ''}] } }
audience: { generate: [{ count: ${contacts}, at: example.org, prefix: reader }] }
mailings: [{ name: bench, message: { subject: Hello, text: Hello } }]
expect: [{ at: end, bench: { inProgress: 0 } }]
`;
  const { plan, problems } = loadScenarioText('bench.yaml', source, { cwd: process.cwd() });
  if (!plan) throw new Error(`the scenario of the benchmark is invalid: ${problems[0].message}`);
  return plan;
}

/**
 * @param {object} plan of a mailing `bench`
 * @param {number} expected attempts
 * @returns {Promise<number>} wall milliseconds of one run, which is checked
 */
export async function engine(plan, expected) {
  let attempts = 0;
  const started = performance.now();
  const result = await runScenario(plan, {
    onEvent: ({ type }) => {
      if (type === 'attempt') attempts++;
    },
  });
  const wallMs = performance.now() - started;
  const { inProgress, state } = result.mailings.bench;
  if (inProgress !== 0 || state !== 'completed')
    throw new Error('the mailing of the benchmark did not complete');
  if (attempts !== expected) throw new Error(`${attempts} attempts were made, ${expected} were expected`);
  return wallMs;
}
