// Owns everything of one simulated receiving network: its hosts, their SMTP servers, its DNS and the wire.
// Hosts are created when they are first looked up, so that a fleet of thousands of domains costs only
// what is used of it.

import type net from 'node:net';
import { addressKey, domainOf, mailboxName, parseAddress } from '../base/addresses.js';
import { domainKey } from '../base/domain-names.js';
import type { Clock } from '../clock/clock.js';
import type { Certificates } from './certificates.js';
import { invariant } from '../base/errors.js';
import type { Emit } from '../events/types.js';
import type { Random } from '../base/random.js';
import { bounce } from './behaviors/return-later.js';
import { FakeDns, type MailExchanger } from './dns.js';
import { Host } from './host/host.js';
import { HostServer } from './host/smtp-server.js';
import { MemoryNetwork } from './network/memory.js';
import type { Network } from './network/network.js';
import { Postman } from './returns/postman.js';
import type { MemorySocket } from './network/memory-socket.js';
import {
  DEFAULT_DOMAIN,
  hostNameOf,
  type BehaviorPlan,
  type DnsAnswer,
  type DomainPlan,
  type HostPlan,
} from './plan.js';

const SMTP_PORT = 25;

interface WorldOptions {
  clock: Clock;
  random: Random;
  emit: Emit;
  fleet: Record<string, DomainPlan>;
  /** The wire; the memory wire when absent. */
  network?: Network;
  /** Latency of the memory wire, ms. */
  latencyMs?: number;
  /** Client address that the hosts see. */
  clientAddress: string;
  /** Needed when a host offers STARTTLS. */
  certificates?: Certificates | undefined;
}

/** Hosts of a domain whose plan names none. */
const ONE_HOST: HostPlan[] = [{ name: 'mx', preference: 10, hasAddress: true, behaviors: [] }];

/** A recipient domain that was looked up: its hosts share its mailboxes and behaviors. */
interface Site {
  domain: string;
  plan: DomainPlan;
  records: MailExchanger[];
  hosts: Host[];
}

export class World {
  readonly dns: FakeDns;
  private readonly network: Network;
  private readonly fleet: Map<string, DomainPlan>;
  /** Domains of the hosts that the fleet names. */
  private readonly domainOfHost = new Map<string, string>();
  private readonly sites = new Map<string, Site>();
  private readonly byName = new Map<string, { domain: string; address: string | undefined }>();
  /** Addresses of attached hosts, by domain. */
  private readonly attached = new Map<string, string>();
  private readonly postman: Postman;
  private addresses = 0;
  private sessions = 0;

  constructor(private readonly options: WorldOptions) {
    const { clock, emit } = options;
    this.fleet = new Map(Object.entries(options.fleet));
    for (const [domain, plan] of this.fleet) {
      if (domain === DEFAULT_DOMAIN) continue;
      for (const host of hostsOf(plan, domain)) this.domainOfHost.set(hostNameOf(host, domain), domain);
    }
    this.network = options.network ?? new MemoryNetwork(clock, options.latencyMs ?? 0);
    this.dns = new FakeDns({
      clock,
      emit,
      zone: {
        domain: (name) => {
          const site = this.siteOf(name);
          return site && { answer: this.answerOf(site.plan), records: site.records };
        },
        host: (name) => {
          const domain = this.domainOfHost.get(name);
          if (domain !== undefined) this.siteOf(domain);
          return this.byName.get(name);
        },
      },
    });
    this.postman = new Postman({
      clock: options.clock,
      emit: options.emit,
      resolver: this.dns,
      dial: (address, port, from) => this.network.connect({ address, port }, from) as unknown as net.Socket,
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
      const exchange = `mx.${key}`;
      const records = [{ exchange, preference: 10 }];
      this.sites.set(key, { domain: key, plan: { behaviors: [], mailboxes: [] }, records, hosts: [] });
      this.byName.set(exchange, { domain: key, address });
    }
    return this.network.listen({ address, port: SMTP_PORT }, { handshake: () => 'accept', accept });
  }

  /** Opens a connection to an address of the fleet; any other address refuses. */
  dial(address: string, port: number): MemorySocket {
    return this.network.connect({ address, port }, this.options.clientAddress);
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
   * @param subject a domain, `default` (every domain not named), one host that the fleet names, or
   *   one address
   */
  setBehaviors(subject: string, behaviors: BehaviorPlan[]): void {
    const mailbox = parseAddress(addressKey(subject));
    const key = domainKey(subject);
    if (mailbox) {
      const site = this.siteOf(mailbox.domain);
      invariant(site, `no host for ${subject}`);
      for (const host of site.hosts) host.setBehaviors(behaviors, mailboxName(mailbox.localPart));
      return;
    }
    const plan = this.fleet.get(key);
    if (!plan) {
      const domain = this.domainOfHost.get(key);
      const host = this.siteOf(domain ?? key)?.hosts.find(({ name }) => name === key);
      invariant(domain !== undefined && host, `no domain ${subject} in the fleet`);
      host.setOwnBehaviors(behaviors);
      return;
    }
    this.fleet.set(key, { ...plan, behaviors });
    for (const { domain, hosts } of this.sites.values()) {
      if (domain !== key && (key !== DEFAULT_DOMAIN || this.fleet.has(domain))) continue;
      for (const host of hosts) host.setBehaviors(behaviors);
    }
  }

  private answerOf({ dns }: DomainPlan): DnsAnswer {
    if (!dns) return 'mx';
    const now = this.options.clock.now();
    const { answer, during, until } = dns;
    const isOver = until !== undefined && now >= until;
    return isOver || (during && (now < during.from || now >= during.to)) ? 'mx' : answer;
  }

  private siteOf(name: string): Site | undefined {
    const domain = domainKey(name);
    const known = this.sites.get(domain);
    if (known) return known;
    // The name of a host is not a recipient domain that `default` would serve.
    if (this.domainOfHost.has(domain) && !this.fleet.has(domain)) return undefined;
    const plan = this.fleet.get(domain) ?? this.fleet.get(DEFAULT_DOMAIN);
    if (!plan) return undefined;
    const site: Site = { domain, plan, records: [], hosts: [] };
    this.sites.set(domain, site);
    for (const host of hostsOf(plan, domain)) this.openHost(site, host);
    return site;
  }

  private openHost(site: Site, { hasAddress, behaviors, preference, ...plan }: HostPlan): void {
    const { clock, random, emit } = this.options;
    const { domain } = site;
    const name = hostNameOf(plan, domain);
    invariant(!this.byName.has(name), `two domains have a host ${name}`);
    if (name !== domain) site.records.push({ exchange: name, preference });
    if (!hasAddress) {
      this.byName.set(name, { domain, address: undefined });
      return;
    }
    const address = addressNumber(this.addresses++);
    const host = new Host({
      domain,
      name,
      address,
      plan: site.plan,
      behaviors,
      clock,
      random,
      emit,
      certificates: this.options.certificates,
      nextSession: () => ++this.sessions,
      sendBack: (letter) => this.postman.send(letter),
    });
    site.hosts.push(host);
    this.byName.set(name, { domain, address });
    this.network.listen({ address, port: SMTP_PORT }, new HostServer(host));
  }
}

/** The hosts of a domain: without an MX record, the domain itself (RFC 5321, 5.1). */
function hostsOf({ dns, hosts = ONE_HOST }: DomainPlan, domain: string): HostPlan[] {
  if (dns?.answer !== 'a-only') return hosts;
  const itself = { name: domain, preference: 0, hasAddress: true, behaviors: [] };
  return dns.during || dns.until !== undefined ? [itself, ...hosts] : [itself];
}

/** Loopback addresses from 127.1.0.1 on, without the .0 and .255 of each block. */
function addressNumber(index: number): string {
  const last = 1 + (index % 254);
  const block = Math.floor(index / 254);
  return `127.${1 + (block >> 8)}.${block & 255}.${last}`;
}
