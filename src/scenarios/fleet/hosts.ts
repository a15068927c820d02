// Reads `hosts` and `dns` of one domain as plans, and refuses hosts and behaviors that no client can
// reach.

import { domainKey, isDomain, isLabel } from '../../base/domain-names.js';
import {
  FAMILIES,
  hostNameOf,
  type DnsAnswer,
  type DnsPlan,
  type DomainPlan,
  type HostPlan,
  type ProfilePlan,
} from '../../simulator/plan.js';
import type { Path } from '../../documents/locate.js';
import { readBehaviorList } from './behavior.js';
import { quoted } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';
import { dnsField, hostSchema } from '../schema/fleet.js';

/** Answers after which a client never dials a server. */
const LEADS_NOWHERE: ReadonlySet<DnsAnswer> = new Set(['nxdomain', 'servfail', 'null-mx', 'timeout']);

/** A host of the fleet, and the line where it is written. */
export interface NamedHost {
  domain: string;
  hasAddress: boolean;
  /** 0 for the host of a domain that lists none. */
  line: number;
}

/** A host as it is read, and its place in the file. */
export interface ReadHost {
  host: HostPlan;
  path: Path;
}

/** Whether a domain has a server that a client can reach at some time. */
export function isReachable({ dns, hosts }: DomainPlan): boolean {
  const always = dns && !dns.during && dns.until === undefined;
  if (always && LEADS_NOWHERE.has(dns.answer)) return false;
  return (always && dns.answer === 'a-only') || !hosts || hosts.some(({ hasAddress }) => hasAddress);
}

/** Reads `dns` of a domain. */
export function readDns(reader: Reader, path: Path): DnsPlan | undefined {
  if (reader.get(path) === undefined) return undefined;
  const read = reader.read(dnsField, path);
  if (!read || read.answer !== 'mx' || typeof reader.get(path) === 'string') return read;
  reader.problem(path, '`mx` is also the answer at all other times, so a time for it has no effect', {
    hint: 'leave `dns` out, or name another answer for that time',
  });
  return undefined;
}

/**
 * Reads `hosts` of a domain.
 *
 * @param domain lower case; undefined for `default`, whose host names are completed with each recipient domain
 * @param known hosts of the domains read before; those of this domain are added
 */
export function readHosts(
  reader: Reader,
  path: Path,
  domain: string | undefined,
  known: Map<string, NamedHost>,
  profile: ProfilePlan | undefined,
): ReadHost[] {
  const own = new Map<string, number>();
  const hosts: ReadHost[] = [];
  const items = reader.items(path);
  if (Array.isArray(reader.get(path)) && items.length === 0) {
    reader.shape(path, '`hosts` is empty: a domain has at least one host', {
      hint: 'leave it out for one host, or write `dns: null-mx` for a domain that takes no mail',
    });
  }
  items.forEach((_item, index) => {
    const at = [...path, index];
    const host = readHost(reader, at, profile);
    if (!host || !isHostName(reader, host.name, [...at, 'name'], domain)) return;
    const line = reader.line([...at, 'name']);
    const name = domain === undefined ? host.name : hostNameOf(host, domain);
    const twin = own.get(name);
    if (twin !== undefined) {
      reader.problem([...at, 'name'], `the host ${quoted(name)} appears twice`, {
        hint: `the first is on line ${twin}`,
      });
      return;
    }
    own.set(name, line);
    if (domain !== undefined && !known.has(name))
      known.set(name, { domain, hasAddress: host.hasAddress, line });
    hosts.push({ host, path: at });
  });
  return hosts;
}

/** Refuses `hosts`, `relay`, `behaviors` and `mailboxes` of servers that no client can reach. */
export function checkReach(reader: Reader, path: Path, plan: DomainPlan): void {
  const { dns } = plan;
  const has = (key: string): boolean => reader.get([...path, key]) !== undefined;
  if (dns?.answer === 'a-only' && !dns.during && dns.until === undefined && has('hosts')) {
    reader.problem(
      [...path, 'hosts'],
      '`hosts` cannot be reached: under `dns: a-only` the domain is its own host',
      {
        on: 'key',
        hint: 'leave `hosts` out, or give `dns` a time: { answer: a-only, until: 1h }',
      },
    );
    return;
  }
  if (isReachable(plan)) return;
  const idle = ['hosts', 'relay', 'behaviors', 'mailboxes'].find(
    (key) => has(key) && (key !== 'hosts' || dns),
  );
  if (idle === undefined) return;
  const why = dns && LEADS_NOWHERE.has(dns.answer) ? `\`dns: ${dns.answer}\`` : 'hosts without address';
  reader.problem([...path, idle], `\`${idle}\` can never act: with ${why} no server can be reached`, {
    on: 'key',
    hint: dns
      ? `leave it out, or give \`dns\` a time: { answer: ${dns.answer}, until: 1h }`
      : 'leave it out, or give one of the hosts an address',
  });
}

/** Reads one host, of a domain or of a site; its name is not checked. */
export function readHost(reader: Reader, path: Path, profile: ProfilePlan | undefined): HostPlan | undefined {
  if (!reader.object(hostSchema, path)) return undefined;
  const { shape } = hostSchema;
  const name = reader.readGiven(shape.name, [...path, 'name']);
  const preference = reader.read(shape.preference, [...path, 'preference']);
  const address = reader.read(shape.address, [...path, 'address']);
  const hasAddress = address !== 'none';
  if (Array.isArray(address) && new Set(address).size < address.length)
    reader.problem([...path, 'address'], '`address` names a family twice', {
      hint: 'write [v4], [v6] or [v4, v6]',
    });
  const families: Pick<HostPlan, 'families'> = Array.isArray(address)
    ? { families: FAMILIES.filter((one) => address.includes(one)) }
    : {};
  const at = [...path, 'behaviors'];
  const behaviors =
    reader.get(at) === undefined ? [] : readBehaviorList(reader, at, { scope: 'host', profile });
  for (const key of ['relay', 'behaviors']) {
    if (hasAddress || reader.get([...path, key]) === undefined) continue;
    reader.problem([...path, key], `\`${key}\` can never act: a host without address is never reached`, {
      on: 'key',
      hint: `leave \`${key}\` or \`address: none\` out`,
    });
  }
  behaviors.forEach(({ when: { family } }, index) => {
    if (!hasAddress || family === undefined || (families.families ?? ['v4']).includes(family)) return;
    reader.problem([...at, index, 'family'], `this can never act: the host has no ${family} address`, {
      on: 'key',
      hint: 'give the host `address: [v4, v6]`, or leave `family` out',
    });
  });
  const relay = reader.read(shape.relay, [...path, 'relay']);
  if (name === undefined || preference === undefined) return undefined;
  const host = { name: domainKey(name), preference, hasAddress, ...families, behaviors };
  return relay === undefined ? host : { ...host, relay };
}

function isHostName(reader: Reader, name: string, path: Path, domain: string | undefined): boolean {
  if (isLabel(name)) return true;
  if (domain === undefined && isDomain(name)) {
    reader.problem(path, `${quoted(name)} cannot be a host of \`default\`: it would be one of every domain`, {
      hint: 'write the first part alone, such as mx1: each domain gets a host of that name',
    });
    return false;
  }
  if (isDomain(name) && name !== domain) return true;
  reader.shape(path, `${quoted(name)} is not the name of a host`, {
    hint: 'write mx1, to which the domain is added, or a whole name such as mx1.example.net',
  });
  return false;
}
