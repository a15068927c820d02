// The behaviors of a scenario that never acted in a run: the file says something that the run did not show.

import { formatDuration } from '../base/units.js';
import { counted } from '../documents/problems.js';
import type { Warning } from '../results/result.js';
import { BEHAVIORS } from '../simulator/behaviors/index.js';
import type { BehaviorUse } from '../simulator/behavior-use.js';
import { canonicalName, hostNameOf, type BehaviorPlan } from '../simulator/plan.js';
import type { ScenarioPlan } from '../scenarios/plan.js';

/** Warnings of one scenario; one more, the last, gives the number of the others. */
const WARNINGS_MAX = 100;

/** A behavior, and what it belongs to in words. */
interface Written {
  plan: BehaviorPlan;
  owner: string;
}

/**
 * @param use of the whole run
 * @returns in the order of the file; one for behaviors that are written once and belong to several lists
 */
export function idleBehaviors(scenario: ScenarioPlan, use: BehaviorUse): Warning[] {
  const byPlace = new Map<string, Written[]>();
  for (const written of behaviorsOf(scenario)) {
    const { place } = written.plan;
    if (!place) continue;
    const key = `${place.line}:${place.column}`;
    const others = byPlace.get(key);
    if (others) others.push(written);
    else byPlace.set(key, [written]);
  }
  const idle = [...byPlace.values()]
    .filter((all) => !all.some(({ plan }) => use.hasActed(plan)))
    .map((all) => warningOf(scenario.file, all, use))
    .sort((a, b) => a.line - b.line || a.column - b.column);
  const [next, ...others] = idle.slice(WARNINGS_MAX);
  if (!next) return idle;
  const rest = others.length === 0 ? '' : ` (and ${counted(others.length, 'more behavior')} after it)`;
  return [...idle.slice(0, WARNINGS_MAX), { ...next, message: `${next.message}${rest}` }];
}

function warningOf(file: string, all: readonly Written[], use: BehaviorUse): Warning {
  const [{ plan, owner }] = all as [Written];
  const others = all.length > 1 ? ` (and ${all.length - 1} more)` : '';
  const asked = all.find((one) => use.hasAsked(one.plan));
  return {
    file,
    ...plan.place!,
    message: `\`${plan.do}\` of ${owner}${others} never acted: ${asked ? whyPassed(asked.plan) : whyUnasked(plan)}`,
    hint: 'leave it out, or change the scenario so that it acts',
  };
}

function whyUnasked({ at }: BehaviorPlan): string {
  if (at === 'dial') return 'no client connected while it was in force';
  if (at === 'any') return 'no dialogue came to it, or others answered before it';
  return `no dialogue came to it at stage \`${at}\`, or others answered before it`;
}

function whyPassed({ do: name, at, when }: BehaviorPlan): string {
  const conditions = Object.keys(when).map((key) => `\`${key}\``);
  if (at === 'idle' && conditions.length === 0) return 'no connection was idle for so long';
  if (conditions.length === 0) return 'each time that it was asked it let the client pass';
  const holds = conditions.length === 1 ? 'did not hold' : 'did not hold together';
  const limit = BEHAVIORS.get(name)?.checks ? ', or its limit was not looked at' : '';
  return `whenever it was asked, ${conditions.join(' and ')} ${holds}${limit}`;
}

/** All behaviors that the file has, each with the list to which it belongs. */
function* behaviorsOf({ fleet, sites = {}, events }: ScenarioPlan): Iterable<Written> {
  const listOf = (plans: readonly BehaviorPlan[], owner: string): Written[] =>
    plans.map((plan) => ({ plan, owner }));
  for (const [domain, { hosts = [], behaviors, mailboxes }] of Object.entries(fleet)) {
    for (const host of hosts) yield* listOf(host.behaviors, `the host ${hostNameOf(host, domain)}`);
    yield* listOf(behaviors, domain);
    for (const { pattern, behaviors: own } of mailboxes) yield* listOf(own, `${pattern}@${domain}`);
  }
  for (const [site, { hosts, behaviors }] of Object.entries(sites)) {
    for (const { name, behaviors: own } of hosts) yield* listOf(own, `the host ${canonicalName(name)}`);
    yield* listOf(behaviors, `the site ${site}`);
  }
  for (const event of events) {
    if (event.action !== 'set') continue;
    yield* listOf(event.behaviors, `${event.subject}, set at ${formatDuration(event.at)},`);
  }
}
