// Reads `fleet` as plans of domains, and keeps the names of domains and hosts to which the rest of the
// file may refer.

import { addressFault, isLocalPattern, mailboxName } from '../../base/addresses.js';
import { domainFault, domainKey, isDomain, shortened } from '../../base/domain-names.js';
import {
  DEFAULT_DOMAIN,
  type BehaviorPlan,
  type DomainPlan,
  type ProfilePlan,
} from '../../simulator/plan.js';
import { STARS_MAX, wildcard } from '../../base/wildcard.js';
import type { Path } from '../../documents/locate.js';
import { readBehaviorList, readBehaviors } from './behavior.js';
import { readProfile, type Folders } from './profile.js';
import { checkReach, isReachable, readDns, readHosts, type NamedHost } from './hosts.js';
import { quoted } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';
import { domainSchema } from '../schema/fleet.js';

/** The domains of a scenario and the hosts that receive for them. */
export class Fleet {
  readonly domains = new Map<string, DomainPlan>();
  /** Hosts by their full names; without those of `default`, whose names depend on the recipient domain. */
  readonly hosts = new Map<string, NamedHost>();

  /** Whether there is a server for this domain. */
  serves(domain: string): boolean {
    const key = domainKey(domain);
    return (key !== DEFAULT_DOMAIN && this.domains.has(key)) || this.domains.has(DEFAULT_DOMAIN);
  }

  /** The plan of the servers that receive for a domain. */
  planOf(domain: string): DomainPlan | undefined {
    return this.domains.get(domainKey(domain)) ?? this.domains.get(DEFAULT_DOMAIN);
  }

  /** Whether a server for this domain can ever be reached. */
  reaches(domain: string): boolean {
    const plan = this.planOf(domain);
    return plan !== undefined && isReachable(plan);
  }

  /** Names to suggest when one is unknown. */
  get names(): string[] {
    return [...this.domains.keys(), ...this.namedHosts];
  }

  /** Label of these names. */
  get namesAre(): string {
    return this.namedHosts.length > 0 ? 'domains and hosts of the fleet' : 'domains of the fleet';
  }

  /** Hosts that the file names. */
  private get namedHosts(): string[] {
    return [...this.hosts].filter(([, { line }]) => line > 0).map(([name]) => name);
  }
}

/** Reads `fleet`. A domain with problems is kept, so that references to it are not reported too. */
export function readFleet(reader: Reader, folders: Folders): Fleet {
  const fleet = new Fleet();
  const root: Path = ['fleet'];
  if (reader.get(root) === undefined || !reader.mapping(root)) return fleet;
  const lines = new Map<string, number>();
  for (const written of reader.keys(root)) {
    const path = [...root, written];
    const key = domainKey(written);
    if (!isDomain(written)) {
      const fault = domainFault(written);
      reader.shape(
        path,
        `${quoted(shortened(written))} is not a domain${fault ? `: ${fault.message}` : ''}`,
        {
          on: 'key',
          hint: fault?.hint ?? 'write a domain such as example.org; list single mailboxes under `mailboxes`',
        },
      );
    }
    const first = lines.get(key);
    if (first !== undefined) {
      reader.problem(path, `the domain ${quoted(written)} appears twice`, {
        on: 'key',
        hint: `the first is on line ${first}; case is ignored`,
      });
    }
    lines.set(key, reader.line(path));
    fleet.domains.set(key, readDomain(reader, path, folders, key, fleet.hosts));
  }
  nameHosts(reader, fleet);
  return fleet;
}

/** Names the hosts of domains that list none, and reports hosts with the name of a domain. */
function nameHosts(reader: Reader, fleet: Fleet): void {
  for (const [name, { line }] of fleet.hosts) {
    if (!fleet.domains.has(name)) continue;
    const written = reader.keys(['fleet']).find((key) => domainKey(key) === name)!;
    reader.problem(['fleet', written], `${quoted(name)} is a host and cannot be a domain of its own`, {
      on: 'key',
      hint: `the host is on line ${line}`,
    });
  }
  for (const [domain, plan] of fleet.domains) {
    if (plan.hosts || domain === DEFAULT_DOMAIN) continue;
    const recorded = plan.profile?.mx;
    const isFree = recorded !== undefined && !isTaken(fleet, recorded, domain);
    const name = isFree ? recorded : `mx.${domain}`;
    if (fleet.domains.has(name) || fleet.hosts.has(name)) continue;
    if (isFree) plan.hosts = [{ name, preference: 10, hasAddress: true, behaviors: [] }];
    fleet.hosts.set(name, { domain, hasAddress: true, line: 0 });
  }
}

/** Whether a name is a domain of the fleet, or a host of another domain. */
function isTaken(fleet: Fleet, name: string, domain: string): boolean {
  if (fleet.domains.has(name) || fleet.hosts.has(name)) return true;
  const owner = name.startsWith('mx.') ? name.slice('mx.'.length) : undefined;
  return owner !== undefined && owner !== domain && fleet.domains.has(owner);
}

function readDomain(
  reader: Reader,
  path: Path,
  folders: Folders,
  domain: string,
  named: Map<string, NamedHost>,
): DomainPlan {
  const plan: DomainPlan = { behaviors: [], mailboxes: [] };
  if (reader.get(path) === null || !reader.object(domainSchema, path)) return plan;
  const shorthand = reader.read(domainSchema.shape.shorthand, [...path, 'shorthand']);
  if (shorthand !== undefined) plan.shorthand = shorthand;
  const profile = readProfile(reader, [...path, 'profile'], folders);
  if (profile) plan.profile = profile;
  if (reader.get([...path, 'tls']) !== undefined)
    plan.tls = reader.read(domainSchema.shape.tls, [...path, 'tls']) === true;
  const dns = readDns(reader, [...path, 'dns']);
  if (dns) plan.dns = dns;
  const hosts = [...path, 'hosts'];
  if (reader.get(hosts) !== undefined)
    plan.hosts = readHosts(reader, hosts, domain === DEFAULT_DOMAIN ? undefined : domain, named, profile);
  const behaviors = [...path, 'behaviors'];
  if (reader.get(behaviors) !== undefined)
    plan.behaviors = readBehaviorList(reader, behaviors, { scope: 'domain', profile });
  const mailboxes = [...path, 'mailboxes'];
  if (reader.get(mailboxes) !== undefined && reader.mapping(mailboxes))
    plan.mailboxes = readMailboxes(reader, mailboxes, profile);
  checkReach(reader, path, plan);
  return plan;
}

function readMailboxes(
  reader: Reader,
  path: Path,
  profile: ProfilePlan | undefined,
): DomainPlan['mailboxes'] {
  const mailboxes: { pattern: string; behaviors: BehaviorPlan[] }[] = [];
  const earlier: { written: string; matches: (text: string) => boolean; line: number }[] = [];
  const exact = new Map<string, number>();
  for (const written of reader.keys(path)) {
    const at = [...path, written];
    const pattern = mailboxName(written).normalize('NFC').toLowerCase();
    if (!isMailbox(written)) {
      const fault = addressFault(`${written}@example.org`);
      reader.shape(at, `${quoted(shortened(written))} is not a mailbox${fault ? `: ${fault.message}` : ''}`, {
        on: 'key',
        hint:
          fault?.hint ??
          `write the part before the @, such as bob or ghost-*, with at most ${STARS_MAX} stars`,
      });
      continue;
    }
    const line = reader.line(at);
    // A pattern that matches the text of a later pattern matches every mailbox that the later one does.
    const cover = earlier.find(({ matches }) => matches(pattern));
    const twin = exact.get(pattern);
    if (cover || twin !== undefined) {
      const by = cover ? `${quoted(cover.written)} on line ${cover.line}` : `the same name on line ${twin}`;
      reader.problem(at, `the mailbox ${quoted(written)} is never used: ${by} matches first`, {
        on: 'key',
        hint: 'the first key that matches counts: put the more specific key first',
      });
    }
    if (pattern.includes('*')) earlier.push({ written, matches: wildcard(pattern), line });
    else exact.set(pattern, line);
    mailboxes.push({ pattern, behaviors: readBehaviors(reader, at, { scope: 'mailbox', profile }) });
  }
  return mailboxes;
}

function isMailbox(text: string): boolean {
  return isLocalPattern(text) && text.split('*').length - 1 <= STARS_MAX;
}
