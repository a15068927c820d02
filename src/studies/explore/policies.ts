// Draws policies with the keys of a policy file. Windows are short, so that experiments end soon, and often end
// exactly at the time of a retry.

import { parseDuration } from '../../base/units.js';
import type { Data } from './document.js';
import type { Draw } from './draw.js';
import { durationText } from './moments.js';
import { PROVIDER } from './sites.js';

const STEPS = ['5m', '10m', '30m', '45m', '1h', '6h'];
/** Most attempts that fit in a window, which limits the time of one experiment. */
const POINTS_MAX = 20;
const CODES = [421, 450, 451, 452, 550, 552, 554];
const STAGES = ['connect', 'ehlo', 'mail', 'rcpt', 'data', 'message'];

/** A whole policy without a name, written in the scenario itself. */
export function drawPolicy(draw: Draw): Data {
  const steps = draw.chance(0.6) ? [draw.one(STEPS)] : draw.many(2, 4, () => draw.one(STEPS));
  return {
    retry: {
      interval: steps.length === 1 ? steps[0]! : steps,
      ...draw.maybe(0.2, () => ({ jitter: draw.one([0.1, 0.5, 1]) })),
      attempts: drawBudget(draw),
      window: drawWindow(draw, steps),
      ...draw.maybe(0.3, () => ({ windowFrom: 'first-attempt' })),
      ...draw.maybe(0.5, () => ({ overrun: draw.one(['0s', '1ms', '1s', '5m', '2h']) })),
    },
    ...draw.maybe(0.5, () => ({ bounce: drawBounce(draw) })),
    ...draw.maybe(0.5, () => ({ destination: drawDestination(draw) })),
  };
}

function drawDestination(draw: Draw): { [key: string]: Data } {
  return {
    ...draw.maybe(0.3, () => ({ by: 'domain' })),
    ...draw.maybe(0.4, () => ({ connections: draw.int(1, 4) })),
    ...draw.maybe(0.3, () => ({ messagesPerConnection: draw.int(1, 4) })),
    ...draw.maybe(0.5, () => ({ providers: [PROVIDER] })),
    suspend: draw.one(['0s', '1m', '5m', '2h']),
    allSuspended: draw.one(['try', 'wait']),
    ...draw.maybe(0.5, () => ({ recover: draw.one(['0s', '10m', '2h']) })),
  };
}

function drawBudget(draw: Draw): Data {
  const budget = (): Data => (draw.chance(0.4) ? 'unlimited' : draw.int(1, 5));
  return draw.chance(0.5) ? budget() : { replied: budget(), unreachable: budget() };
}

/** A window that ends at a retry, or a little before or after it. */
function drawWindow(draw: Draw, steps: readonly string[]): string {
  const points = draw.one([1, 2, 3, draw.int(1, POINTS_MAX)]);
  let ms = 0;
  for (let n = 0; n < points; n++) ms += parseDuration(steps[Math.min(n, steps.length - 1)]!)!;
  return durationText(ms + draw.one([0, 0, 0, 1, -1, 1000, 90_000]));
}

function drawBounce(draw: Draw): { [key: string]: Data } {
  return {
    ...draw.maybe(0.4, () => ({ hard: 'recipient-only' })),
    ...draw.maybe(0.6, () => ({ softBouncesToError: draw.int(1, 5) })),
    ...draw.maybe(0.4, () => ({
      overrides: draw.many(1, 2, () => ({
        ...draw.one<{ [key: string]: Data }>([
          { code: draw.one(CODES) },
          { stage: draw.one(STAGES) },
          { cause: draw.one(['mailbox-full', 'server-busy', 'user-unknown', 'policy', 'spam-block']) },
          { code: draw.one(CODES), stage: draw.one(STAGES) },
          { domain: draw.one(['a.test', 'b.test', 'bücher.test', 'xn--bcher-kva.test']) },
        ]),
        treatAs: draw.one(['deferred', 'rejected']),
      })),
    })),
  };
}
