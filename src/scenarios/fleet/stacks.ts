// The lists of behaviors in the order in which a server asks them: one stack for each host and each mailbox of a
// domain. Lists that an event replaces are uncertain.

import { domainOf, parseAddress } from '../../base/addresses.js';
import { RECIPIENT_POINTS } from '../../simulator/behaviors/behavior.js';
import {
  canonicalName,
  DEFAULT_DOMAIN,
  hostNameOf,
  type BehaviorPlan,
  type DomainPlan,
  type Family,
  type HostPlan,
} from '../../simulator/plan.js';
import type { EventPlan } from '../plan.js';
import type { Fleet } from './fleet.js';
import { mayCover } from './shadowing.js';

/** One list of behaviors. */
export interface Layer {
  /** What it belongs to, in words. */
  owner: string;
  plans: readonly BehaviorPlan[];
  /** It is asked only once the recipient is known. */
  isForRecipient: boolean;
  /** An event sets it. */
  isSet: boolean;
  /** An event replaces it, or one of its mailboxes. */
  isUncertain: boolean;
  /** Whether a behavior of it can cover those of other lists. */
  mayCover: boolean;
}

/** The lists that one host asks for one kind of recipients. */
export interface Stack {
  host: string;
  families: readonly Family[];
  layers: Layer[];
}

/** A list, and the stacks in which its behaviors are asked. */
interface LayerInFleet {
  layer: Layer;
  stacksFor: (plan: BehaviorPlan) => Iterable<Stack>;
}

/** A host as one domain uses it, with what it asks after the mailbox. */
interface Server {
  host: string;
  families: readonly Family[];
  /** Of this host alone. */
  own: Layer;
  layers: Layer[];
}

/** A domain with its servers. */
interface Served {
  servers: Server[];
  /** Its own list. */
  layer: Layer;
  mailboxes: Layer[];
  /** Whether every recipient of the domain is one of these mailboxes. */
  hasEvery: boolean;
}

const V4: readonly Family[] = ['v4'];
const ONE_HOST: HostPlan[] = [{ name: 'mx', preference: 10, hasAddress: true, behaviors: [] }];

export class FleetStacks {
  private readonly served = new Map<string, Served>();
  private readonly sites = new Map<string, { layer: Layer; hosts: Map<string, Server>; domains: Served[] }>();
  /** Subjects of `set` events; mailboxes as their domains. */
  private readonly replaced = new Set<string>();
  /** Whether an event names neither a domain nor a site, but a host: hosts may have several names. */
  private readonly changesHost: boolean;
  /** The lists of single hosts, with the domains that use each; those of sites with the host itself. */
  private readonly hosts = new Map<Layer, { servers: Server[]; domains: Served[] }>();
  private readonly changedMailboxes = new Set<string>();
  private readonly sets: Extract<EventPlan, { action: 'set' }>[];

  constructor(
    private readonly fleet: Pick<Fleet, 'domains' | 'sites'>,
    events: readonly EventPlan[],
  ) {
    this.sets = events.filter((event) => event.action === 'set');
    for (const { subject } of this.sets) {
      if (subject.includes('@')) this.changedMailboxes.add(this.keyOf(domainOf(subject)));
      else this.replaced.add(subject);
    }
    this.changesHost = [...this.replaced].some((name) => !fleet.domains.has(name) && !fleet.sites.has(name));
    for (const [name, site] of fleet.sites) {
      const layer = this.layer(`the site ${name}`, site.behaviors, { isUncertain: this.replaced.has(name) });
      const hosts = new Map(
        site.hosts
          .filter(({ hasAddress }) => hasAddress)
          .map((host) => [host.name, this.server(host, canonicalName(host.name), [layer])]),
      );
      this.sites.set(name, { layer, hosts, domains: [] });
      for (const server of hosts.values()) this.hosts.set(server.own, { servers: [server], domains: [] });
    }
    for (const [domain, plan] of fleet.domains) {
      const served = this.read(domain, plan);
      this.served.set(domain, served);
      for (const { own } of served.servers) {
        const host = this.hosts.get(own);
        if (host) host.domains.push(served);
        else this.hosts.set(own, { servers: [], domains: [served] });
      }
    }
  }

  /** All lists of the fleet and of its `set` events. */
  *layers(): Iterable<LayerInFleet> {
    for (const served of this.served.values()) {
      const { layer, mailboxes, servers } = served;
      for (const mailbox of mailboxes) {
        if (mailbox.plans.length > 0)
          yield { layer: mailbox, stacksFor: () => withMailbox(servers, mailbox) };
      }
      yield { layer, stacksFor: (plan) => stacksOf(served, plan) };
    }
    for (const own of this.hosts.keys())
      yield { layer: own, stacksFor: (plan) => this.stacksOfHost(own, plan) };
    for (const site of this.sites.values()) {
      yield { layer: site.layer, stacksFor: (plan) => this.stacksOfSite(site, plan) };
    }
    for (const { subject, behaviors } of this.sets) {
      const set = this.layer(`${subject}, set by an event`, behaviors, { isSet: true });
      const known = this.setBy(subject, set);
      if (known) yield known;
    }
  }

  /** The stacks of a list that a `set` event puts in the place of another one. */
  private setBy(subject: string, set: Layer): LayerInFleet | undefined {
    if (parseAddress(subject)) {
      const served = this.served.get(this.keyOf(domainOf(subject)));
      const mailbox = { ...set, isForRecipient: true };
      return served && { layer: mailbox, stacksFor: () => withMailbox(served.servers, mailbox) };
    }
    const served = this.served.get(subject);
    if (served) {
      const layer = { ...set, isForRecipient: served.layer.isForRecipient };
      return { layer, stacksFor: (plan) => replacedIn(stacksOf(served, plan), served.layer, layer) };
    }
    const site = this.sites.get(subject);
    if (site)
      return { layer: set, stacksFor: (plan) => replacedIn(this.stacksOfSite(site, plan), site.layer, set) };
    const own = [...this.hosts.keys()].find(({ owner }) => owner === ownerOf(subject));
    return own && { layer: set, stacksFor: (plan) => replacedIn(this.stacksOfHost(own, plan), own, set) };
  }

  private *stacksOfHost(own: Layer, plan: BehaviorPlan): Iterable<Stack> {
    const { servers, domains } = this.hosts.get(own)!;
    for (const served of domains)
      for (const stack of stacksOf(served, plan)) if (stack.layers.includes(own)) yield stack;
    // A host of a site is also asked for a recipient without a domain.
    yield* servers;
  }

  /** Also for a recipient without a domain, `postmaster`, which has no list of a domain. */
  private *stacksOfSite(
    { domains, hosts }: { domains: Served[]; hosts: Map<string, Server> },
    plan: BehaviorPlan,
  ): Iterable<Stack> {
    yield* hosts.values();
    for (const served of domains) yield* stacksOf(served, plan);
  }

  private read(domain: string, plan: DomainPlan): Served {
    const isUncertain = this.replaced.has(domain);
    const site = plan.site === undefined ? undefined : this.sites.get(plan.site);
    const layer = this.layer(domain, plan.behaviors, { isUncertain, isForRecipient: site !== undefined });
    const mailboxes = plan.mailboxes.map(({ pattern, behaviors }) =>
      this.layer(`${pattern}@${domain}`, behaviors, {
        isForRecipient: true,
        isUncertain: this.changedMailboxes.has(domain),
      }),
    );
    // A host that relays takes recipients that are in no mailbox of the domain.
    const relays = plan.relay === true || plan.hosts?.some(({ relay }) => relay) === true;
    const hasEvery = !relays && plan.mailboxes.some(({ pattern }) => pattern === '*');
    if (!site) return { servers: this.ownServers(domain, plan, layer), layer, mailboxes, hasEvery };
    const names = plan.hosts?.map(({ name }) => name) ?? [...site.hosts.keys()];
    const servers = names.flatMap((name) => {
      const server = site.hosts.get(name);
      return server ? [{ ...server, layers: [layer, ...server.layers] }] : [];
    });
    const served = { servers, layer, mailboxes, hasEvery };
    site.domains.push(served);
    return served;
  }

  private ownServers(domain: string, { dns, hosts = ONE_HOST }: DomainPlan, layer: Layer): Server[] {
    const named = hosts
      .filter(({ hasAddress }) => hasAddress)
      .map((host) =>
        this.server(host, domain === DEFAULT_DOMAIN ? host.name : hostNameOf(host, domain), [layer]),
      );
    if (dns?.answer !== 'a-only') return named;
    const itself = this.server({ name: domain, preference: 0, hasAddress: true, behaviors: [] }, domain, [
      layer,
    ]);
    return dns.during || dns.until !== undefined ? [itself, ...named] : [itself];
  }

  private server({ families = V4, behaviors }: HostPlan, host: string, layers: Layer[]): Server {
    const own = this.layer(ownerOf(host), behaviors, { isUncertain: this.changesHost });
    return { host, families, own, layers: [own, ...layers] };
  }

  private layer(owner: string, plans: readonly BehaviorPlan[], more: Partial<Layer>): Layer {
    const { isForRecipient = false, isSet = false, isUncertain = false } = more;
    return {
      owner,
      plans,
      isForRecipient,
      isSet,
      isUncertain,
      mayCover: !isUncertain && plans.some(mayCover),
    };
  }

  private keyOf(domain: string): string {
    return this.fleet.domains.has(domain) ? domain : DEFAULT_DOMAIN;
  }
}

function ownerOf(host: string): string {
  return `the host ${host}`;
}

function* withMailbox(servers: readonly Server[], mailbox: Layer): Iterable<Stack> {
  for (const { host, families, layers } of servers) yield { host, families, layers: [mailbox, ...layers] };
}

/** The stacks of a domain in which a behavior of its servers is asked. */
function* stacksOf({ servers, mailboxes, hasEvery }: Served, { at }: BehaviorPlan): Iterable<Stack> {
  // Before RCPT no mailbox is asked; a behavior at every stage acts there too.
  const isLate = RECIPIENT_POINTS.includes(at);
  if (!isLate || at === 'any' || !hasEvery) yield* servers;
  if (isLate) for (const mailbox of mailboxes) yield* withMailbox(servers, mailbox);
}

function* replacedIn(stacks: Iterable<Stack>, old: Layer, by: Layer): Iterable<Stack> {
  for (const { layers, ...stack } of stacks)
    yield { ...stack, layers: layers.map((layer) => (layer === old ? by : layer)) };
}
