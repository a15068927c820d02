// What the hosts that several domains share saw under each policy.

import { isDeepStrictEqual } from 'node:util';
import type { ScenarioResult } from '../result.js';
import type { ComparedSite, SiteFigures } from './comparison.js';

/** @returns the sites whose figures are not the same under all policies, in the order in which they were used */
export function comparedSites(results: readonly ScenarioResult[]): ComparedSite[] {
  const names = new Set(
    results.flatMap(({ servers }) =>
      Object.entries(servers).flatMap(([name, { domains }]) => (domains ? [name] : [])),
    ),
  );
  return [...names].flatMap((site) => {
    const figures = results.map(({ servers }) => figuresOf(servers[site]));
    if (figures.every((one) => isDeepStrictEqual(one, figures[0]))) return [];
    const domains = new Set(results.flatMap(({ servers }) => Object.keys(servers[site]?.domains ?? {})));
    return [{ site, domains: [...domains], figures }];
  });
}

function figuresOf(server: ScenarioResult['servers'][string] | undefined): SiteFigures {
  const { connections = 0, peakConnections = 0, refused = 0, domains = {} } = server ?? {};
  const limited = Object.values(domains).reduce((sum, share) => sum + share.limited, 0);
  return { connections, peakConnections, refused, limited };
}
