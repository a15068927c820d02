// What the invariants have seen of the hosts of each domain. Domains whose MX lead to the same hosts, or whose
// sets of hosts overlap, have one record: the MX answers of the run show it.

import { wildcard } from '../../base/wildcard.js';
import type { EventOf } from '../../events/types.js';
import { SHIPPED_PROVIDERS } from '../../policy/providers.js';
import type { CarePolicy } from '../../policy/retry-policy.js';

export interface SeenSession {
  opened: EventOf<'connection.opened'>;
  /** Transactions that were begun. */
  transactions: number;
  mailing: string | undefined;
  /** The last reply of each code. */
  replies: Map<number, Given>;
  /** When the server closed it; undefined while it is open. */
  closedAt?: number;
}

/** A reply and its session. */
export interface Given {
  reply: EventOf<'smtp.reply'>;
  session: SeenSession;
}

export interface Span {
  from: number;
  to: number;
}

/** What was seen of the hosts of a domain, and of all domains that share these hosts. */
export interface SeenDomain {
  /** Its domains, hosts, sites and patterns of providers. */
  names: string[];
  /** Sessions that the sender has open now, by number. */
  open: Map<number, SeenSession>;
  /** Spans of virtual time with a session that has ended, merged, in order. */
  busy: Span[];
  /** Spans of virtual time in which a host was suspended by the sender, in the order of their ends. */
  suspended: Span[];
  /** The last reply of each code. */
  replies: Map<number, Given>;
  /** Domains were found to share hosts while each had connections: together they may exceed the limit for now. */
  isExcused: boolean;
}

export class SeenDomains {
  private readonly records = new Map<string, SeenDomain>();
  /** For each name one that stands for its destination, as a sender finds it: from MX names alone. */
  private readonly destinations = new Map<string, string>();
  /** Names that were found to be of one destination with another name. */
  private readonly found = new Set<string>();
  private readonly providers: { pattern: string; matches: (host: string) => boolean }[];

  constructor({ by, providers }: Partial<CarePolicy> = {}) {
    const patterns = by === 'domain' ? [] : [...SHIPPED_PROVIDERS, ...(providers ?? [])];
    this.providers = patterns.map((pattern) => ({ pattern, matches: wildcard(pattern) }));
  }

  /** Joins the record of a domain with those of its hosts, and that of a host with its site. */
  read({ query, name, domain, records = [] }: EventOf<'dns.answered'>): void {
    if (query !== 'MX') return records.length > 0 ? this.join(hostKey(name), domain) : undefined;
    for (const record of records) {
      const host = record.slice(record.indexOf(' ') + 1);
      if (host === '.') continue;
      this.joinByMx(domain, hostKey(host));
      const provider = this.providers.find(({ matches }) => matches(host));
      if (provider) this.joinByMx(domain, provider.pattern);
    }
  }

  /**
   * The destination of a name, as a sender can find it. A host that has a name of its own for each domain is several
   * destinations, unless a pattern makes one of them: the addresses behind the names do not count.
   */
  destinationOf(name: string): string {
    const next = this.destinations.get(name);
    return next === undefined ? name : this.destinationOf(next);
  }

  /** Whether a sender finds more than one destination behind the hosts of a record. */
  isSeveral({ names }: SeenDomain): boolean {
    const hosts = names.filter((name) => name.startsWith(HOST));
    return new Set(hosts.map((name) => this.destinationOf(name))).size > 1;
  }

  of(name: string): SeenDomain {
    let record = this.records.get(name);
    if (!record) {
      record = {
        names: [name],
        open: new Map(),
        busy: [],
        suspended: [],
        replies: new Map(),
        isExcused: false,
      };
      this.records.set(name, record);
    }
    return record;
  }

  /** An MX answer shows that two names are one destination. */
  private joinByMx(one: string, other: string): void {
    const destination = this.destinationOf(one);
    const joined = this.destinationOf(other);
    if (destination === joined) return;
    const record = this.of(one);
    if (record !== this.of(other)) this.join(one, other);
    // Both may have connections; a domain that has just been looked up has none.
    else if (this.found.has(one) && this.found.has(other)) record.isExcused ||= record.open.size > 0;
    this.destinations.set(joined, destination);
    this.found.add(one).add(other);
  }

  /** Another sender has started, which knows no MX answer. */
  restarted(): void {
    this.destinations.clear();
    this.found.clear();
  }

  /** Two names, of domains, hosts or patterns, stand for the same hosts. */
  private join(one: string, other: string): void {
    let record = this.of(one);
    let joined = this.of(other);
    if (record === joined) return;
    // The smaller record joins the larger: a site of many domains would else be moved for each of them.
    if (record.names.length < joined.names.length) [record, joined] = [joined, record];
    // Both may have had the whole limit until the answer that shows that they are one.
    record.isExcused ||= joined.isExcused || (record.open.size > 0 && joined.open.size > 0);
    for (const [number, session] of joined.open) record.open.set(number, session);
    for (const [code, given] of joined.replies) {
      const known = record.replies.get(code);
      if (!known || known.reply.seq < given.reply.seq) record.replies.set(code, given);
    }
    if (joined.suspended.length > 0)
      record.suspended = [...record.suspended, ...joined.suspended].sort((a, b) => a.to - b.to);
    if (joined.busy.length > 0) record.busy = merged([...record.busy, ...joined.busy]);
    record.names.push(...joined.names);
    for (const name of joined.names) this.records.set(name, record);
  }
}

const HOST = 'host ';

/** The name of a host is not that of a domain, even where both are written alike. */
function hostKey(name: string): string {
  return HOST + name;
}

/** Spans that do not overlap, in order. */
function merged(spans: Span[]): Span[] {
  const result: Span[] = [];
  for (const { from, to } of spans.sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else result.push({ from, to });
  }
  return result;
}
