// Figures of the servers, by domain and host. A domain has the sums over its hosts, except for the peak
// of connections: hosts may have had their peaks at different times.

import type { DomainShare, ServerFigures, ServerResult } from '../result.js';

/** Counters of one host. */
interface HostTally extends ServerFigures {
  open: number;
}

interface DomainTally {
  hosts: Map<string, HostTally>;
  open: number;
  peak: number;
  /** By recipient domain, where several share the hosts: then this is a site. */
  shares: Map<string, DomainShare>;
}

/** The domain and host of a session. */
export interface Place {
  domain: DomainTally;
  host: HostTally;
}

export class ServerTally {
  private readonly domains = new Map<string, DomainTally>();
  private readonly byHost = new Map<string, HostTally>();
  /** The domain or the site of a host, by each name of the host. */
  private readonly ownerOf = new Map<string, string>();
  /** Places where a connection was opened at the present time. */
  private readonly unsettled = new Set<Place>();

  opened(domain: string, host: string): Place {
    const place = this.placeOf(domain, host);
    place.host.connections++;
    place.host.open++;
    place.domain.open++;
    this.unsettled.add(place);
    return place;
  }

  closed({ domain, host }: Place): void {
    host.open--;
    domain.open--;
  }

  refused(domain: string, host: string): void {
    this.placeOf(domain, host).host.refused++;
  }

  /** @param recipient domain of the recipient: another name than `domain`, which is then a site, if hosts are shared */
  accepted(domain: string, host: string, recipient: string): void {
    const place = this.placeOf(domain, host);
    place.host.accepted++;
    if (recipient !== domain) this.shareOf(place.domain, recipient).accepted++;
  }

  /** A name leads to a host of a domain or a site. */
  named(host: string, domain: string): void {
    this.ownerOf.set(host, domain);
  }

  /** An attempt, or a connection that is none, was without success. @param host absent when none could be dialed */
  failed(recipient: string, host: string | undefined, what: 'failed' | 'limited'): void {
    const owner = host === undefined ? undefined : this.ownerOf.get(host);
    if (owner === undefined || owner === recipient) return;
    this.shareOf(this.domainOf(owner), recipient)[what]++;
  }

  replied({ host }: Place, code: number): void {
    host.replies[code] = (host.replies[code] ?? 0) + 1;
  }

  turnedToTls({ host }: Place): void {
    host.tls++;
  }

  /**
   * Updates the peaks once all events of a time are read: a connection that closes at the time at which
   * another opens does not count beside it.
   */
  settlePeaks(): void {
    if (this.unsettled.size === 0) return;
    for (const { domain, host } of this.unsettled) {
      domain.peak = Math.max(domain.peak, domain.open);
      host.peakConnections = Math.max(host.peakConnections, host.open);
    }
    this.unsettled.clear();
  }

  /** Figures of a domain, a site or a host; of a domain that shares its hosts, what they accepted for it. */
  of(name: string): ServerFigures {
    const host = this.byHost.get(name);
    const domain = this.domains.get(name);
    // A site may have the name of its only host.
    if (domain) return sumOf(domain);
    return host ?? { ...newHost(), accepted: this.acceptedFor(name) };
  }

  /** Figures of all domains, and of their hosts where more than one was dialed. */
  results(): Record<string, ServerResult> {
    const results: Record<string, ServerResult> = {};
    for (const [name, domain] of this.domains) {
      results[name] = sumOf(domain);
      if (domain.shares.size > 0) results[name].domains = Object.fromEntries(domain.shares);
      if (domain.hosts.size < 2) continue;
      results[name].hosts = Object.fromEntries(
        Array.from(domain.hosts, ([host, { open: _open, ...figures }]) => [host, figures]),
      );
    }
    return results;
  }

  private placeOf(name: string, hostName: string): Place {
    const domain = this.domainOf(name);
    let host = domain.hosts.get(hostName);
    if (!host) {
      domain.hosts.set(hostName, (host = newHost()));
      this.byHost.set(hostName, host);
    }
    return { domain, host };
  }

  private domainOf(name: string): DomainTally {
    let domain = this.domains.get(name);
    if (!domain) this.domains.set(name, (domain = { hosts: new Map(), open: 0, peak: 0, shares: new Map() }));
    return domain;
  }

  private shareOf({ shares }: DomainTally, recipient: string): DomainShare {
    let share = shares.get(recipient);
    if (!share) shares.set(recipient, (share = { accepted: 0, failed: 0, limited: 0 }));
    return share;
  }

  private acceptedFor(recipient: string): number {
    let accepted = 0;
    for (const { shares } of this.domains.values()) accepted += shares.get(recipient)?.accepted ?? 0;
    return accepted;
  }
}

function sumOf({ hosts, peak }: DomainTally): ServerFigures {
  const sum: ServerFigures = {
    connections: 0,
    peakConnections: peak,
    refused: 0,
    accepted: 0,
    tls: 0,
    replies: {},
  };
  for (const { connections, refused, accepted, tls, replies } of hosts.values()) {
    sum.connections += connections;
    sum.refused += refused;
    sum.accepted += accepted;
    sum.tls += tls;
    for (const [code, count] of Object.entries(replies)) sum.replies[code] = (sum.replies[code] ?? 0) + count;
  }
  return sum;
}

function newHost(): HostTally {
  return { connections: 0, peakConnections: 0, refused: 0, accepted: 0, tls: 0, replies: {}, open: 0 };
}
