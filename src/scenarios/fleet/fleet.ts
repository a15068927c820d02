// Reads `sites` and `fleet` as plans, and keeps the names of domains and hosts to which the rest of the
// file may refer.

import { domainFault, domainKey, isDomain, shortened } from '../../base/domain-names.js';
import { WildcardIndex } from '../../base/wildcard-index.js';
import { canonicalName, DEFAULT_DOMAIN, type DomainPlan, type SitePlan } from '../../simulator/plan.js';
import type { Path } from '../../documents/locate.js';
import { readDomain } from './domain.js';
import type { Folders } from './profile.js';
import { isReachable, type NamedHost } from './hosts.js';
import { quoted } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';
import { findSharing } from './shared-hosts.js';
import { Memberships } from './memberships.js';
import { readSites, type WrittenSite } from './sites.js';

/** The domains of a scenario and the hosts that receive for them. */
export class Fleet {
  readonly domains = new Map<string, DomainPlan>();
  /** Hosts by their full names; without those of `default`, whose names depend on the recipient domain. */
  readonly hosts = new Map<string, NamedHost>();

  /** Sites, those that domains form by naming the same hosts included. */
  readonly sites = new Map<string, SitePlan>();
  /** The mailboxes of domains for which they were looked up. */
  private readonly mailboxes = new Map<DomainPlan, WildcardIndex<true>>();

  /** Whether there is a server for this domain. */
  serves(domain: string): boolean {
    const key = domainKey(domain);
    return (key !== DEFAULT_DOMAIN && this.domains.has(key)) || this.domains.has(DEFAULT_DOMAIN);
  }

  /** The plan of the servers that receive for a domain. */
  planOf(domain: string): DomainPlan | undefined {
    return this.domains.get(domainKey(domain)) ?? this.domains.get(DEFAULT_DOMAIN);
  }

  /** Whether a domain has a mailbox, or a pattern of mailboxes, for this local part. */
  hasMailbox(plan: DomainPlan, localPart: string): boolean {
    let named = this.mailboxes.get(plan);
    if (!named) {
      named = new WildcardIndex();
      for (const { pattern } of plan.mailboxes) named.add(pattern, true);
      this.mailboxes.set(plan, named);
    }
    return named.find(localPart) === true;
  }

  /** Whether a server for this domain can ever be reached. */
  reaches(domain: string): boolean {
    const plan = this.planOf(domain);
    const hosts = plan?.hosts ?? (plan?.site === undefined ? undefined : this.sites.get(plan.site)?.hosts);
    return plan !== undefined && isReachable({ ...plan, ...(hosts ? { hosts } : {}) });
  }

  /** Names to suggest when one is unknown. */
  get names(): string[] {
    return [...this.domains.keys(), ...this.sites.keys(), ...this.namedHosts];
  }

  /** Label of these names. */
  get namesAre(): string {
    if (this.sites.size > 0) return 'domains, sites and hosts of the fleet';
    return this.namedHosts.length > 0 ? 'domains and hosts of the fleet' : 'domains of the fleet';
  }

  /** Hosts that the file names. */
  private get namedHosts(): string[] {
    return [...this.hosts].filter(([, { line }]) => line > 0).map(([name]) => name);
  }
}

/**
 * Reads `sites` and `fleet`. A domain with problems is kept, so that references to it are not reported too.
 */
export function readFleet(reader: Reader, folders: Folders): Fleet {
  const fleet = new Fleet();
  const root: Path = ['fleet'];
  const sites = readSites(reader, folders);
  for (const [name, { plan }] of sites) fleet.sites.set(name, plan);
  const isGiven = reader.get(root) !== undefined;
  if (!isGiven && sites.size === 0) return fleet;
  if (isGiven && !reader.mapping(root)) return fleet;
  const sharing = findSharing(reader, sites, folders);
  const members = new Memberships(reader, sites, sharing);
  for (const { site, plan } of sharing.values()) fleet.sites.set(site, plan);
  const lines = new Map<string, number>();
  const linesOfBehaviors = new Map<string, number>();
  for (const written of reader.keys(root)) {
    const path = [...root, written];
    const key = domainKey(written);
    if (!isDomain(written)) {
      const fault = domainFault(written);
      reader.shape(
        path,
        `${quoted(shortened(written))} is not a domain${fault ? `: ${fault.message}` : ''}`,
        {
          on: 'key',
          hint: fault?.hint ?? 'write a domain such as example.org; list single mailboxes under `mailboxes`',
        },
      );
    }
    const first = lines.get(key);
    if (first !== undefined) {
      reader.problem(path, `the domain ${quoted(written)} appears twice`, {
        on: 'key',
        hint: `the first is on line ${first}; case is ignored`,
      });
    }
    lines.set(key, reader.line(path));
    const site = members.of(key, path);
    const context = { folders, hosts: fleet.hosts, site, lines: linesOfBehaviors };
    fleet.domains.set(key, readDomain(reader, path, key, context));
  }
  for (const [domain, site] of members.others())
    fleet.domains.set(domain, { site, behaviors: [], mailboxes: [] });
  members.refuseUnused();
  refuseDomains(reader, fleet, sites);
  nameSiteHosts(reader, fleet, sites);
  nameHosts(reader, fleet);
  return fleet;
}

/** Reports sites with the name of a domain: an expectation could not tell one from the other. */
function refuseDomains(reader: Reader, fleet: Fleet, sites: ReadonlyMap<string, WrittenSite>): void {
  for (const [name, { path }] of sites) {
    if (!fleet.domains.has(name)) continue;
    reader.problem(path, `${quoted(name)} is a domain of the fleet and cannot be the name of a site`, {
      on: 'key',
      hint: 'give the site another name',
    });
  }
}

/** Makes the hosts of sites known, each by the name that it has for itself. */
function nameSiteHosts(reader: Reader, fleet: Fleet, sites: ReadonlyMap<string, WrittenSite>): void {
  for (const [domain, plan] of fleet.domains) {
    const site = plan.site === undefined ? undefined : sites.get(plan.site);
    if (!site || plan.hosts) continue;
    for (const { name, hasAddress } of site.plan.hosts) {
      const known = canonicalName(name);
      if (fleet.hosts.has(known)) continue;
      fleet.hosts.set(known, { domain, hasAddress, line: reader.line(site.path) });
    }
  }
}

/** Names the hosts of domains that list none, and reports hosts with the name of a domain. */
function nameHosts(reader: Reader, fleet: Fleet): void {
  for (const [name, { line }] of fleet.hosts) {
    if (!fleet.domains.has(name)) continue;
    const written = reader.keys(['fleet']).find((key) => domainKey(key) === name)!;
    reader.problem(['fleet', written], `${quoted(name)} is a host and cannot be a domain of its own`, {
      on: 'key',
      hint: `the host is on line ${line}`,
    });
  }
  for (const [domain, plan] of fleet.domains) {
    if (plan.hosts || plan.site !== undefined || domain === DEFAULT_DOMAIN) continue;
    const recorded = plan.profile?.mx;
    const isFree = recorded !== undefined && !isTaken(fleet, recorded, domain);
    const name = isFree ? recorded : `mx.${domain}`;
    if (fleet.domains.has(name) || fleet.hosts.has(name)) continue;
    if (isFree) plan.hosts = [{ name, preference: 10, hasAddress: true, behaviors: [] }];
    fleet.hosts.set(name, { domain, hasAddress: true, line: 0 });
  }
}

/** Whether a name is a domain of the fleet, or a host of another domain. */
function isTaken(fleet: Fleet, name: string, domain: string): boolean {
  if (fleet.domains.has(name) || fleet.hosts.has(name)) return true;
  const owner = name.startsWith('mx.') ? name.slice('mx.'.length) : undefined;
  return owner !== undefined && owner !== domain && fleet.domains.has(owner);
}
