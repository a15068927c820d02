// A fleet that listens on loopback in real time, for senders that are separate processes.

import { systemClock } from '../clock/system.js';
import { invariant } from '../base/errors.js';
import type { Emit } from '../events/types.js';
import type { Random } from '../base/random.js';
import type { Certificates } from '../simulator/certificates.js';
import { LiveNetwork } from '../simulator/network/live.js';
import { DEFAULT_DOMAIN, type BehaviorPlan, type DomainPlan, type SitePlan } from '../simulator/plan.js';
import { World } from '../simulator/world.js';

const SMTP_PORT = 25;

interface LiveFleetOptions {
  fleet: Record<string, DomainPlan>;
  /** The sites that domains of the fleet name. */
  sites: Record<string, SitePlan>;
  /** Behaviors that change, ms from now. */
  changes: { at: number; subject: string; behaviors: BehaviorPlan[] }[];
  random: Random;
  /** @param now ms since the fleet was opened */
  emit: (fact: Parameters<Emit>[0], now: number) => void;
  certificates?: Certificates | undefined;
  /** Port of the first host; the others follow in order. Absent: the system picks all ports. */
  firstPort?: number | undefined;
  /** Ports of hosts by their domain; these override `firstPort`. */
  ports: ReadonlyMap<string, number>;
}

/** A host of the fleet, and its port on 127.0.0.1. */
export interface LiveHost {
  /** `default` for all domains that the fleet does not name. */
  domain: string;
  host: string;
  port: number;
}

export class LiveFleet {
  private readonly network = new LiveNetwork();
  private readonly world: World;
  private readonly timers: { cancel(): void }[] = [];
  private isOpen = false;

  constructor(private readonly options: LiveFleetOptions) {
    const clock = systemClock();
    const { fleet, sites, changes, random, certificates } = options;
    this.world = new World({
      clock,
      random,
      emit: (fact) => {
        // `open` looks up the fleet's own hosts; no client did.
        const isOwnLookUp = fact.type === 'dns.answered' && !this.isOpen;
        if (!isOwnLookUp) options.emit(fact, Math.round(clock.now()));
      },
      fleet,
      sites,
      network: this.network,
      certificates,
      // A client finds the hosts by their ports, not by DNS.
      ipv4Only: true,
      clientAddress: '127.0.0.1',
    });
    for (const { at, subject, behaviors } of changes) {
      this.timers.push(clock.after(at, () => this.world.setBehaviors(subject, behaviors)));
    }
  }

  /**
   * Opens all ports.
   *
   * @throws BouncelabError E_USAGE for a port that cannot be opened
   */
  async open(): Promise<LiveHost[]> {
    const hosts: LiveHost[] = [];
    const { firstPort, fleet, ports } = this.options;
    for (const domain of Object.keys(fleet)) {
      // A host that several domains share is listed for each of them and has one port.
      const nth = new Set(hosts.map(({ port }) => port)).size;
      this.network.nextPort = ports.get(domain) ?? (firstPort === undefined ? 0 : firstPort + nth);
      for (const { exchange } of await this.world.dns.resolveMx(domain)) {
        const [address] = await this.world.dns.resolve4(exchange);
        invariant(address !== undefined, `${exchange} has no address`);
        const port = await this.network.portOf({ address, port: SMTP_PORT });
        hosts.push({ domain, host: domain === DEFAULT_DOMAIN ? '' : exchange, port });
      }
    }
    this.isOpen = true;
    return hosts;
  }

  /** Ends every connection and closes the ports. */
  async close(): Promise<void> {
    for (const timer of this.timers) timer.cancel();
    await this.world.close();
  }
}
