// Opens one connection to a destination: one host after the other, one address after the other, until a
// connection is open, or a 5xx reply to the first one counts for the whole domain.

import type { TriedHost } from '../../events/types.js';
import type { Resolver } from '../ports.js';
import type { Connection, ConnectionOwner, DialogueResult, Transport } from '../transport.js';
import type { HostBackoff } from './host-backoff.js';
import { addressesOf, routeTo } from './route.js';

const SMTP_PORT = 25;

/** What a connection attempt needs of its destination, and reports to it. */
export interface ConnectionAttemptOwner extends ConnectionOwner {
  readonly backoff: HostBackoff;
  /** Number of open connections of the site to a host; without one, to all of its hosts. */
  openToSite(host?: string): number;
  /** Number that orders hosts of equal preference, the lowest first. */
  orderOf(host: string): number;
  /** Takes the MX hosts of the domain. @returns whether they are those of this destination; else the attempt is over */
  routed(hosts: string[]): boolean;
  /** The MX lookup gave no host. */
  unrouted(result: DialogueResult): void;
  /** An address is being dialed. */
  dialing(connection: Connection): void;
  opened(connection: Connection): void;
  /** No connection could be opened. @param host that gave the result; absent when none could be dialed */
  failed(result: DialogueResult, host?: string): void;
  /** This program failed, not the server. */
  broken(error: unknown): void;
}

export class ConnectionAttempt {
  connection: Connection | undefined;
  /** Hosts tried without success, except the one that gives the result. */
  readonly tried: TriedHost[] = [];
  private hosts: string[] = [];
  private host = '';
  private addresses: string[] = [];
  /** The last result of a host that was dialed. */
  private last: { result: DialogueResult; host: string; index: number } | undefined;
  /** Why a host has no address. A temporary failure takes precedence over a permanent one. */
  private unresolved: DialogueResult | undefined;

  /**
   * @param domain whose MX hosts are tried
   * @param known these hosts, when they were looked up just now
   */
  constructor(
    private readonly owner: ConnectionAttemptOwner,
    private readonly resolver: Resolver,
    private readonly transport: Transport,
    private readonly domain: string,
    private readonly known?: string[],
  ) {}

  async run(): Promise<void> {
    const { owner, resolver, domain } = this;
    let hosts = this.known;
    if (!hosts) {
      const route = await routeTo(domain, resolver, (host) => owner.orderOf(host));
      if ('outcome' in route) return owner.unrouted(route);
      hosts = route.hosts;
      if (!owner.routed(hosts)) return;
    }
    this.hosts = [...owner.backoff.choose(hosts)];
    return this.next();
  }

  private async next(): Promise<void> {
    while (this.addresses.length === 0) {
      const host = this.hosts.shift();
      if (host === undefined) return this.end();
      const found = await addressesOf(host, this.resolver);
      if (Array.isArray(found)) {
        this.host = host;
        this.addresses = [...found];
      } else {
        this.tried.push(triedHost(host, found));
        if (this.unresolved?.outcome !== 'unreachable') this.unresolved = found;
      }
    }
    this.dial(this.addresses.shift()!);
  }

  private dial(address: string): void {
    const { host, owner } = this;
    const connection = this.transport.connection({ host, address, port: SMTP_PORT }, owner);
    this.connection = connection;
    owner.dialing(connection);
    connection.connect((result) => {
      if (!result) return owner.opened(connection);
      this.last = { result, host, index: this.tried.length };
      this.tried.push(triedHost(host, result));
      // A 5xx to the first connection is the result (rule 13): the next host is not asked to overrule it.
      if (result.outcome === 'rejected' && owner.openToSite() === 0) return this.end();
      if (this.addresses.length === 0 && owner.openToSite(host) === 0)
        owner.backoff.suspend(this.domain, host, 'refused');
      this.next().catch((error: unknown) => owner.broken(error));
    });
  }

  private end(): void {
    if (!this.last) return this.owner.failed(this.unresolved!);
    // The host that gives the result is not listed as tried before it.
    this.tried.splice(this.last.index, 1);
    this.owner.failed(this.last.result, this.last.host);
  }
}

function triedHost(host: string, { stage, reply, error }: DialogueResult): TriedHost {
  return {
    host,
    stage,
    ...(reply ? { code: reply.code } : {}),
    ...(error === undefined ? {} : { error }),
  };
}
