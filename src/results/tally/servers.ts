// Figures of the servers, by domain and host. A domain has the sums over its hosts, except for the peak
// of connections: hosts may have had their peaks at different times.

import type { ServerFigures, ServerResult } from '../result.js';

/** Counters of one host. */
interface HostTally extends ServerFigures {
  open: number;
}

interface DomainTally {
  hosts: Map<string, HostTally>;
  open: number;
  peak: number;
}

/** The domain and host of a session. */
export interface Place {
  domain: DomainTally;
  host: HostTally;
}

export class ServerTally {
  private readonly domains = new Map<string, DomainTally>();
  private readonly byHost = new Map<string, HostTally>();
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

  accepted(domain: string, host: string): void {
    this.placeOf(domain, host).host.accepted++;
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

  /** Figures of a domain or of one host; all zero without a connection. */
  of(name: string): ServerFigures {
    const domain = this.domains.get(name);
    return domain ? sumOf(domain) : (this.byHost.get(name) ?? newHost());
  }

  /** Figures of all domains, and of their hosts where more than one was dialed. */
  results(): Record<string, ServerResult> {
    const results: Record<string, ServerResult> = {};
    for (const [name, domain] of this.domains) {
      results[name] = sumOf(domain);
      if (domain.hosts.size < 2) continue;
      results[name].hosts = Object.fromEntries(
        Array.from(domain.hosts, ([host, { open: _open, ...figures }]) => [host, figures]),
      );
    }
    return results;
  }

  private placeOf(name: string, hostName: string): Place {
    let domain = this.domains.get(name);
    if (!domain) this.domains.set(name, (domain = { hosts: new Map(), open: 0, peak: 0 }));
    let host = domain.hosts.get(hostName);
    if (!host) {
      domain.hosts.set(hostName, (host = newHost()));
      this.byHost.set(hostName, host);
    }
    return { domain, host };
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
