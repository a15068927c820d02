// Draws the fleet of an experiment: domains with their DNS answers, MX hosts and mailboxes, and hosts that several
// domains share.

import { addressKey, localPartOf } from '../../base/addresses.js';
import { domainKey } from '../../base/domain-names.js';
import type { Data } from './document.js';
import { drawHost, hasBothFamilies, type FleetContext, type Mapping, type Subject } from './hosts.js';
import { drawSharing, type Membership } from './sites.js';

export interface DrawnFleet {
  /** The keys `fleet` and, where domains share hosts, `sites` of a scenario. */
  keys: { fleet: Data; sites?: Data };
  /** What a `set` event may name. */
  subjects: Subject[];
}

/** The receiving side of an experiment. */
export function drawFleet(context: FleetContext): DrawnFleet {
  const { people } = context;
  const { sites, members, subjects } = drawSharing(context);
  const fleet: Mapping = {};
  for (const domain of people.domains) {
    const membership = members.get(domain);
    const drawn = drawDomain(context, people.at(domain), membership);
    // A domain that its site lists need not be one of `fleet`.
    if (membership?.isListed === true && Object.keys(drawn).length === 0) continue;
    fleet[people.spelled(domain)] = drawn;
    subjects.push({ name: domain, place: placeOf(membership) });
    if (!membership) subjects.push(...ownHosts(drawn['hosts'], domain));
  }
  if (people.unnamed.length > 0) {
    const contacts = people.unnamed.flatMap((domain) => people.at(domain));
    fleet['default'] = drawDomain(context, contacts, undefined);
    subjects.push({ name: 'default', place: 'domain' });
  }
  subjects.push(...people.contacts.map((name): Subject => ({ name, place: 'mailbox' })));
  return { keys: Object.keys(sites).length > 0 ? { sites, fleet } : { fleet }, subjects };
}

function drawDomain(context: FleetContext, contacts: string[], membership: Membership | undefined): Mapping {
  const { draw, faults, behaviors } = context;
  const hosts = membership ? membership.hosts : drawHosts(context);
  const isOwner = membership?.ownsHosts ?? true;
  const place = placeOf(membership);
  const hasBoth = place === 'domain' && (hosts?.every(hasBothFamilies) ?? false);
  return {
    ...(membership?.site === undefined ? {} : { site: membership.site }),
    ...(isOwner && faults.has('tls') ? draw.maybe(0.6, () => ({ tls: true })) : {}),
    ...(isOwner && faults.has('relay') ? draw.maybe(0.4, () => ({ relay: draw.chance(0.7) })) : {}),
    ...drawDns(context, membership?.site !== undefined || membership?.isListed === true),
    ...(hosts ? { hosts } : {}),
    ...behaviors.of(place, hasBoth),
    ...drawMailboxes(context, contacts),
  };
}

function placeOf(membership: Membership | undefined): 'domain' | 'shared-domain' {
  return membership?.isAlone === false ? 'shared-domain' : 'domain';
}

/** The hosts of a domain that have an address, by their whole names. */
function ownHosts(hosts: Data | undefined, domain: string): Subject[] {
  return (Array.isArray(hosts) ? (hosts as Mapping[]) : [])
    .filter(({ address }) => address !== 'none')
    .map(({ name }) => ({ name: `${name as string}.${domainKey(domain)}`, place: 'domain' }));
}

function drawMailboxes({ draw, behaviors, people }: FleetContext, contacts: string[]): Mapping {
  const mailboxes: Mapping = {};
  const named = new Set<string>();
  for (const address of contacts) {
    // The domains that \`default\` serves have the same mailboxes.
    const key = localPartOf(addressKey(address));
    if (named.has(key) || !draw.chance(0.4)) continue;
    named.add(key);
    const list = behaviors.ofMailbox();
    if (list.length > 0) mailboxes[localPartOf(people.spelled(address))] = list;
  }
  return Object.keys(mailboxes).length > 0 ? { mailboxes } : {};
}

/**
 * A DNS fault, limited in time: a domain that never resolves would leave nothing to test.
 *
 * @param needsMx the domain has no host without its MX
 */
function drawDns({ draw, faults, hours }: FleetContext, needsMx: boolean): Mapping {
  if (!faults.has('dns') || draw.chance(0.5)) return {};
  const answers = ['nxdomain', 'servfail', 'null-mx', 'timeout', ...(needsMx ? [] : ['a-only'])];
  const answer = draw.one(answers);
  const to = draw.int(1, hours);
  const when: Mapping = draw.chance(0.3)
    ? { during: `${draw.int(0, to - 1)}h..${to}h` }
    : { until: `${to}h` };
  return { dns: { answer, ...when } };
}

/** Hosts of one domain, or of `default`; undefined for the one that a domain has without naming it. */
function drawHosts(context: FleetContext): Mapping[] | undefined {
  const { draw, faults } = context;
  const isNamed = ['hosts', 'families', 'relay'].some((name) => faults.has(name) && draw.chance(0.5));
  if (!isNamed) return undefined;
  const most = faults.has('hosts') ? 3 : 1;
  return draw.many(1, most, (n) => drawHost(context, `mx${n + 1}`, n > 0));
}
