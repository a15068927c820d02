// Finds the domains of a fleet that name the same MX hosts: the same name is the same host, and such
// domains form a site, as do domains that are connected by several of them.

import { domainKey } from '../../base/domain-names.js';
import { DEFAULT_DOMAIN, hostNameOf, type HostPlan, type SitePlan } from '../../simulator/plan.js';
import type { Path } from '../../documents/locate.js';
import { quoted } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';
import { readProfile, type Folders } from './profile.js';
import type { Sharing, WrittenSite } from './sites.js';

interface Named {
  key: string;
  path: Path;
  hosts: string[];
}

/** @returns by domain, lower case, for each domain that names a host of another domain or of a site */
export function findSharing(
  reader: Reader,
  sites: ReadonlyMap<string, WrittenSite>,
  folders: Folders,
): Map<string, Sharing> {
  const siteOfHost = new Map<string, WrittenSite>();
  for (const site of sites.values()) for (const { name } of site.plan.hosts) siteOfHost.set(name, site);
  const domains = namedHosts(reader);
  const byHost = new Map<string, Named[]>();
  for (const domain of domains)
    for (const host of domain.hosts) byHost.set(host, [...(byHost.get(host) ?? []), domain]);
  const sharings = new Map<string, Sharing>();
  const seen = new Set<Named>();
  for (const domain of domains) {
    if (seen.has(domain)) continue;
    const members = connected(domain, byHost, seen);
    const hosts = [...new Set(members.flatMap((member) => member.hosts))];
    const written = hosts.map((host) => siteOfHost.get(host)).find((site) => site !== undefined);
    if (members.length < 2 && !written) continue;
    refuseSecondSite(reader, members, siteOfHost);
    const sharing = written
      ? { site: written.name, plan: written.plan, isByHosts: true }
      : { site: labelOf(hosts), plan: readCommon(reader, members, folders), isByHosts: true };
    for (const { key } of members) sharings.set(key, sharing);
  }
  return sharings;
}

/**
 * Adds the hosts of a domain to those of its site.
 *
 * @param hosts of the domain, with their places in the file, if they have one
 * @param lines where the behaviors of hosts are given, by host; those of this domain are added
 * @returns the hosts that are MX of the domain
 */
export function shareHosts(
  reader: Reader,
  { plan, site }: Sharing,
  hosts: readonly { host: HostPlan; path: Path | undefined }[],
  lines: Map<string, number>,
): HostPlan[] {
  return hosts.map(({ host, path }) => {
    const first = plan.hosts.find(({ name }) => name === host.name);
    if (!first) plan.hosts.push({ ...host });
    if (!path) return host;
    const at = [...path, 'behaviors'];
    if (reader.get(at) !== undefined) {
      const line = lines.get(host.name);
      if (line !== undefined || (first && first.behaviors.length > 0)) {
        reader.problem(at, `the behaviors of the host ${quoted(host.name)} are given twice`, {
          on: 'key',
          hint: `${line === undefined ? `the first are in the site ${quoted(site)}` : `the first are on line ${line}`}; a host that several domains share has one list`,
        });
      } else lines.set(host.name, reader.line(at));
    }
    if (first?.behaviors.length === 0) first.behaviors = host.behaviors;
    if (first && host.relay !== undefined) {
      if (first.relay !== undefined && first.relay !== host.relay)
        reader.problem(
          [...path, 'relay'],
          `the host ${quoted(host.name)} has \`relay: ${first.relay}\` in another place`,
          { on: 'key', hint: 'a host that several domains share relays for all of them or for none' },
        );
      first.relay ??= host.relay;
    }
    const families = ({ families = ['v4'] }: HostPlan): string => families.join();
    if (first?.hasAddress && host.hasAddress && families(first) !== families(host)) {
      reader.problem(
        [...path, 'name'],
        `the host ${quoted(host.name)} has addresses of other families than where it is named first`,
        { hint: 'write the same `address` wherever the host is named' },
      );
    }
    if (first && first.hasAddress !== host.hasAddress) {
      reader.problem(
        [...path, 'name'],
        `the host ${quoted(host.name)} has an address in one place and none in another`,
        {
          hint: 'write `address: none` wherever the host is named, or nowhere',
        },
      );
    }
    return { ...host, behaviors: [] };
  });
}

/** Names of hosts as they are written, before anything is checked. A domain that lists none has `mx`. */
function namedHosts(reader: Reader): Named[] {
  const fleet = reader.get(['fleet']);
  if (typeof fleet !== 'object' || fleet === null || Array.isArray(fleet)) return [];
  return reader.keys(['fleet']).flatMap((written) => {
    const path = ['fleet', written];
    const key = domainKey(written);
    const hosts: unknown = reader.get([...path, 'hosts']) ?? [{ name: 'mx' }];
    const isOfSite = reader.get([...path, 'site']) !== undefined;
    if (key === DEFAULT_DOMAIN || isOfSite || !Array.isArray(hosts)) return [];
    const names = hosts.flatMap((host: unknown) => {
      const name = typeof host === 'object' && host !== null && 'name' in host ? host.name : undefined;
      return typeof name === 'string' ? [hostNameOf({ name: domainKey(name) }, key)] : [];
    });
    return [{ key, path, hosts: [...new Set(names)] }];
  });
}

function connected(first: Named, byHost: ReadonlyMap<string, Named[]>, seen: Set<Named>): Named[] {
  const members = [first];
  seen.add(first);
  for (const { hosts } of members) {
    for (const other of hosts.flatMap((host) => byHost.get(host)!)) {
      if (seen.has(other)) continue;
      seen.add(other);
      members.push(other);
    }
  }
  return members;
}

function refuseSecondSite(
  reader: Reader,
  members: readonly Named[],
  siteOfHost: ReadonlyMap<string, WrittenSite>,
): void {
  let first: { host: string; site: WrittenSite } | undefined;
  for (const { path, hosts } of members) {
    for (const [index, host] of hosts.entries()) {
      const site = siteOfHost.get(host);
      if (!site) continue;
      first ??= { host, site };
      if (site === first.site) continue;
      reader.problem(
        [...path, 'hosts', index, 'name'],
        `${quoted(host)} is a host of the site ${quoted(site.name)}, and ${quoted(first.host)} of the site ${quoted(first.site.name)}`,
        {
          hint: 'the hosts of a domain belong to one site: leave one of them out, or make one site of the two',
        },
      );
      return;
    }
  }
}

/** One host gives its name to the site; of several, the first one and the number of others. */
function labelOf([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} +${others.length}`;
}

/** `profile`, `tls` and `relay`, which belong to the hosts and so are the same for all domains that share them. */
function readCommon(reader: Reader, members: readonly Named[], folders: Folders): SitePlan {
  const plan: SitePlan = { hosts: [], behaviors: [] };
  const giving = (key: string): Path[] =>
    members.map(({ path }) => [...path, key]).filter((path) => reader.get(path) !== undefined);
  for (const key of ['profile', 'tls', 'relay'] as const) {
    const [first, ...others] = giving(key);
    if (!first) continue;
    if (key !== 'profile') plan[key] = reader.get(first) === true;
    else {
      const profile = readProfile(reader, first, folders);
      if (profile) plan.profile = profile;
    }
    for (const path of others) {
      if (reader.get(path) === reader.get(first)) continue;
      const owner = quoted(String(first[1]));
      reader.problem(
        path,
        `\`${key}\` is another one than that of ${owner}, which shares hosts with this domain`,
        {
          hint: `the other is on line ${reader.line(first)}; give it to one of the domains, or make a site of them under \`sites\``,
        },
      );
    }
  }
  return plan;
}
