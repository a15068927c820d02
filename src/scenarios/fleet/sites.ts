// Reads `sites`: receiving hosts that several domains share, with the domains that they bring along.

import { domainKey, isDomain, isLabel } from '../../base/domain-names.js';
import { DOMAIN_MARK, type HostPlan, type SitePlan } from '../../simulator/plan.js';
import type { Path } from '../../documents/locate.js';
import { quoted } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';
import { siteSchema } from '../schema/fleet.js';
import { readBehaviorList } from './behavior.js';
import { readHost } from './hosts.js';
import { profilePlan, type Profile } from './profile-file.js';
import { readWholeProfile, type Folders } from './profile.js';

/** A site as it is written. */
export interface WrittenSite {
  name: string;
  plan: SitePlan;
  path: Path;
  /** Domains that it lists, or else those of its profile, lower case. */
  domains: string[];
  /** Whether it lists them itself. */
  listsDomains: boolean;
}

/** A site as a domain takes part in it. */
export interface Sharing {
  /** Its name: a key of `sites`, or else made of the names of its hosts. */
  site: string;
  plan: SitePlan;
  /** Whether the domain names hosts itself; else it takes those of the site. */
  isByHosts: boolean;
}

/** Reads `sites`, keyed by name in lower case. A site with problems is kept. */
export function readSites(reader: Reader, folders: Folders): Map<string, WrittenSite> {
  const sites = new Map<string, WrittenSite>();
  const root: Path = ['sites'];
  if (reader.get(root) === undefined || !reader.mapping(root)) return sites;
  /** Line and site of each host. */
  const hosts = new Map<string, { site: string; line: number }>();
  for (const written of reader.keys(root)) {
    const path = [...root, written];
    const name = written.toLowerCase();
    if (!isLabel(name)) {
      reader.shape(path, `${quoted(written)} is not the name of a site`, {
        on: 'key',
        hint: 'write letters, digits and hyphens, such as yahoo; its domains are listed under `domains`',
      });
    }
    const first = sites.get(name);
    if (first) {
      reader.problem(path, `the site ${quoted(written)} appears twice`, {
        on: 'key',
        hint: `the first is on line ${reader.line(first.path)}; case is ignored`,
      });
      continue;
    }
    sites.set(name, readSite(reader, path, folders, name, hosts));
  }
  refuseSharedDomains(reader, sites);
  return sites;
}

function readSite(
  reader: Reader,
  path: Path,
  folders: Folders,
  name: string,
  known: Map<string, { site: string; line: number }>,
): WrittenSite {
  const plan: SitePlan = { hosts: [], behaviors: [] };
  const site: WrittenSite = { name, plan, path, domains: [], listsDomains: false };
  if (reader.get(path) !== null && !reader.object(siteSchema, path)) return site;
  const has = (key: string): boolean => reader.get([...path, key]) !== undefined;
  const profile = has('profile') ? readWholeProfile(reader, [...path, 'profile'], folders) : undefined;
  if (profile) plan.profile = profilePlan(profile);
  if (has('tls')) plan.tls = reader.read(siteSchema.shape.tls, [...path, 'tls']) === true;
  if (has('relay')) plan.relay = reader.read(siteSchema.shape.relay, [...path, 'relay']) === true;
  site.listsDomains = has('domains');
  site.domains = site.listsDomains
    ? readDomains(reader, [...path, 'domains'])
    : (profile?.domains ?? []).filter(isDomain).map(domainKey);
  plan.hosts = has('hosts')
    ? readSiteHosts(reader, [...path, 'hosts'], site, known)
    : [{ name: hostOf(profile, name, known), preference: 10, hasAddress: true, behaviors: [] }];
  const behaviors = [...path, 'behaviors'];
  if (has('behaviors'))
    plan.behaviors = readBehaviorList(reader, behaviors, { scope: 'domain', profile: plan.profile });
  return site;
}

function readDomains(reader: Reader, path: Path): string[] {
  const domains: string[] = [];
  reader.items(path).forEach((item, index) => {
    const at = [...path, index];
    if (typeof item !== 'string' || !isDomain(item)) {
      reader.shape(at, `${quoted(String(item))} is not a domain`, {
        hint: 'write a domain such as example.org',
      });
      return;
    }
    const domain = domainKey(item);
    if (domains.includes(domain)) reader.problem(at, `the domain ${quoted(item)} appears twice in this list`);
    else domains.push(domain);
  });
  return domains;
}

function readSiteHosts(
  reader: Reader,
  path: Path,
  { name: site, plan: { profile } }: WrittenSite,
  known: Map<string, { site: string; line: number }>,
): HostPlan[] {
  const hosts: HostPlan[] = [];
  reader.items(path).forEach((_item, index) => {
    const at = [...path, index];
    const host = readHost(reader, at, profile);
    if (!host || !isSiteHostName(reader, host.name, [...at, 'name'])) return;
    const name = host.name.includes('.') ? host.name : `${host.name}.${site}`;
    const first = known.get(name);
    if (first) {
      reader.problem([...at, 'name'], `the host ${quoted(name)} appears twice`, {
        hint:
          first.site === site
            ? `the first is on line ${first.line}`
            : `the first is on line ${first.line}, in the site ${quoted(first.site)}: a host belongs to one site`,
      });
      return;
    }
    known.set(name, { site, line: reader.line([...at, 'name']) });
    hosts.push({ ...host, name });
  });
  return hosts;
}

function isSiteHostName(reader: Reader, name: string, path: Path): boolean {
  const mark = `${DOMAIN_MARK}.`;
  if (isDomain(name.startsWith(mark) ? name.slice(mark.length) : name)) return true;
  reader.shape(path, `${quoted(name)} is not the name of a host`, {
    hint: `write mx1, to which the name of the site is added, a whole name such as mx1.example.net, or ${DOMAIN_MARK}.example.net`,
  });
  return false;
}

/** The host of a site that lists none. Providers that name hosts per customer have a placeholder there. */
function hostOf(
  profile: Profile | undefined,
  site: string,
  known: Map<string, { site: string; line: number }>,
): string {
  const [first = ''] = profile?.mx ?? [];
  const perCustomer = first.replace(/^\{[^}]*\}\./, '');
  if (!isDomain(perCustomer)) return `mx.${site}`;
  const host = (perCustomer === first ? first : `${DOMAIN_MARK}.${perCustomer}`).toLowerCase();
  if (known.has(host)) return `mx.${site}`;
  known.set(host, { site, line: 0 });
  return host;
}

/** Reports a domain that two sites list. */
function refuseSharedDomains(reader: Reader, sites: Map<string, WrittenSite>): void {
  const owners = new Map<string, WrittenSite>();
  for (const site of sites.values()) {
    for (const domain of site.domains) {
      const owner = owners.get(domain);
      owners.set(domain, site);
      if (!owner) continue;
      const at = site.listsDomains ? [...site.path, 'domains'] : site.path;
      reader.problem(at, `the domain ${quoted(domain)} belongs to two sites`, {
        on: 'key',
        hint: `the other is ${quoted(owner.name)}, on line ${reader.line(owner.path)}; list the domains of each under \`domains\``,
      });
    }
  }
}
