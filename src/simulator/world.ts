// Owns everything of one simulated receiving network: its hosts, their SMTP servers, its DNS and the wire.
// Hosts are created when they are first looked up, so that a fleet of thousands of domains costs only
// what is used of it.

import net from 'node:net';
import { domainOf } from '../base/addresses.js';
import { domainKey } from '../base/domain-names.js';
import type { Clock } from '../clock/clock.js';
import type { Certificates } from './certificates.js';
import type { Emit } from '../events/types.js';
import type { Random } from '../base/random.js';
import type { BehaviorUse } from './behavior-use.js';
import { bounce } from './behaviors/return-later.js';
import { FakeDns } from './dns.js';
import { Domains, type NewHost, type ServedDomain } from './domains.js';
import { Host } from './host/host.js';
import { receiverIn, type Receiver } from './host/receiver.js';
import { SharedHost } from './host/shared-host.js';
import { HostServer } from './host/smtp-server.js';
import { MemoryNetwork } from './network/memory.js';
import type { Network } from './network/network.js';
import { Postman } from './returns/postman.js';
import type { MemorySocket } from './network/memory-socket.js';
import type { Addresses, BehaviorPlan, DnsAnswer, DomainPlan, Family, SitePlan } from './plan.js';

const SMTP_PORT = 25;

/** The IPv6 address of a host is its IPv4 address with this prefix (RFC 4291, 2.5.5.2): it is loopback too. */
const MAPPED = '::ffff:';

/** The client's address on connections over IPv6. */
const CLIENT_V6 = '::1';

interface WorldOptions {
  clock: Clock;
  random: Random;
  emit: Emit;
  fleet: Record<string, DomainPlan>;
  /** The sites that domains of the fleet name. */
  sites?: Record<string, SitePlan>;
  /** The wire; the memory wire when absent. */
  network?: Network;
  /** Latency of the memory wire, ms. */
  latencyMs?: number;
  /**
   * The address of a host in a family.
   *
   * @param nth number of the host in the order of creation, from 0; absent: see `addressNumber`, mapped for IPv6
   */
  addressOf?: (nth: number, family: Family) => string;
  /** Opens a connection for every returned message; `none`: nothing is returned. Absent: to the return path's host. */
  returns?: (() => net.Socket) | 'none';
  /** Client address that the hosts see on connections over IPv4. */
  clientAddress: string;
  /** Needed when a host offers STARTTLS. */
  certificates?: Certificates | undefined;
  /** Learns which behaviors are asked and which act. */
  use?: BehaviorUse;
}

export class World {
  readonly dns: FakeDns;
  private readonly network: Network;
  private readonly domains: Domains;
  /** Addresses of attached hosts, by domain. */
  private readonly attached = new Map<string, string>();
  private readonly postman: Postman;
  private readonly servers = new Map<Host, HostServer>();
  private addresses = 0;
  private sessions = 0;

  constructor(private readonly options: WorldOptions) {
    const { clock, emit, fleet, sites = {} } = options;
    this.domains = new Domains({ fleet, sites, open: (host) => this.openHost(host) });
    this.network = options.network ?? new MemoryNetwork(clock, options.latencyMs ?? 0);
    this.dns = new FakeDns({
      clock,
      emit,
      zone: {
        domain: (name) => {
          const domain = this.domains.of(name);
          return domain && { answer: this.answerOf(domain.plan), records: domain.records };
        },
        host: (name) => this.domains.host(name),
      },
    });
    this.postman = new Postman({
      clock: options.clock,
      emit: options.emit,
      resolver: this.dns,
      dial: (address, port, from) => this.network.connect({ address, port }, from) as unknown as net.Socket,
      ...(options.returns === undefined ? {} : { returns: options.returns }),
    });
  }

  /**
   * Gives a domain a host from outside the fleet, such as that of a sender's return-path domain. From then
   * on the domain resolves, even while the host is down.
   *
   * @param accept called with the server's end of each connection, open
   * @returns `close` takes the host down: connections are refused
   */
  attach(domain: string, accept: (socket: MemorySocket) => void): { close(): void } {
    const key = domainKey(domain);
    let address = this.attached.get(key);
    if (address === undefined) {
      address = addressNumber(this.addresses++);
      this.attached.set(key, address);
      this.domains.attach(key, address);
    }
    return this.network.listen({ address, port: SMTP_PORT }, { handshake: () => 'accept', accept });
  }

  /** Opens a connection to an address of the fleet; any other address refuses. */
  dial(address: string, port: number): MemorySocket {
    const from = net.isIPv6(address) ? CLIENT_V6 : this.options.clientAddress;
    return this.network.connect({ address, port }, from);
  }

  /** The domain with its hosts, which are created if need be; undefined when the fleet does not serve it. */
  domain(name: string): ServedDomain | undefined {
    return this.domains.of(name);
  }

  /** Whether a name is one of the fleet or of its hosts, or a domain that `default` serves. Creates no host. */
  knows(name: string): 'named' | 'unnamed' | undefined {
    return this.domains.knows(name);
  }

  /** The hosts that have an address. */
  hostsAt(address: string): Host[] {
    return [...this.servers.keys()].filter((host) => Object.values(host.addresses).includes(address));
  }

  /** The SMTP server of a host of this world. */
  serverOf(host: Host): HostServer {
    return this.servers.get(host)!;
  }

  /**
   * A server that stands for all hosts; its name in events is `SHARED`.
   *
   * @param tls whether it offers STARTTLS
   * @param family stands only for hosts with an address of this family
   */
  share(tls: boolean, family?: Family): HostServer {
    const { clock, random, emit, certificates } = this.options;
    const nextSession = (): number => ++this.sessions;
    const find = (recipient: string): Receiver => this.receiverOf(recipient, family);
    return this.serve(new SharedHost({ clock, random, emit, certificates, nextSession, tls, find }));
  }

  /** Ends all sessions with 421. */
  endSessions(): void {
    for (const server of this.servers.values()) server.endSessions();
  }

  /** Releases ports and sockets of the operating system. */
  close(): Promise<void> {
    return this.network.close();
  }

  /**
   * Sends a forged bounce message, about a message that was never sent.
   *
   * @param to its recipient
   * @param about address that it reports as undeliverable
   * @param status status code in it (RFC 3463)
   */
  bounce(to: string, about: string, status: string): void {
    const { clock, clientAddress } = this.options;
    const domain = domainKey(domainOf(about));
    this.postman.send({
      domain,
      host: `mx.${domain}`,
      address: clientAddress,
      returnPath: to,
      rcpt: about,
      acceptedAt: clock.date(),
      header: '',
      what: bounce({ afterMs: 0, status }),
    });
  }

  /**
   * Changes behaviors from now on.
   *
   * @param subject a domain, `default` (every domain not named), a site, one host that the fleet names, or
   *   one address
   */
  setBehaviors(subject: string, behaviors: BehaviorPlan[]): void {
    this.domains.setBehaviors(subject, behaviors);
  }

  private serve(host: Host): HostServer {
    const server = new HostServer(host);
    this.servers.set(host, server);
    return server;
  }

  private receiverOf(recipient: string, family: Family | undefined): Receiver {
    const domain = this.domains.of(domainOf(recipient));
    return receiverIn(domain, domain && this.answerOf(domain.plan), family);
  }

  private answerOf({ dns }: DomainPlan): DnsAnswer {
    if (!dns) return 'mx';
    const now = this.options.clock.now();
    const { answer, during, until } = dns;
    const isOver = until !== undefined && now >= until;
    return isOver || (during && (now < during.from || now >= during.to)) ? 'mx' : answer;
  }

  private openHost(host: NewHost): Host {
    const { clock, random, emit, certificates, use } = this.options;
    const nth = this.addresses++;
    const { addressOf = mappedAddress } = this.options;
    const { families, ...rest } = host;
    const addresses: Addresses = {};
    for (const family of families) addresses[family] = addressOf(nth, family);
    const opened = new Host({
      ...rest,
      addresses,
      clock,
      random,
      emit,
      certificates,
      use,
      nextSession: () => ++this.sessions,
      sendBack: (letter) => this.postman.send(letter),
    });
    const server = this.serve(opened);
    for (const at of Object.values(addresses)) this.network.listen({ address: at, port: SMTP_PORT }, server);
    return opened;
  }
}

function mappedAddress(nth: number, family: Family): string {
  return family === 'v4' ? addressNumber(nth) : `${MAPPED}${addressNumber(nth)}`;
}

/** Loopback addresses from 127.1.0.1 on, without the .0 and .255 of each block. */
export function addressNumber(index: number): string {
  const last = 1 + (index % 254);
  const block = Math.floor(index / 254);
  return `127.${1 + (block >> 8)}.${block & 255}.${last}`;
}
