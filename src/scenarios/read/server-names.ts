// Names under `servers` of an expectation: domains, sites and hosts of the fleet.

import { DEFAULT_DOMAIN } from '../../simulator/plan.js';
import type { Path } from '../../documents/locate.js';
import { nameHint, quoted } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';
import type { Fleet } from '../fleet/fleet.js';
import { serverExpectationSchema } from '../schema/expectations.js';
import type { People } from './people.js';

/**
 * Reports a name without server, and figures that cannot be counted for that name.
 *
 * @param path of the key, which is the name as it is written
 * @param name lower case
 */
export function checkServerName(
  reader: Reader,
  path: Path,
  name: string,
  { fleet, people }: { fleet: Fleet; people: People },
): void {
  if (isServed(name, fleet, people)) return refuseUnclear(reader, path, name, fleet);
  const names = fleet.names.filter((known) => known !== DEFAULT_DOMAIN);
  const hint =
    name === DEFAULT_DOMAIN
      ? 'each domain that `default` serves has its own server: name the domain'
      : nameHint(name, names, fleet.namesAre);
  reader.problem(path, `the fleet has no server for ${quoted(String(path.at(-1)))}`, { on: 'key', hint });
}

/** A domain, a site or a host of the fleet, or a domain of a contact that `default` receives for. */
function isServed(name: string, fleet: Fleet, people: People): boolean {
  if (name === DEFAULT_DOMAIN) return false;
  if (fleet.hosts.has(name) || fleet.sites.has(name) || fleet.domains.has(name)) return true;
  return fleet.domains.has(DEFAULT_DOMAIN) && (people.domains()?.has(name) ?? true);
}

/** Reports figures of hosts that are asked of one domain, while other domains share the hosts. */
function refuseUnclear(reader: Reader, path: Path, name: string, fleet: Fleet): void {
  const site = fleet.planOf(name)?.site;
  if (site === undefined || fleet.hosts.has(name) || fleet.sites.has(name)) return;
  for (const field of reader.keys(path)) {
    if (field === 'accepted' || !Object.hasOwn(serverExpectationSchema.shape, field)) continue;
    const message = `\`${field}\` cannot be counted for one domain: others share the hosts of ${quoted(name)}`;
    const hint = `ask it of the site or of a host: \`${site}: { ${field}: ... }\``;
    reader.problem([...path, field], message, { on: 'key', hint });
  }
}
