// Reads one domain of `fleet`: its DNS, its hosts or the site whose hosts receive for it, and its mailboxes.

import { addressFault, isLocalPattern, mailboxName } from '../../base/addresses.js';
import { shortened } from '../../base/domain-names.js';
import type { BehaviorPlan, DomainPlan, ProfilePlan } from '../../simulator/plan.js';
import { DEFAULT_DOMAIN, hostNameOf } from '../../simulator/plan.js';
import { WildcardIndex } from '../../base/wildcard-index.js';
import type { Path } from '../../documents/locate.js';
import { counted, quoted } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';
import { domainSchema } from '../schema/fleet.js';
import { readBehaviorList, readBehaviors } from './behavior.js';
import { checkReach, readDns, readHosts, type NamedHost } from './hosts.js';
import { readProfile, type Folders } from './profile.js';
import { shareHosts } from './shared-hosts.js';
import type { Sharing } from './sites.js';

/** Patterns with several stars that one domain may have: each may have to be compared with all before it. */
const SEVERAL_STARS_MAX = 2000;

/** What the reading of a domain needs of the fleet. */
export interface DomainContext {
  folders: Folders;
  /** Hosts that were read before; those of this domain are added. */
  hosts: Map<string, NamedHost>;
  /** The site whose hosts receive for this domain. */
  site?: Sharing | undefined;
  /** Where the behaviors of shared hosts are given, by host. */
  lines: Map<string, number>;
}

/** @param domain its key in lower case */
export function readDomain(reader: Reader, path: Path, domain: string, context: DomainContext): DomainPlan {
  const plan: DomainPlan = { behaviors: [], mailboxes: [] };
  const { folders, site } = context;
  if (site) plan.site = site.site;
  if (reader.get(path) === null || !reader.object(domainSchema, path)) return plan;
  const shorthand = reader.read(domainSchema.shape.shorthand, [...path, 'shorthand']);
  if (shorthand !== undefined) plan.shorthand = shorthand;
  // The profile of hosts that are shared was read with their site.
  const profile = site ? site.plan.profile : readProfile(reader, [...path, 'profile'], folders);
  if (profile && !site) plan.profile = profile;
  const tls = reader.get([...path, 'tls']) === undefined ? undefined : readTls(reader, path);
  if (tls !== undefined && !site) plan.tls = tls;
  const relay = reader.read(domainSchema.shape.relay, [...path, 'relay']);
  if (relay !== undefined && !site) plan.relay = relay;
  const dns = readDns(reader, [...path, 'dns']);
  if (dns) plan.dns = dns;
  readDomainHosts(reader, path, { domain, plan, profile }, context);
  const behaviors = [...path, 'behaviors'];
  const isShared = site !== undefined;
  if (reader.get(behaviors) !== undefined)
    plan.behaviors = readBehaviorList(reader, behaviors, { scope: 'domain', profile, isShared });
  const mailboxes = [...path, 'mailboxes'];
  if (reader.get(mailboxes) !== undefined && reader.mapping(mailboxes))
    plan.mailboxes = readMailboxes(reader, mailboxes, profile);
  checkReach(reader, path, plan);
  return plan;
}

function readTls(reader: Reader, path: Path): boolean {
  return reader.read(domainSchema.shape.tls, [...path, 'tls']) === true;
}

function readDomainHosts(
  reader: Reader,
  path: Path,
  { domain, plan, profile }: { domain: string; plan: DomainPlan; profile: ProfilePlan | undefined },
  { hosts: known, site, lines }: DomainContext,
): void {
  const at = [...path, 'hosts'];
  const isGiven = reader.get(at) !== undefined;
  const name = domain === DEFAULT_DOMAIN ? undefined : domain;
  const read = isGiven ? readHosts(reader, at, name, known, profile) : [];
  if (!site) {
    if (isGiven) plan.hosts = read.map(({ host }) => host);
    return;
  }
  if (!site.isByHosts) return;
  const own = isGiven
    ? read.map((one) => ({ ...one, host: { ...one.host, name: hostNameOf(one.host, domain) } }))
    : [{ host: { name: `mx.${domain}`, preference: 10, hasAddress: true, behaviors: [] }, path: undefined }];
  plan.hosts = shareHosts(reader, site, own, lines);
}

function readMailboxes(
  reader: Reader,
  path: Path,
  profile: ProfilePlan | undefined,
): DomainPlan['mailboxes'] {
  const mailboxes: { pattern: string; behaviors: BehaviorPlan[] }[] = [];
  const earlier = new WildcardIndex<{ written: string; line: number }>();
  let withSeveralStars = 0;
  const exact = new Map<string, number>();
  for (const written of reader.keys(path)) {
    const at = [...path, written];
    const pattern = mailboxName(written).normalize('NFC').toLowerCase();
    if (!isLocalPattern(written)) {
      const fault = addressFault(`${written}@example.org`);
      reader.shape(at, `${quoted(shortened(written))} is not a mailbox${fault ? `: ${fault.message}` : ''}`, {
        on: 'key',
        hint: fault?.hint ?? 'write the part before the @, such as bob or ghost-*',
      });
      continue;
    }
    if (/\*.*\*/.test(pattern) && ++withSeveralStars > SEVERAL_STARS_MAX) {
      const most = counted(SEVERAL_STARS_MAX, 'mailbox pattern');
      reader.problem(at, `the domain has more than ${most} with several stars`, {
        on: 'key',
        hint: 'use patterns with one `*`, of which there may be any number, or put them under several domains',
      });
      break;
    }
    const line = reader.line(at);
    // A pattern that matches the text of a later pattern matches every mailbox that the later one does.
    const cover = earlier.find(pattern);
    const twin = exact.get(pattern);
    if (cover || twin !== undefined) {
      const by = cover ? `${quoted(cover.written)} on line ${cover.line}` : `the same name on line ${twin}`;
      reader.problem(at, `the mailbox ${quoted(written)} is never used: ${by} matches first`, {
        on: 'key',
        hint: 'the first key that matches counts: put the more specific key first',
      });
    }
    if (pattern.includes('*')) earlier.add(pattern, { written, line });
    else exact.set(pattern, line);
    mailboxes.push({ pattern, behaviors: readBehaviors(reader, at, { scope: 'mailbox', profile }) });
  }
  return mailboxes;
}
