// RFC 5321, 3.6.2: a server does not relay unless it is told to. The fleet of the scenario says which domains
// a host serves; a message that a host of another domain takes never reaches its recipient.

import { parseAddress } from '../../base/addresses.js';
import { canonicalName, DEFAULT_DOMAIN, hostNameOf, type DomainPlan } from '../../simulator/plan.js';
import type { Invariant, PlannedFleet } from './invariant.js';

/** A server as events name it: its domain or its site, and its host. */
interface Server {
  domain: string;
  host: string;
}

export const takenByOwnHost: Invariant = {
  name: 'taken-by-own-host',
  rule: "a message is taken by a host of its recipient's domain, unless the host may relay (RFC 5321, 3.6.2)",
  anySender: true,
  watch: ({ history, servers }) => ({
    on: {
      'message.accepted': ({ domain, host, mailFrom, rcpt }) => {
        const wanted = parseAddress(rcpt)?.domain;
        if (!servers || wanted === undefined) return undefined;
        if (serves(servers, domain, wanted) || relays(servers, { domain, host })) return undefined;
        const what = `${host} of ${domain} took it, which receives no mail for ${wanted}`;
        return { what, mailing: history.mailingOf(mailFrom), address: rcpt };
      },
    },
  }),
};

function serves(servers: PlannedFleet, server: string, domain: string): boolean {
  const plan = planOf(servers, domain);
  if (siteOf(servers, server)) return plan?.site === server;
  const isNamed = (name: string): boolean => name !== DEFAULT_DOMAIN && Object.hasOwn(servers.fleet, name);
  return server === domain || (!isNamed(server) && !isNamed(domain));
}

function relays(servers: PlannedFleet, { domain, host }: Server): boolean {
  const site = siteOf(servers, domain);
  const plan = site ?? planOf(servers, domain);
  const nameOf = (name: string): string => (site ? canonicalName(name) : hostNameOf({ name }, domain));
  const own = plan?.hosts?.find(({ name }) => nameOf(name) === host);
  return own?.relay ?? plan?.relay ?? false;
}

function siteOf(
  { sites = {} }: PlannedFleet,
  name: string,
): NonNullable<PlannedFleet['sites']>[string] | undefined {
  return Object.hasOwn(sites, name) ? sites[name] : undefined;
}

function planOf({ fleet }: PlannedFleet, domain: string): DomainPlan | undefined {
  return Object.hasOwn(fleet, domain) ? fleet[domain] : fleet[DEFAULT_DOMAIN];
}
