// Owns everything of one simulated receiving network: its hosts, its DNS and the wire between.
// Hosts come into being when they are first looked up, so that a fleet of thousands of domains
// costs only what is used of it.

import type net from 'node:net';
import type { Clock } from '../clock/clock.js';
import type { Certificates } from './certificates.js';
import { invariant } from '../errors.js';
import type { Emit } from '../events/types.js';
import type { Random } from '../random.js';
import { bounce } from './behaviors/return-later.js';
import { FakeDns } from './dns.js';
import { Host } from './host.js';
import { MemoryNetwork } from './network/memory.js';
import type { Wire } from './network/network.js';
import { Postman } from './returns/postman.js';
import type { MemorySocket } from './network/socket.js';
import type { BehaviorPlan, DomainPlan } from './plan.js';

const SMTP_PORT = 25;

/** Key of the fleet that catches every domain not named. */
export const DEFAULT_DOMAIN = 'default';

export interface WorldOptions {
  clock: Clock;
  random: Random;
  emit: Emit;
  fleet: Record<string, DomainPlan>;
  /** The wire; in memory when absent. */
  network?: Wire;
  /** Of the wire in memory, ms. */
  latencyMs?: number;
  /** Address from which clients connect, as the servers see it. */
  clientAddress: string;
  /** Needed where a server offers STARTTLS. */
  certificates?: Certificates | undefined;
}

export class World {
  readonly dns: FakeDns;
  private readonly network: Wire;
  private readonly fleet: Map<string, DomainPlan>;
  private readonly byDomain = new Map<string, Host>();
  private readonly byName = new Map<string, Host>();
  /** Addresses of the hosts that are not the fleet's own, by domain. */
  private readonly attached = new Map<string, string>();
  private readonly postman: Postman;
  private addresses = 0;
  private sessions = 0;

  constructor(private readonly options: WorldOptions) {
    this.fleet = new Map(Object.entries(options.fleet));
    this.network = options.network ?? new MemoryNetwork(options.clock, options.latencyMs ?? 0);
    this.dns = new FakeDns({
      exchangeOf: (domain) =>
        this.attached.has(domain.toLowerCase()) ? exchangeName(domain) : this.hostOf(domain)?.name,
      addressOf: (name) =>
        this.byName.get(name)?.address ?? this.attached.get(name.replace(/^mx\./, '').toLowerCase()),
    });
    this.postman = new Postman({
      clock: options.clock,
      emit: options.emit,
      resolver: this.dns,
      dial: (address, port, from) => this.network.connect({ address, port }, from) as unknown as net.Socket,
    });
  }

  /**
   * Gives a domain a host that is somebody else's, such as the return-path domain of a sender. From
   * then on it resolves, also once the host is down.
   *
   * @param accept gets the server's end of each connection, open
   * @returns takes the host down: connections are refused
   */
  attach(domain: string, accept: (socket: MemorySocket) => void): { close(): void } {
    const key = domain.toLowerCase();
    let address = this.attached.get(key);
    if (address === undefined) {
      address = addressNumber(this.addresses++);
      this.attached.set(key, address);
    }
    return this.network.listen({ address, port: SMTP_PORT }, { handshake: () => 'accept', accept });
  }

  /** Opens a connection to an address of the fleet; any other address refuses. */
  dial(address: string, port: number): MemorySocket {
    return this.network.connect({ address, port }, this.options.clientAddress);
  }

  /** Frees what the wire holds of the operating system. */
  close(): Promise<void> {
    return this.network.close();
  }

  /**
   * Sends a bounce message that answers no message: somebody made it up.
   *
   * @param to address that it goes to
   * @param about address that it calls undeliverable
   * @param status its status code (RFC 3463)
   */
  bounce(to: string, about: string, status: string): void {
    const { clock, clientAddress } = this.options;
    const domain = about.slice(about.lastIndexOf('@') + 1).toLowerCase();
    this.postman.send({
      domain,
      host: exchangeName(domain),
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
   * @param subject a domain, `default` (every domain not named), or one address
   */
  setBehaviors(subject: string, behaviors: BehaviorPlan[]): void {
    const key = subject.toLowerCase();
    const at = key.lastIndexOf('@');
    if (at >= 0) {
      const host = this.hostOf(key.slice(at + 1));
      invariant(host, `no host for ${subject}`);
      host.setBehaviors(behaviors, key.slice(0, at));
      return;
    }
    const plan = this.fleet.get(key);
    invariant(plan, `no domain ${subject} in the fleet`);
    this.fleet.set(key, { ...plan, behaviors });
    for (const host of this.byDomain.values()) {
      if (host.domain === key || (key === DEFAULT_DOMAIN && !this.fleet.has(host.domain)))
        host.setBehaviors(behaviors);
    }
  }

  private hostOf(domain: string): Host | undefined {
    const key = domain.toLowerCase();
    const known = this.byDomain.get(key);
    if (known) return known;
    const plan = this.fleet.get(key) ?? this.fleet.get(DEFAULT_DOMAIN);
    if (!plan) return undefined;
    const { clock, random, emit } = this.options;
    const address = addressNumber(this.addresses++);
    const host = new Host({
      domain: key,
      name: exchangeName(key),
      address,
      plan,
      clock,
      random,
      emit,
      certificates: this.options.certificates,
      nextSession: () => ++this.sessions,
      sendBack: (letter) => this.postman.send(letter),
    });
    this.byDomain.set(key, host);
    this.byName.set(host.name, host);
    this.network.listen({ address, port: SMTP_PORT }, host);
    return host;
  }
}

function exchangeName(domain: string): string {
  return `mx.${domain.toLowerCase()}`;
}

/** Loopback addresses from 127.1.0.1 on, without the .0 and .255 of each block. */
function addressNumber(index: number): string {
  const last = 1 + (index % 254);
  const block = Math.floor(index / 254);
  return `127.${1 + (block >> 8)}.${block & 255}.${last}`;
}
