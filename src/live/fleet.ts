// A fleet that listens on loopback for senders that are separate processes, in real time or faster.

import { ScaledClock } from '../clock/scaled.js';
import { BouncelabError } from '../base/errors.js';
import { connectLoopback } from '../base/loopback.js';
import { seededRandom } from '../base/random.js';
import type { Fact } from '../events/types.js';
import type { EventPlan, ScenarioPlan } from '../scenarios/plan.js';
import { usesTls } from '../scenarios/fleet/uses-tls.js';
import { certificates } from '../simulator/certificates.js';
import { dialTimes } from '../simulator/host/conditions.js';
import { LiveNetwork } from '../simulator/network/live.js';
import type { Endpoint } from '../simulator/network/memory-socket.js';
import type { BehaviorPlan } from '../simulator/plan.js';
import { World } from '../simulator/world.js';
import { hasAddresses, LiveAddresses } from './addresses.js';
import { DnsServer } from './dns-server.js';

const LOOPBACK = '127.0.0.1';

/** An address and a port of this machine. */
export type LivePlace = Endpoint;

export interface LiveFleetOptions {
  /** Fleet, sites, events that change the fleet, and the seed of random draws; what else a plan has is not used. */
  plan: Pick<ScenarioPlan, 'fleet' | 'sites' | 'events' | 'seed'>;
  /** Called with everything that the servers see. @param t ms of the fleet since it was opened */
  emit?: (fact: Fact, t: number) => void;
  /** Milliseconds of the fleet in one of real time, from 1; default 1. */
  speed?: number;
  /**
   * `addresses`: each host at its own loopback address, all at one port. `ports`: each host at its own port of
   * 127.0.0.1. Default: `addresses` where the system allows it.
   */
  by?: 'addresses' | 'ports';
  /** The port of all hosts with `by: addresses`; 0: any free one. Default: 25, else 2525, else any free one. */
  smtpPort?: number | undefined;
  /** The address of the first host, default 127.1.0.1; the others follow. */
  firstAddress?: string | undefined;
  /** Further ports at 127.0.0.1, by the domain whose preferred host listens there; 0: any free one. */
  hostPorts?: ReadonlyMap<string, number>;
  /** A port at 127.0.0.1 where the domain of each recipient chooses the host; 0: any free one. */
  sharedPort?: number | undefined;
  /** Port of a DNS server at 127.0.0.1, UDP and TCP; 0: any free one. */
  dnsPort?: number | undefined;
  /** An address beyond loopback at which hosts listen, each at a port of its own. */
  beyond?: string | undefined;
  /** Where messages that hosts return are delivered, on loopback. Absent: nothing is returned. */
  returns?: LivePlace | undefined;
  /** Addresses may name their behavior after a `+`, unless the plan turns that off; default true. */
  shorthand?: boolean;
  /** Called when a host that was down cannot listen again, or one of a domain of `default` cannot listen. */
  onError?: (error: BouncelabError) => void;
}

/** A host of the fleet, once for each domain and each family of addresses that it has. */
export interface LiveHost extends LivePlace {
  /** Recipient domain; `default` for all domains that the fleet does not name. */
  domain: string;
  /** The name that MX records of the domain have for it. */
  name: string;
  preference: number;
  family: 'v4' | 'v6';
}

/** Where an open fleet listens. */
export interface LivePlaces {
  hosts: LiveHost[];
  /** Ports that `hostPorts` asked for. */
  extra: (LivePlace & { domain: string })[];
  shared?: LivePlace;
  /** The address and port of all IPv6 hosts, where there are several. */
  sharedV6?: LivePlace | undefined;
  dns?: LivePlace;
}

export class LiveFleet {
  /** Its clock: the speed, and the date of the fleet. */
  readonly clock: ScaledClock;
  private readonly network: LiveNetwork;
  private readonly world: World;
  private readonly timers: { cancel(): void }[] = [];
  private dnsServer: DnsServer | undefined;
  private isOpen = false;
  private known: LivePlaces = { hosts: [], extra: [] };

  private constructor(
    private readonly options: LiveFleetOptions,
    addresses: LiveAddresses,
    tls: Awaited<ReturnType<typeof certificates>> | undefined,
  ) {
    const { plan, emit, speed = 1, smtpPort, beyond, returns, onError } = options;
    const { fleet, sites = {}, seed } = plan;
    const clock = new ScaledClock(speed);
    this.clock = clock;
    this.network = new LiveNetwork({
      by: addresses.by,
      ...(beyond === undefined ? {} : { address: beyond }),
      smtpPort,
      onError: onError ?? (() => {}),
    });
    this.world = new World({
      clock,
      random: seededRandom(seed),
      emit: (fact) => {
        if (!this.isOpen) return;
        // Before a client comes, nothing can be late.
        if (speed > 1) clock.watchLag();
        emit?.(fact, Math.round(clock.now()));
      },
      fleet: options.shorthand === false ? fleet : withShorthand(fleet),
      sites,
      network: this.network,
      certificates: tls,
      addressOf: (nth, family) => addresses.of(nth, family),
      clientAddress: LOOPBACK,
      returns: returns ? () => connectLoopback({ host: returns.address, port: returns.port }) : 'none',
    });
  }

  /**
   * Opens a fleet: from then on it listens, and its time runs.
   *
   * @throws BouncelabError E_USAGE for a port or an address that cannot be used
   */
  static async open(options: LiveFleetOptions): Promise<LiveFleet> {
    const { plan, by, beyond, firstAddress } = options;
    const byAddress = beyond === undefined && (by ?? ((await hasAddresses()) ? 'addresses' : 'ports'));
    const addresses = new LiveAddresses(byAddress || 'ports', firstAddress);
    const fleet = new LiveFleet(options, addresses, usesTls(plan) ? await certificates() : undefined);
    try {
      await fleet.listen();
      return fleet;
    } catch (error) {
      await fleet.close();
      throw error;
    }
  }

  /** Where it listens. */
  get places(): LivePlaces {
    return this.known;
  }

  /** The date at its time zero. */
  get startedAt(): Date {
    return this.clock.startedAt;
  }

  /** ms of the fleet since it was opened. */
  now(): number {
    return this.clock.now();
  }

  /** The date in the fleet. */
  date(): Date {
    return this.clock.date();
  }

  /** Runs `fn` at a time of the fleet, unless it is closed before. */
  at(time: number, fn: () => void): void {
    this.timers.push(this.clock.after(Math.max(0, time - this.clock.now()), fn));
  }

  /** The most that it has been late since the first client came, in ms of real time; not measured at speed 1. */
  get lagMs(): number {
    return this.clock.lagMs;
  }

  /**
   * Changes behaviors from now on.
   *
   * @param subject a domain, `default`, a site, a host or an address, see `World.setBehaviors`
   */
  setBehaviors(subject: string, behaviors: BehaviorPlan[]): void {
    const { emit } = this.options;
    emit?.({ type: 'scenario.event', action: 'set', subject }, Math.round(this.clock.now()));
    this.world.setBehaviors(subject, behaviors);
    this.network.refresh();
  }

  /** Ends every session with 421, and closes the ports. */
  async close(): Promise<void> {
    for (const timer of this.timers) timer.cancel();
    this.world.endSessions();
    await this.dnsServer?.close();
    await this.world.close();
    this.isOpen = false;
    this.clock.stop();
  }

  private async listen(): Promise<void> {
    const { plan, hostPorts = new Map<string, number>(), sharedPort, dnsPort } = this.options;
    const hosts = new Set(
      Object.keys(plan.fleet).flatMap((domain) => this.world.domain(domain)?.hosts ?? []),
    );
    const sharesV6 = [...hosts].filter(({ addresses }) => addresses.v6).length > 1;
    if (sharesV6) this.network.reserveV6();
    await this.network.open();
    if (sharesV6) await this.shareV6();
    this.known.hosts = Object.keys(plan.fleet).flatMap((domain) => this.hostsOf(domain));
    for (const [domain, port] of hostPorts) {
      const at = await this.network.openAlso(this.preferred(domain), { address: LOOPBACK, port });
      this.known.extra.push({ domain, ...at });
    }
    if (sharedPort !== undefined) {
      const server = this.world.share(usesTls(plan));
      this.known.shared = await this.network.openAlso(server, { address: LOOPBACK, port: sharedPort });
    }
    if (dnsPort !== undefined) {
      this.dnsServer = new DnsServer({
        world: this.world,
        // A domain that only `default` serves has a host of its own from its first lookup on.
        hostsReady: () =>
          this.network.open().catch((error: unknown) => {
            this.options.onError?.(error as BouncelabError);
            throw error;
          }),
      });
      this.known.dns = await this.dnsServer.open({ address: LOOPBACK, port: dnsPort });
    }
    this.schedule(plan.events);
    this.isOpen = true;
  }

  /** Several hosts have the one IPv6 address: the domain of a recipient chooses between them there. */
  private async shareV6(): Promise<void> {
    const port = this.network.commonPort;
    if (port === undefined) return;
    const server = this.world.share(usesTls(this.options.plan), 'v6');
    this.known.sharedV6 = await this.network
      .openAlso(server, { address: '::1', port })
      .catch(() => undefined);
  }

  private schedule(events: readonly EventPlan[]): void {
    for (const event of events) {
      if (event.action !== 'set' && event.action !== 'bounce') continue;
      this.at(event.at, () => this.apply(event));
    }
    // Hosts that a behavior takes down listen again when it ends.
    for (const time of new Set(dialTimes(behaviorsOf(this.options.plan))))
      if (time > 0) this.at(time, () => this.network.refresh());
  }

  private apply(event: EventPlan & { action: 'set' | 'bounce' }): void {
    if (event.action === 'set') return this.setBehaviors(event.subject, event.behaviors);
    const { to, about, status } = event;
    const fact = { type: 'scenario.event', action: 'bounce', subject: to } as const;
    this.options.emit?.(fact, Math.round(this.clock.now()));
    this.world.bounce(to, about, status);
  }

  private hostsOf(domain: string): LiveHost[] {
    const served = this.world.domain(domain);
    if (!served) return [];
    const { hosts, preferences } = served;
    return hosts.flatMap((host, index) => {
      const server = this.world.serverOf(host);
      const families = Object.entries(host.addresses) as [LiveHost['family'], string][];
      return families.flatMap(([family, address]) => {
        const at = this.network.placeOf(server, address);
        const preference = preferences.get(host)!;
        return at ? [{ domain, name: nameOf(served, index, host.name), preference, family, ...at }] : [];
      });
    });
  }

  /** The server of the host that is tried first. @throws BouncelabError E_USAGE when there is none */
  private preferred(domain: string): ReturnType<World['serverOf']> {
    const { hosts = [], preferences } = this.world.domain(domain) ?? {};
    const [first] = [...hosts].sort((a, b) => preferences!.get(a)! - preferences!.get(b)!);
    if (!first) throw new BouncelabError('E_USAGE', `the fleet has no host with an address for ${domain}`);
    return this.world.serverOf(first);
  }
}

/** A host of a site has another name for each of its domains. */
function nameOf(
  { records, hosts }: { records: { exchange: string }[]; hosts: unknown[] },
  index: number,
  own: string,
): string {
  return records.length === hosts.length ? records[index]!.exchange : own;
}

function behaviorsOf({ fleet, sites = {}, events }: LiveFleetOptions['plan']): BehaviorPlan[] {
  const served = [...Object.values(fleet), ...Object.values(sites)];
  return [
    ...served.flatMap(({ behaviors, hosts = [] }) => [
      ...behaviors,
      ...hosts.flatMap((host) => host.behaviors),
    ]),
    ...events.flatMap((event) => (event.action === 'set' ? event.behaviors : [])),
  ];
}

/** Enables behaviors in the local part of an address for all domains, unless the plan disables them. */
function withShorthand(fleet: ScenarioPlan['fleet']): ScenarioPlan['fleet'] {
  return Object.fromEntries(
    Object.entries(fleet).map(([domain, plan]) => [domain, { shorthand: true, ...plan }]),
  );
}
