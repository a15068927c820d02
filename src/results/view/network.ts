// Attempts by recipient domain and connections by host, over virtual time, in bounded numbers of both.

import { OUTCOMES, type Outcome, type RunEvent } from '../../events/types.js';
import { Counts } from './time-series.js';
import type { DomainView, HostView } from './view.js';

/** Domains and hosts that are counted separately, and those that are shown. */
const KEPT_MAX = 2000;
const SHOWN_MAX = 60;

interface HostFold extends Omit<HostView, 'overTime'> {
  open: number;
  counts: Counts;
}

export class NetworkFold {
  private readonly domains = new Map<string, Omit<DomainView, 'overTime'> & { counts: Counts }>();
  private readonly hosts = new Map<string, HostFold>();
  private readonly sessions = new Map<number, HostFold>();
  /** Hosts where a connection was opened at the present time. */
  private readonly unsettled = new Set<HostFold>();
  private now = 0;
  private leftOut = { domains: new Set<string>(), hosts: new Set<string>() };

  read(event: RunEvent): void {
    if (event.t > this.now) this.settlePeaks();
    this.now = event.t;
    switch (event.type) {
      case 'attempt':
        return this.attempted(event.domain, event.outcome, event.startedAt);
      case 'connection.opened': {
        const host = this.host(event);
        if (!host) return;
        host.opened++;
        host.counts.add('opened', event.t);
        host.open++;
        this.unsettled.add(host);
        this.sessions.set(event.session, host);
        return;
      }
      case 'connection.closed': {
        const host = this.sessions.get(event.session);
        if (host) host.open--;
        this.sessions.delete(event.session);
        return;
      }
      case 'connection.refused': {
        const host = this.host(event);
        if (!host) return;
        host[event.how === 'refused' ? 'refused' : 'noAnswer']++;
        host.counts.add(event.how, event.t);
        return;
      }
      case 'message.accepted': {
        const host = this.host(event);
        if (host) host.accepted++;
        return;
      }
      default:
    }
  }

  get result(): { domains: DomainView[]; domainsLeftOut: number; hosts: HostView[]; hostsLeftOut: number } {
    this.settlePeaks();
    const domains = [...this.domains.values()].sort((a, b) => b.attempts - a.attempts);
    const hosts = [...this.hosts.values()].sort((a, b) => tried(b) - tried(a));
    return {
      domains: domains
        .slice(0, SHOWN_MAX)
        .map(({ counts, ...domain }) => ({ ...domain, overTime: counts.view })),
      domainsLeftOut: Math.max(0, domains.length - SHOWN_MAX) + this.leftOut.domains.size,
      hosts: hosts
        .slice(0, SHOWN_MAX)
        .map(({ counts, open: _, ...host }) => ({ ...host, overTime: counts.view })),
      hostsLeftOut: Math.max(0, hosts.length - SHOWN_MAX) + this.leftOut.hosts.size,
    };
  }

  /** As in `ServerTally`: peaks are updated once all events of a time are read. */
  private settlePeaks(): void {
    for (const host of this.unsettled) host.peak = Math.max(host.peak, host.open);
    this.unsettled.clear();
  }

  private attempted(name: string, outcome: Outcome, at: number): void {
    let domain = this.domains.get(name);
    if (!domain) {
      if (this.domains.size >= KEPT_MAX) return void this.leftOut.domains.add(name);
      const outcomes = Object.fromEntries(OUTCOMES.map((one) => [one, 0])) as Record<Outcome, number>;
      domain = { domain: name, attempts: 0, outcomes, counts: new Counts() };
      this.domains.set(name, domain);
    }
    domain.attempts++;
    domain.outcomes[outcome] = (domain.outcomes[outcome] ?? 0) + 1;
    domain.counts.add(outcome, at);
  }

  private host({ host: name, domain }: { host: string; domain: string }): HostFold | undefined {
    const known = this.hosts.get(name);
    if (known) return known;
    if (this.hosts.size >= KEPT_MAX) return void this.leftOut.hosts.add(name);
    const figures = { opened: 0, refused: 0, noAnswer: 0, accepted: 0, peak: 0, open: 0 };
    const host = { host: name, domain, ...figures, counts: new Counts() };
    this.hosts.set(name, host);
    return host;
  }
}

function tried({ opened, refused, noAnswer }: HostFold): number {
  return opened + refused + noAnswer;
}
