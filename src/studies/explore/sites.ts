// Draws hosts that several domains share, in every way in which a scenario can say it: a site that domains name or
// that lists them, hosts that several domains name, a host of a site that one more domain names, and hosts of a
// provider that have a name for each domain.

import { drawHost, hasBothFamilies, type FleetContext, type Mapping, type Subject } from './hosts.js';

/** How a domain takes part in hosts that it may share. */
export interface Membership {
  /** Site that it names. */
  site?: string;
  /** Its site lists it. */
  isListed?: boolean;
  /** Hosts that it names itself. */
  hosts?: Mapping[];
  /** Whether it says what belongs to the hosts, such as `tls`. */
  ownsHosts: boolean;
  /** Only the name of its host shows that it belongs to a provider: no other domain has the host. */
  isAlone: boolean;
}

export interface DrawnSharing {
  sites: { [name: string]: Mapping };
  /** By domain. */
  members: Map<string, Membership>;
  /** Sites and shared hosts. */
  subjects: Subject[];
}

/** Matches the names of hosts below; a drawn policy may have it under `destination.providers`. */
export const PROVIDER = '*.hosting.test';

/** Which domains of an experiment share hosts; none without the fault `sites`. */
export function drawSharing(context: FleetContext): DrawnSharing {
  const { draw, faults, people } = context;
  const sharing: DrawnSharing = { sites: {}, members: new Map(), subjects: [] };
  if (!faults.has('sites')) return sharing;
  const { domains } = people;
  const chosen = draw.some(domains, 0.7);
  const first = chosen.length < 2 ? [...domains] : chosen;
  const rest = domains.filter((domain) => !first.includes(domain));
  const groups = rest.length > 0 && draw.chance(0.4) ? [first, rest] : [first];
  for (const [n, members] of groups.entries())
    draw.one([drawSite, drawSite, drawSharedHosts, drawProvider])(context, sharing, `s${n + 1}`, members);
  return sharing;
}

/** A site of `sites`, and sometimes a domain outside it that names one of its hosts. */
function drawSite(context: FleetContext, sharing: DrawnSharing, site: string, members: string[]): void {
  const { draw, people } = context;
  const hasNames = draw.chance(0.25);
  const hosts = hasNames
    ? [drawHost(context, `{domain}.${site}.hosting.test`, false)]
    : draw.many(1, 3, (n) => drawHost(context, `mx${n + 1}.${site}.test`, n > 0));
  const listed = draw.some(members, 0.4);
  addSite(context, sharing, site, { hosts, domains: listed.map((domain) => people.spelled(domain)) });
  const whole = { ownsHosts: false, isAlone: false };
  for (const domain of members)
    sharing.members.set(domain, listed.includes(domain) ? { ...whole, isListed: true } : { ...whole, site });
  const outside = people.domains.find((domain) => !members.includes(domain) && !sharing.members.has(domain));
  if (hasNames || outside === undefined || draw.chance(0.5)) return;
  const { behaviors: _given, relay: _its, ...common } = hosts[0]!;
  const own = draw.maybe(0.4, () => ({ more: { name: 'mx9', preference: draw.one([10, 20]) } }));
  sharing.members.set(outside, { ...whole, hosts: [common, ...('more' in own ? [own.more] : [])] });
}

function addSite(
  { draw, faults, behaviors }: FleetContext,
  sharing: DrawnSharing,
  site: string,
  { hosts, domains }: { hosts: Mapping[]; domains: string[] },
): void {
  sharing.sites[site] = {
    ...(domains.length > 0 ? { domains } : {}),
    ...(faults.has('tls') ? draw.maybe(0.6, () => ({ tls: true })) : {}),
    ...(faults.has('relay') ? draw.maybe(0.4, () => ({ relay: draw.chance(0.7) })) : {}),
    hosts,
    ...behaviors.of('domain', hosts.every(hasBothFamilies)),
  };
  sharing.subjects.push({ name: site, place: 'domain' });
  for (const { name, address } of hosts)
    if (address !== 'none')
      sharing.subjects.push({ name: (name as string).replace('{domain}.', ''), place: 'domain' });
}

/** Hosts that the domains name themselves: all of them the same, or sets that overlap. */
function drawSharedHosts(
  context: FleetContext,
  sharing: DrawnSharing,
  site: string,
  members: string[],
): void {
  const { draw } = context;
  const pool = draw.many(1, 3, (n) => drawHost(context, `mx${n + 1}.${site}.test`, false));
  const given = new Set<Mapping>();
  for (const [index, domain] of members.entries()) {
    const some = draw.some(pool, 0.7);
    const hosts = (some.length > 0 ? some : [draw.one(pool)]).map((host) => {
      const { behaviors: _given, ...common } = host;
      const isFirst = !given.has(host);
      given.add(host);
      return { ...(isFirst ? host : common), preference: draw.one([10, 10, 20]) };
    });
    sharing.members.set(domain, { hosts, ownsHosts: index === 0, isAlone: false });
  }
  for (const { name } of given) sharing.subjects.push({ name: name as string, place: 'domain' });
}

/** Hosts of one provider, each for one domain: only a pattern of the policy makes one site of them. */
function drawProvider(
  context: FleetContext,
  { members }: DrawnSharing,
  site: string,
  domains: string[],
): void {
  for (const [n, domain] of domains.entries()) {
    const hosts = [drawHost(context, `mx${n + 1}-${site}.hosting.test`, false)];
    members.set(domain, { hosts, ownsHosts: true, isAlone: true });
  }
}
