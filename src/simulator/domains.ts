// The recipient domains of a fleet with their MX records and hosts. Hosts are created at the first lookup,
// so that a fleet of thousands of domains costs only the part of it that is used. The domains of one site
// share its hosts.

import { addressKey, mailboxName, parseAddress } from '../base/addresses.js';
import { domainKey } from '../base/domain-names.js';
import { invariant } from '../base/errors.js';
import type { MailExchanger } from './dns.js';
import type { DomainsOfSite, Host } from './host/host.js';
import {
  aliasOf,
  canonicalName,
  DEFAULT_DOMAIN,
  DOMAIN_MARK,
  hostNameOf,
  type Addresses,
  type BehaviorPlan,
  type DomainPlan,
  type Family,
  type HostPlan,
  type SitePlan,
} from './plan.js';

/** A host to be created. */
export interface NewHost {
  /** Recipient domain, or name of the site. */
  domain: string;
  name: string;
  plan: DomainPlan;
  behaviors: BehaviorPlan[];
  /** Whether it takes recipients of any domain. */
  relays: boolean;
  /** Whether it serves a domain beside `domain`; absent: it serves no other. */
  receives?: (domain: string) => boolean;
  /** Families in which it has an address. */
  families: readonly Family[];
  sharedBy?: DomainsOfSite;
}

interface DomainsOptions {
  fleet: Record<string, DomainPlan>;
  sites: Record<string, SitePlan>;
  /** Creates a host, which listens from then on. */
  open: (host: NewHost) => Host;
}

/** A recipient domain that was looked up. */
export interface ServedDomain {
  domain: string;
  plan: DomainPlan;
  records: MailExchanger[];
  hosts: Host[];
  /** MX preference of each of its hosts. */
  preferences: Map<Host, number>;
}

/** A name with its addresses, and the domain or the site of the host that has it. */
interface NamedAddress {
  domain: string;
  addresses: Addresses;
}

const V4_ALONE: readonly Family[] = ['v4'];

/** Hosts of a domain whose plan names none. */
const ONE_HOST: HostPlan[] = [{ name: 'mx', preference: 10, hasAddress: true, behaviors: [] }];

export class Domains {
  private readonly fleet: Map<string, DomainPlan>;
  /** Recipient domain by the name of a host that the fleet names; of several, one of them. */
  private readonly domainOfHost = new Map<string, string>();
  /** Domains by the site that they name. */
  private readonly membersOf = new Map<string, string[]>();
  private readonly served = new Map<string, ServedDomain>();
  private readonly byName = new Map<string, NamedAddress>();
  /** Hosts of sites by site and name as planned; undefined for one without address. */
  private readonly ofSites = new Map<string, Map<string, Host | undefined>>();

  constructor(private readonly options: DomainsOptions) {
    this.fleet = new Map(Object.entries(options.fleet));
    for (const [domain, plan] of this.fleet) {
      if (plan.site !== undefined) this.addMember(plan.site, domain);
      if (domain === DEFAULT_DOMAIN) continue;
      for (const { name } of this.hostsOf(plan, domain)) this.domainOfHost.set(name, domain);
    }
  }

  /** The domain with its records; undefined when the fleet does not serve it. */
  of(name: string): ServedDomain | undefined {
    const domain = domainKey(name);
    const known = this.served.get(domain);
    if (known) return known;
    // The name of a host is not a recipient domain that `default` would serve.
    if (this.domainOfHost.has(domain) && !this.fleet.has(domain)) return undefined;
    const plan = this.fleet.get(domain) ?? this.fleet.get(DEFAULT_DOMAIN);
    if (!plan) return undefined;
    const served: ServedDomain = { domain, plan, records: [], hosts: [], preferences: new Map() };
    this.served.set(domain, served);
    if (plan.site !== undefined) this.joinSite(served, plan.site);
    else for (const host of this.hostsOf(plan, domain)) this.openHost(served, host);
    return served;
  }

  /** Whether a name is one of the fleet or of its hosts, or a domain that `default` serves. Creates no host. */
  knows(name: string): 'named' | 'unnamed' | undefined {
    const key = domainKey(name);
    if (this.fleet.has(key) || this.domainOfHost.has(key) || this.byName.has(key)) return 'named';
    return this.fleet.has(DEFAULT_DOMAIN) ? 'unnamed' : undefined;
  }

  /** The addresses of a host; undefined when there is no host of that name. */
  host(name: string): NamedAddress | undefined {
    const domain = this.domainOfHost.get(name);
    if (domain !== undefined) this.of(domain);
    return this.byName.get(name);
  }

  /** Adds a domain whose host is not part of the fleet. */
  attach(domain: string, address: string): void {
    const exchange = `mx.${domain}`;
    const records = [{ exchange, preference: 10 }];
    const plan = { behaviors: [], mailboxes: [] };
    this.served.set(domain, { domain, plan, records, hosts: [], preferences: new Map() });
    this.byName.set(exchange, { domain, addresses: { v4: address } });
  }

  /** See `World.setBehaviors`. */
  setBehaviors(subject: string, behaviors: BehaviorPlan[]): void {
    const key = domainKey(subject);
    const mailbox = parseAddress(addressKey(subject));
    if (mailbox) {
      const domain = this.of(mailbox.domain);
      invariant(domain, `no host for ${subject}`);
      for (const host of domain.hosts)
        host.setMailboxBehaviors({ ...mailbox, localPart: mailboxName(mailbox.localPart) }, behaviors);
      return;
    }
    const plan = this.fleet.get(key);
    if (plan) return this.setDomainBehaviors(key, { ...plan, behaviors });
    if (Object.hasOwn(this.options.sites, key)) {
      for (const host of this.siteHosts(key).values()) host?.setBehaviors(behaviors);
      return;
    }
    this.hostNamed(key).setOwnBehaviors(behaviors);
  }

  private setDomainBehaviors(key: string, plan: DomainPlan): void {
    const { behaviors } = plan;
    this.fleet.set(key, plan);
    const own = this.served.get(key);
    const served = key === DEFAULT_DOMAIN ? this.served.values() : own ? [own] : [];
    for (const { domain, hosts } of served) {
      if (domain !== key && this.fleet.has(domain)) continue;
      for (const host of hosts) {
        if (plan.site === undefined) host.setBehaviors(behaviors);
        else host.setDomainBehaviors(domain, behaviors);
      }
    }
  }

  private addMember(site: string, domain: string): void {
    const known = this.membersOf.get(site);
    if (known) known.push(domain);
    else this.membersOf.set(site, [domain]);
  }

  private hostNamed(name: string): Host {
    const domain = this.domainOfHost.get(name);
    const hosts = domain === undefined ? undefined : this.of(domain)?.hosts;
    const addresses = this.byName.get(name)?.addresses;
    const host = hosts?.find((one) => one.name === name || one.addresses === addresses);
    invariant(host, `no domain ${name} in the fleet`);
    return host;
  }

  private openHost(served: ServedDomain, planned: HostPlan): void {
    const { name, hasAddress, families = V4_ALONE, behaviors, preference, relay } = planned;
    const { domain, plan } = served;
    invariant(!this.byName.has(name), `two domains have a host ${name}`);
    if (name !== domain) served.records.push({ exchange: name, preference });
    if (!hasAddress) {
      this.byName.set(name, { domain, addresses: {} });
      return;
    }
    const receives = this.isUnnamed(domain) ? (other: string) => this.isUnnamed(other) : undefined;
    const relays = relay ?? plan.relay ?? false;
    const host = this.options.open({
      domain,
      name,
      plan,
      behaviors,
      families,
      relays,
      ...(receives && { receives }),
    });
    served.hosts.push(host);
    served.preferences.set(host, preference);
    this.byName.set(name, { domain, addresses: host.addresses });
  }

  /** Gives a domain the hosts of its site, under the names that they have for it. */
  private joinSite(served: ServedDomain, site: string): void {
    const hosts = this.siteHosts(site);
    const { domain, plan, records } = served;
    for (const { name, preference } of plan.hosts ?? this.options.sites[site]!.hosts) {
      const host = hosts.get(name);
      const exchange = aliasOf(name, domain);
      records.push({ exchange, preference });
      if (host) {
        served.hosts.push(host);
        served.preferences.set(host, preference);
      }
      this.byName.set(exchange, { domain: site, addresses: host?.addresses ?? {} });
    }
  }

  /** The hosts of a site, created at the first call. */
  private siteHosts(site: string): Map<string, Host | undefined> {
    let opened = this.ofSites.get(site);
    if (opened) return opened;
    this.ofSites.set(site, (opened = new Map<string, Host | undefined>()));
    const { hosts, ...plan } = this.options.sites[site]!;
    const sharedBy = this.domainsOf(site);
    for (const { name, hasAddress, families = V4_ALONE, behaviors, relay } of hosts) {
      const relays = relay ?? plan.relay ?? false;
      const host = { domain: site, name: canonicalName(name), behaviors, families, relays, sharedBy };
      opened.set(
        name,
        hasAddress ? this.options.open({ ...host, plan: { ...plan, mailboxes: [] } }) : undefined,
      );
    }
    return opened;
  }

  /** Whether `default` serves a domain, or would. The name of a host is no such domain. */
  private isUnnamed(domain: string): boolean {
    if (domain === DEFAULT_DOMAIN) return true;
    return !this.fleet.has(domain) && !this.domainOfHost.has(domain);
  }

  private domainsOf(site: string): DomainsOfSite {
    return {
      named: (this.membersOf.get(site) ?? []).map((domain) => this.fleet.get(domain)!),
      planOf: (domain) => {
        const plan = this.fleet.get(domain) ?? this.fleet.get(DEFAULT_DOMAIN);
        return plan?.site === site ? plan : undefined;
      },
    };
  }

  /** The hosts of a domain, with whole names. */
  private hostsOf(plan: DomainPlan, domain: string): HostPlan[] {
    const { site } = plan;
    if (site === undefined) return hostsOf(plan, domain);
    const hosts = plan.hosts ?? this.options.sites[site]!.hosts;
    const names = hosts.map((host) => ({ ...host, name: aliasOf(host.name, domain) }));
    // The name without the part that is made for each domain is that of the host itself.
    const own = hosts.filter(({ name }) => name.includes(DOMAIN_MARK));
    return [...names, ...own.map((host) => ({ ...host, name: canonicalName(host.name) }))];
  }
}

/** The hosts of a domain with whole names: without an MX record, the domain itself (RFC 5321, 5.1). */
function hostsOf({ dns, hosts = ONE_HOST }: DomainPlan, domain: string): HostPlan[] {
  const named = hosts.map((host) => ({ ...host, name: hostNameOf(host, domain) }));
  if (dns?.answer !== 'a-only') return named;
  const itself = { name: domain, preference: 0, hasAddress: true, behaviors: [] };
  return dns.during || dns.until !== undefined ? [itself, ...named] : [itself];
}
