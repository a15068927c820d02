// What servers can judge of a scenario's expectations, when the sender is a process of its own that reports nothing.

import { addressKey } from '../base/addresses.js';
import type { NotJudged } from '../results/result.js';
import type { Check, ExpectationPlan, ScenarioPlan } from '../scenarios/plan.js';

/** How the clients reached the fleet, as far as it limits what can be judged. */
export interface Reached {
  /** Some came through one port for all hosts. */
  shared: boolean;
}

const SENDERS_OWN = 'only the sender knows it';
const NOTHING_LISTENS = 'nothing listens while a host is down, so that refused connections are not seen';
const ONE_PORT = 'clients came through one port for all hosts';

/** Why servers cannot judge a check; undefined when they can. */
function whyNot(check: Check, { shared }: Reached): string | undefined {
  switch (check.kind) {
    case 'seen':
    case 'placement':
      return undefined;
    case 'server':
      if (check.field === 'refused') return NOTHING_LISTENS;
      return shared && check.field !== 'accepted' ? ONE_PORT : undefined;
    case 'mailing-number':
      return check.field === 'lateBounces' ? undefined : SENDERS_OWN;
    case 'attempts':
      return 'only the sender knows what it attempted: `seen` is what a server saw';
    default:
      return SENDERS_OWN;
  }
}

/** What a check is about, in a few words. */
function subjectOf(check: Check): string {
  switch (check.kind) {
    case 'mailing-number':
      return `${check.field} of ${check.mailing}`;
    case 'completed':
      return `completion of ${check.mailing}`;
    case 'mailing-state':
      return `state of ${check.mailing}`;
    case 'placement':
      return `messages of ${check.mailing} placed in ${check.placement}`;
    case 'cause':
      return `bounces of ${check.mailing} with cause ${check.cause}`;
    case 'lost':
      return `contacts lost${check.mailing === undefined ? '' : ` by ${check.mailing}`}`;
    case 'attempts':
    case 'seen':
      return `attempts of ${check.mailing} at ${check.address}`;
    case 'contact':
      return `contact ${check.address}`;
    case 'statuses':
      return `contacts with status ${check.status}`;
    case 'server':
      return `${check.field} at ${check.domain}`;
  }
}

/** The expectations that servers can judge, and those that they cannot. */
export function partedByServers(
  expectations: readonly ExpectationPlan[],
  reached: Reached,
): { judged: ExpectationPlan[]; notJudged: NotJudged[] } {
  const judged: ExpectationPlan[] = [];
  const notJudged: NotJudged[] = [];
  for (const { at, checks } of expectations) {
    const kept = checks.filter((check) => whyNot(check, reached) === undefined);
    if (kept.length > 0) judged.push({ at, checks: kept });
    for (const check of checks) {
      const reason = whyNot(check, reached);
      const { file, line, column } = check.location;
      if (reason !== undefined) notJudged.push({ file, line, column, subject: subjectOf(check), reason });
    }
  }
  return { judged, notJudged };
}

/** Keys of addresses that no server may see: suppressed ones, and contacts that are not active from the start. */
export function neverSeen({ suppressed = [], contacts, events }: ScenarioPlan): Set<string> {
  // What people do in the course of the scenario is not known to a sender that is a process of its own.
  const changed = new Set(events.flatMap((event) => ('address' in event ? [addressKey(event.address)] : [])));
  const inactive = contacts
    .filter(({ status }) => status !== 'active')
    .map(({ address }) => addressKey(address))
    .filter((key) => !changed.has(key));
  return new Set([...suppressed, ...inactive]);
}
