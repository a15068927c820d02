// Which domain belongs to which site: it names the site, is listed by it, or names one of its hosts.

import type { Path } from '../../documents/locate.js';
import { nameHint, quoted } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';
import { domainSchema } from '../schema/fleet.js';
import type { Sharing, WrittenSite } from './sites.js';

/** The sites of the domains of one file. Reports keys that a domain of a site cannot have. */
export class Memberships {
  private readonly listed = new Map<string, WrittenSite>();
  /** Domains that `fleet` has. */
  private readonly read = new Set<string>();
  private readonly used = new Set<string>();

  constructor(
    private readonly reader: Reader,
    private readonly sites: ReadonlyMap<string, WrittenSite>,
    /** Domains that name a host of another one, or of a site. */
    private readonly byHosts: ReadonlyMap<string, Sharing>,
  ) {
    for (const site of sites.values()) {
      for (const domain of site.domains) {
        // A domain of two sites is reported once, and not as missing in the first.
        const first = this.listed.get(domain);
        if (first) this.used.add(first.name);
        this.listed.set(domain, site);
      }
    }
  }

  /** The site of a domain of `fleet`; reports keys that belong to the site and not to the domain. */
  of(domain: string, path: Path): Sharing | undefined {
    this.read.add(domain);
    const sharing = this.byHosts.get(domain);
    const site = this.named(path) ?? this.listing(domain, path) ?? this.sites.get(sharing?.site ?? '');
    if (!site) return sharing;
    this.used.add(site.name);
    if (sharing?.site === site.name) {
      this.refuse(path, ['profile', 'tls', 'relay'], `its hosts are those of the site ${quoted(site.name)}`);
      return sharing;
    }
    this.refuse(
      path,
      ['hosts', 'profile', 'tls', 'relay'],
      `the domain belongs to the site ${quoted(site.name)}`,
    );
    this.refuseOwnHost(path, site);
    return { site: site.name, plan: site.plan, isByHosts: false };
  }

  /** Domains that sites list and `fleet` does not have. */
  *others(): Iterable<[domain: string, site: string]> {
    for (const [domain, { name }] of this.listed) {
      if (this.read.has(domain)) continue;
      this.used.add(name);
      yield [domain, name];
    }
  }

  /** Reports sites that receive for no domain. */
  refuseUnused(): void {
    for (const { name, path } of this.sites.values()) {
      if (this.used.has(name)) continue;
      this.reader.problem(path, `no domain belongs to the site ${quoted(name)}`, {
        on: 'key',
        hint: `list its \`domains\`, or name it in the fleet: \`example.org: { site: ${name} }\``,
      });
    }
  }

  private named(path: Path): WrittenSite | undefined {
    const at = [...path, 'site'];
    if (this.reader.get(at) === undefined) return undefined;
    const written = this.reader.read(domainSchema.shape.site, at);
    const site = this.sites.get(written?.toLowerCase() ?? '');
    if (written === undefined || site) return site;
    const names = [...this.sites.keys()];
    this.reader.problem(at, `there is no site ${quoted(written)}`, {
      hint: names.length > 0 ? nameHint(written, names, 'sites') : `add it: \`sites: { ${written}: {} }\``,
    });
    return undefined;
  }

  /** The site that lists a domain. One that a profile brings along may have hosts or a profile of its own. */
  private listing(domain: string, path: Path): WrittenSite | undefined {
    const site = this.listed.get(domain);
    const isApart = ['site', 'hosts', 'profile', 'tls', 'relay'].some((key) => this.has(path, key));
    return site && (site.listsDomains || !isApart) ? site : undefined;
  }

  private refuse(path: Path, keys: readonly string[], why: string): void {
    for (const key of keys) {
      if (!this.has(path, key)) continue;
      this.reader.problem([...path, key], `\`${key}\` has no place here: ${why}`, {
        on: 'key',
        hint: `put it under the site, or leave the domain out of the site`,
      });
    }
  }

  private refuseOwnHost(path: Path, { name }: WrittenSite): void {
    const dns: unknown = this.reader.get([...path, 'dns']);
    const answer = typeof dns === 'object' && dns !== null && 'answer' in dns ? dns.answer : dns;
    if (answer !== 'a-only') return;
    this.reader.problem(
      [...path, 'dns'],
      `without MX the domain is its own host, and not one of the site ${quoted(name)}`,
      {
        hint: 'leave `site` out, or name another answer',
      },
    );
  }

  private has(path: Path, key: string): boolean {
    return this.reader.get([...path, key]) !== undefined;
  }
}
