// Reads `events` as plans in the order of time, and checks the contacts and servers that they name.

import { addressKey, domainOf, isAddress } from '../../base/addresses.js';
import { domainKey } from '../../base/domain-names.js';
import type { BehaviorPlan } from '../../simulator/plan.js';
import { formatDuration } from '../../base/units.js';
import type { Path } from '../../documents/locate.js';
import { readBehavior, readBehaviorList, type BehaviorContext } from '../fleet/behavior.js';
import type { Fleet } from '../fleet/fleet.js';
import { DEFAULT_DOMAIN } from '../../simulator/plan.js';
import type { People } from './people.js';
import { misread } from './shorthand.js';
import type { EventPlan } from '../plan.js';
import { described, nameHint, quoted } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';
import { eventSchemas, setField, setSchema } from '../schema/events.js';

const ACTIONS = [...Object.keys(eventSchemas), 'set'];

interface Read {
  plan: EventPlan;
  path: Path;
}

/** Reads `events` and adds to `people` the contacts that events add. */
export function readEvents(reader: Reader, fleet: Fleet, people: People): EventPlan[] {
  const root: Path = ['events'];
  const events: Read[] = [];
  for (const [i, item] of reader.items(root).entries()) {
    const path = [...root, i];
    const plan = readEvent(reader, item, path, fleet);
    if (plan) events.push({ plan, path });
    else people.incomplete();
  }
  // The sort is stable: events of the same time keep the order of the file.
  events.sort((a, b) => a.plan.at - b.plan.at);
  for (const event of events) addContact(reader, event, people);
  for (const event of events) checkSubject(reader, event, people, fleet);
  checkCrashes(reader, events);
  return events.map(({ plan }) => plan);
}

function readEvent(reader: Reader, item: unknown, path: Path, fleet: Fleet): EventPlan | undefined {
  if (!reader.mapping(path)) return undefined;
  const keys = Object.keys(item as object);
  const [action, second] = keys.filter((key) => ACTIONS.includes(key));
  if (action === undefined) {
    const near = keys
      .map((key) => nameHint(key, ACTIONS, ''))
      .find((hint) => hint.startsWith('did you mean'));
    const hint = `${near === undefined ? '' : `${near.replace(/\?.*/, '?')} `}an event has one of ${ACTIONS.join(', ')}`;
    reader.shape(path, 'this event has no action', { hint });
    return undefined;
  }
  if (second !== undefined) {
    reader.shape(
      [...path, second],
      `an event does one thing, and this one has ${quoted(action)} and ${quoted(second)}`,
      {
        on: 'key',
        hint: 'make it two events with the same `at`',
      },
    );
    return undefined;
  }
  if (action === 'set') return readSet(reader, item as Record<string, unknown>, path, fleet);
  return readSimple(reader, action as keyof typeof eventSchemas, path);
}

function readSimple(reader: Reader, action: keyof typeof eventSchemas, path: Path): EventPlan | undefined {
  switch (action) {
    case 'opt-out': {
      const read = reader.read(eventSchemas[action], path);
      return read && { at: read.at, action, address: read[action] };
    }
    case 'subscribe': {
      const read = reader.read(eventSchemas[action], path);
      return read && { at: read.at, action, address: read[action] };
    }
    case 'add': {
      const read = reader.read(eventSchemas[action], path);
      return read && { at: read.at, action, address: read[action] };
    }
    case 'bounce': {
      const read = reader.read(eventSchemas[action], path);
      return read && { at: read.at, action, to: read[action], about: read.about, status: read.status };
    }
    case 'crash': {
      const read = reader.read(eventSchemas[action], path);
      return read && { at: read.at, action, restartMs: read.restart };
    }
    case 'reactivate': {
      const read = reader.read(eventSchemas[action], path);
      return read && { at: read.at, action, address: read[action], reason: read.reason, by: read.by };
    }
  }
}

/** A change of behaviors. */
export type ChangePlan = Extract<EventPlan, { action: 'set' }>;

/** Reads an event `set` alone; undefined, and problems, when it is wrong. */
export function readChange(reader: Reader, path: Path, fleet: Fleet): ChangePlan | undefined {
  return readSet(reader, reader.get(path) as Record<string, unknown>, path, fleet);
}

function readSet(
  reader: Reader,
  item: Record<string, unknown>,
  path: Path,
  fleet: Fleet,
): ChangePlan | undefined {
  const { at: _at, set: _set, ...inline } = item;
  const at = reader.readRequired(
    setSchema.shape.at,
    [...path, 'at'],
    'a duration such as 90s, 30m, 6h or 1h30m',
  );
  const written = reader.read(setField, [...path, 'set']);
  const { profile, isShared } = speakerOf(fleet, domainKey(domainOf(written ?? '')));
  const context: BehaviorContext = {
    scope: written?.includes('@') ? 'mailbox' : 'domain',
    profile,
    isShared,
    isSet: true,
  };
  let behaviors: BehaviorPlan[] | undefined;
  if ('behaviors' in inline) {
    reader.object(setSchema, path);
    behaviors = readBehaviorList(reader, [...path, 'behaviors'], context);
  } else if (Object.keys(inline).length === 0) {
    reader.shape(path, 'this `set` event has no behaviors', {
      hint: 'add `do: busy`, or `behaviors: []` for none',
    });
  } else {
    const behavior = readBehavior(reader, inline, path, context);
    behaviors = behavior && [behavior];
  }
  if (written === undefined || at === undefined || behaviors === undefined) return undefined;
  const subject = written.includes('@') ? addressKey(written) : domainKey(written);
  return knowsSubject(reader, subject, [...path, 'set'], fleet)
    ? { at, action: 'set', subject, behaviors }
    : undefined;
}

/** The profile of the hosts that a domain or a site has, and whether other domains share those of a domain. */
function speakerOf(fleet: Fleet, subject: string): Pick<BehaviorContext, 'profile'> & { isShared: boolean } {
  const site = fleet.sites.get(subject);
  if (site) return { profile: site.profile, isShared: false };
  const plan = fleet.hosts.has(subject) ? undefined : fleet.planOf(subject);
  if (plan?.site === undefined) return { profile: fleet.planOf(subject)?.profile, isShared: false };
  return { profile: fleet.sites.get(plan.site)?.profile, isShared: true };
}

function knowsSubject(reader: Reader, subject: string, path: Path, fleet: Fleet): boolean {
  if (subject.includes('@') && !isAddress(subject)) {
    const message = `\`set\` must be a domain of the fleet, \`default\`, a site, a host, or an address, not ${described(subject)}`;
    reader.shape(path, message, { hint: 'it cannot be a pattern: give each mailbox an event of its own' });
    return false;
  }
  const domain = domainOf(subject);
  // A mailbox may be served by `default`. A whole domain can be changed only when the fleet names it.
  const host = subject.includes('@') ? undefined : fleet.hosts.get(subject);
  if (fleet.sites.has(subject)) return true;
  const known = subject.includes('@') ? fleet.serves(domain) : fleet.domains.has(subject);
  if (host ? host.hasAddress && fleet.reaches(host.domain) : known && fleet.reaches(domain)) return true;
  if (host ?? known) {
    reader.problem(path, `no server of ${quoted(domain)} can be reached, so this event has no effect`, {
      hint:
        host?.hasAddress === false ? 'the host has no address' : 'its `dns` leads nowhere: give it a time',
    });
    return false;
  }
  const served = fleet.serves(domain) && subject !== DEFAULT_DOMAIN;
  reader.problem(path, `the fleet has no domain ${quoted(domain)}`, {
    hint: served
      ? `it is served by \`default\`: add \`${domain}: {}\` to the fleet to change it alone`
      : nameHint(domain, fleet.names, fleet.namesAre),
  });
  return false;
}

function addContact(reader: Reader, { plan, path }: Read, people: People): void {
  if (plan.action !== 'add' && plan.action !== 'subscribe') return;
  const at = [...path, plan.action];
  if (people.isSuppressed(plan.address))
    reader.problem(at, `${quoted(plan.address)} is suppressed, and no server may see it`, {
      hint: 'remove the event, or the address from the file of `suppress`',
    });
  const first = people.addContact(plan.address, plan.at, reader.place(at));
  // An existing contact may subscribe again.
  if (!first || plan.action === 'subscribe') return;
  const hint = `the first is on line ${first.location.line}; use \`subscribe\` for a contact that comes back`;
  if (first.address.toLowerCase() === plan.address.toLowerCase()) {
    reader.problem(at, `${quoted(plan.address)} is already a contact when this event adds it`, { hint });
    return;
  }
  // Whether a sender sees that two spellings are one contact is what such an event shows.
  const message = `${quoted(plan.address)} is the contact ${quoted(first.address)} in another spelling`;
  reader.warn({ message, hint: `so this event adds nothing; ${hint}`, location: reader.place(at) });
}

function checkSubject(reader: Reader, { plan, path }: Read, people: People, fleet: Fleet): void {
  switch (plan.action) {
    case 'opt-out':
      people.check(reader, plan.address, [...path, plan.action], { at: plan.at });
      return;
    case 'reactivate':
      people.check(reader, plan.address, [...path, plan.action], { at: plan.at, patterns: true });
      return;
    case 'add':
    case 'subscribe':
      checkServed(reader, plan.address, [...path, plan.action], fleet);
      return;
    case 'set':
      if (plan.subject.includes('@')) people.check(reader, plan.subject, [...path, 'set'], {});
      return;
    case 'crash':
    case 'bounce':
      return;
  }
}

/** Reports a crash at a time when the sender is down after an earlier one. */
function checkCrashes(reader: Reader, events: readonly Read[]): void {
  let down: { until: number; line: number } | undefined;
  for (const { plan, path } of events) {
    if (plan.action !== 'crash') continue;
    const at = [...path, 'crash'];
    if (down && plan.at < down.until) {
      reader.problem(at, 'the sender is already down at the time of this crash', {
        hint: `after the crash on line ${down.line} it starts again at ${formatDuration(down.until)}`,
      });
    }
    down = { until: plan.at + plan.restartMs, line: reader.place(at).line };
  }
}

/** Reports an address that no server of the fleet receives for. */
function checkServed(reader: Reader, address: string, path: Path, fleet: Fleet): void {
  const domain = domainOf(address).toLowerCase();
  if (!fleet.serves(domain)) reader.problem(path, notServed(domain), { hint: notServedHint(domain, fleet) });
  const problem = misread(address, reader.place(path), fleet);
  if (problem) reader.foreign(problem);
}

/** Message for a domain without a server. */
export function notServed(domain: string): string {
  return `no receiving server for ${quoted(domain)}`;
}

/** Hint for a domain without a server. */
export function notServedHint(domain: string, fleet: Fleet): string {
  const near = nameHint(domain, fleet.names, '').match(/^did you mean .*?\?/)?.[0];
  return `${near === undefined ? '' : `${near} Otherwise `}add \`${domain}: {}\` to the fleet, or \`default: {}\` for all others`;
}
