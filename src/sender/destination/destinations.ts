// All destinations of a sender, each made when a delivery to one of its domains is first due. Domains with the
// same MX hosts have one destination; destinations whose hosts overlap, or match the same pattern of a provider,
// have one site. Both are found from MX answers, at the moment at which a connection is needed.

import { wildcard } from '../../base/wildcard.js';
import type { Delivery } from '../model/delivery.js';
import { Destination, type Directory } from './destination.js';
import type { DestinationOptions } from './options.js';
import { Site } from './site.js';

export interface DestinationsOptions extends DestinationOptions {
  /** `domain` keeps every recipient domain apart. */
  by: 'site' | 'domain';
  /** Patterns of MX names that lead to one system, lower case. */
  providers: readonly string[];
}

export class Destinations implements Directory {
  private readonly all = new Set<Destination>();
  private readonly byDomain = new Map<string, Destination>();
  /** By the names of its MX hosts. */
  private readonly byHosts = new Map<string, Destination>();
  private readonly hostsOf = new Map<Destination, string>();
  /** By the name of an MX host, or the pattern that it matches. */
  private readonly sites = new Map<string, Site>();
  private readonly providers: readonly { pattern: string; matches: (host: string) => boolean }[];
  private isDraining = false;

  constructor(private readonly options: DestinationsOptions) {
    this.providers = options.providers.map((pattern) => ({ pattern, matches: wildcard(pattern) }));
  }

  /** Gives deliveries that are due to their destinations, all of one moment before any is begun. */
  take(deliveries: Delivery[]): void {
    const touched = new Set<Destination>();
    for (const delivery of deliveries) {
      const destination = this.of(delivery.contact.domain);
      destination.add(delivery);
      touched.add(destination);
    }
    for (const destination of touched) destination.pump();
  }

  /** Begins no further delivery. @returns when those that are running have ended and no connection is left */
  async drain(): Promise<void> {
    this.isDraining = true;
    await Promise.all(Array.from(this.all, (destination) => destination.drain()));
  }

  /** What a delivery that is due waits for, for messages to people. */
  waitsFor(delivery: Delivery): string {
    return this.byDomain.get(delivery.contact.domain)?.waitsFor(delivery) ?? 'an attempt that is due';
  }

  /** Part of Directory. */
  locate(from: Destination, domain: string, hosts: readonly string[]): Destination {
    if (this.options.by === 'domain') return from;
    const names = [...new Set(hosts.map(nameOf))].sort();
    const key = names.join(' ');
    if (this.hostsOf.get(from) === key) return from;
    const known = this.byHosts.get(key);
    // A destination that never had another domain keeps what it knows when its MX change.
    const to = known ?? (from.domains.isShared ? this.open(domain) : from);
    if (!known) this.register(to, key, names);
    if (to === from) return from;
    this.byDomain.set(domain, to);
    return to;
  }

  /** Part of Directory. What is known of the hosts of domains that are shared is kept. */
  retire(destination: Destination): void {
    if (destination.domains.isShared) return;
    this.unregister(destination);
    destination.backoff.site.leave(destination);
    this.all.delete(destination);
  }

  private of(domain: string): Destination {
    const known = this.byDomain.get(domain);
    if (known?.takes(domain)) return known;
    if (known?.isCalm) {
      known.domains.restart(domain);
      return known;
    }
    known?.domains.delete(domain);
    const opened = this.open(domain);
    this.byDomain.set(domain, opened);
    return opened;
  }

  private open(domain: string): Destination {
    const destination = new Destination(domain, this.options, this);
    this.all.add(destination);
    if (this.isDraining) void destination.drain();
    return destination;
  }

  /** Records the hosts of a destination, and makes one site of those that share hosts with it. */
  private register(destination: Destination, key: string, names: readonly string[]): void {
    this.unregister(destination);
    this.byHosts.set(key, destination);
    this.hostsOf.set(destination, key);
    const places = new Set(names.map((name) => this.placeOf(name)));
    const found = [...places]
      .map((place) => this.sites.get(place)?.current)
      .filter((site) => site !== undefined);
    const own = destination.backoff.site;
    // Without a host in common with its old site it leaves that to the others.
    const site = found[0] ?? (own.size > 1 ? new Site() : own);
    for (const other of found) site.absorb(other.current);
    if (site !== own) {
      own.leave(destination);
      site.join(destination);
      destination.belongsTo(site);
    }
    for (const place of places) this.sites.set(place, site);
  }

  private unregister(destination: Destination): void {
    const key = this.hostsOf.get(destination);
    if (key === undefined) return;
    this.hostsOf.delete(destination);
    if (this.byHosts.get(key) === destination) this.byHosts.delete(key);
    const { site } = destination.backoff;
    if (site.size > 1) return;
    for (const name of key.split(' ')) {
      const place = this.placeOf(name);
      if (this.sites.get(place)?.current === site) this.sites.delete(place);
    }
  }

  /** What hosts of one site have in common: the pattern of a provider, or else the name. */
  private placeOf(name: string): string {
    return this.providers.find(({ matches }) => matches(name))?.pattern ?? name;
  }
}

/** Names compare without case and final dot. */
function nameOf(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}
