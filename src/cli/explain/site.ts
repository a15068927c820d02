// The site of a contact: the hosts of its domain, and the other domains for which they receive.

import { domainOf } from '../../base/addresses.js';
import { DEFAULT_DOMAIN } from '../../simulator/plan.js';
import type { SiteFacts } from '../../reporters/terminal/explain.js';
import type { ScenarioPlan } from '../../scenarios/plan.js';

/** @returns undefined when the hosts of the contact's domain receive for no other */
export function siteOf({ fleet, policy }: ScenarioPlan, address: string): SiteFacts | undefined {
  const domain = domainOf(address);
  const { site } = fleet[domain] ?? fleet[DEFAULT_DOMAIN] ?? {};
  if (site === undefined) return undefined;
  const others = Object.keys(fleet).filter((one) => one !== domain && fleet[one]!.site === site);
  if (others.length === 0) return undefined;
  return { name: site, others, isOneDestination: policy.destination?.by !== 'domain' };
}
