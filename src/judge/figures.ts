// The figures of a scenario's result, from the tally of its run.

import { sumLost } from '../results/tally/lost.js';
import { resultOf } from '../results/tally/mailing.js';
import type { Tally } from '../results/tally/tally.js';
import type { ScenarioResult } from '../results/result.js';
import type { ScenarioPlan } from '../scenarios/plan.js';

/** The figures of a result. */
export type ResultFigures = Pick<ScenarioResult, 'attempts' | 'mailings' | 'statuses' | 'lost' | 'servers'>;

export function figuresOf(plan: ScenarioPlan, tally: Tally): ResultFigures {
  const mailings: ScenarioResult['mailings'] = {};
  for (const [name, mailing] of tally.mailings) mailings[name] = resultOf(mailing);
  return {
    attempts: tally.attempts,
    mailings,
    statuses: {
      active: tally.count('active'),
      error: tally.count('error'),
      optOut: tally.count('opt-out'),
    },
    lost: {
      ...sumLost(Object.values(mailings).map(({ lost }) => lost)),
      expected: plan.expectations.some(({ checks }) => checks.some(({ kind }) => kind === 'lost')),
      groups: tally.lost.largest(),
    },
    servers: tally.servers.results(),
  };
}
