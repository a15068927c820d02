// Behaviors that can never act, because of what is outside their list: another list of the same servers always
// answers first, or no server has an address of the family that they are for. A behavior is reported only when
// this holds at every host and for every recipient for which it could be asked.

import type { EventPlan } from '../plan.js';
import type { Reader } from '../../documents/reader.js';
import { quoted } from '../../documents/problems.js';
import type { BehaviorPlan } from '../../simulator/plan.js';
import type { Fleet } from './fleet.js';
import { isAtSamePlace, shadowAmong, shadowOf, type Asked } from './shadowing.js';
import { FleetStacks, type Layer, type Stack } from './stacks.js';

/** Comparisons of lists after which no more is looked for: a fleet may have 100,000 mailboxes. */
const COMPARISONS_MAX = 200_000;

/** A behavior that can never act. */
export interface IdleBehavior {
  plan: BehaviorPlan;
  message: string;
  hint: string;
}

/** Reports the behaviors of a fleet, and of the events that change it, that can never act. */
export function refuseIdle(reader: Reader, fleet: Fleet, events: readonly EventPlan[]): void {
  // A part that could not be read may be what lets a behavior act.
  if (reader.failed) return;
  for (const { plan, message, hint } of idleBehaviorsOf(fleet, events))
    reader.foreign({ message, hint, location: { file: reader.file, line: 1, column: 1, ...plan.place } });
}

/** The behaviors that can never act for what is outside their list. */
export function* idleBehaviorsOf(
  fleet: Pick<Fleet, 'domains' | 'sites'>,
  events: readonly EventPlan[],
): Iterable<IdleBehavior> {
  const work = { left: COMPARISONS_MAX };
  for (const { layer, stacksFor } of new FleetStacks(fleet, events).layers()) {
    for (const [index, plan] of layer.plans.entries()) {
      const ofOtherFamily = wrongFamily(plan, stacksFor);
      if (ofOtherFamily) yield ofOtherFamily;
      // What its own list covers is reported when the list is read.
      if (ofOtherFamily || shadowOf(layer.plans, index, layer.isSet)) continue;
      const shadows = shadowsOf(layer, index, stacksFor(plan), work);
      if (shadows) yield shadowed(plan, [...shadows.values()]);
    }
  }
}

/** A behavior that always answers first, and its owner in words. */
interface Shadow {
  plan: BehaviorPlan;
  owner: string;
}

/** @returns what covers a behavior in every stack; undefined when there is one in which it may act */
function shadowsOf(
  layer: Layer,
  index: number,
  stacks: Iterable<Stack>,
  work: { left: number },
): Map<BehaviorPlan, Shadow> | undefined {
  const plan = layer.plans[index]!;
  const shadows = new Map<BehaviorPlan, Shadow>();
  for (const { layers } of stacks) {
    if (work.left-- <= 0) return undefined;
    if (!layers.some((other) => other !== layer && other.mayCover)) return undefined;
    const asked = layers.flatMap(askedOf);
    const at = asked.findIndex((one) => one.plan === plan);
    // What covers it elsewhere explains more than others that cover it here alone.
    const known = asked.map((one) =>
      shadows.has(one.plan) || one.plan === plan ? one : { ...one, isUncertain: true },
    );
    if (shadows.size > 0 && shadowAmong(known, at)) continue;
    const covering = shadowAmong(asked, at);
    if (!covering) return undefined;
    for (const shadow of covering) {
      const { owner } = layers.find(({ plans }) => plans.includes(shadow))!;
      shadows.set(shadow, { plan: shadow, owner });
    }
  }
  return shadows.size > 0 ? shadows : undefined;
}

function askedOf({ plans, isForRecipient, isSet, isUncertain }: Layer): Asked[] {
  return plans.map((plan) => ({ plan, isForRecipient, isSet, isUncertain }));
}

/** @returns undefined when a host at which the behavior is asked has an address of its family */
function wrongFamily(
  plan: BehaviorPlan,
  stacksFor: (plan: BehaviorPlan) => Iterable<Stack>,
): IdleBehavior | undefined {
  const { family } = plan.when;
  if (family === undefined) return undefined;
  const hosts = new Set<string>();
  for (const { families, host } of stacksFor(plan)) {
    if (families.includes(family)) return undefined;
    hosts.add(host);
  }
  const [first] = hosts;
  if (first === undefined) return undefined;
  const who = hosts.size === 1 ? `the host ${quoted(first)} has` : 'its hosts have';
  return {
    plan,
    message: `${quoted(plan.do)} with \`family: ${family}\` can never act: ${who} no ${family} address`,
    hint: 'give the host `address: [v4, v6]`, or leave `family` out',
  };
}

function shadowed(plan: BehaviorPlan, shadows: readonly Shadow[]): IdleBehavior {
  const [first] = shadows as [Shadow];
  const more = shadows.length > 2 ? ` and ${shadows.length - 2} more` : '';
  const who = shadows.slice(0, 2).map(named).join(' and ') + more;
  const isSame = shadows.every((shadow) => isAtSamePlace(shadow.plan, plan));
  const where = shadows.length === 1 && !isSame ? `at \`${first.plan.at}\`, which comes first` : 'first';
  const order = isSame
    ? 'the behaviors of a mailbox come first, then those of the host, then those of the domain: '
    : '';
  return {
    plan,
    message: `${quoted(plan.do)} can never act: ${who} always ${shadows.length === 1 ? 'answers' : 'answer'} ${where}`,
    hint: `${order}give ${quoted(first.plan.do)} a narrower condition, or leave one of the two out`,
  };
}

function named({ plan, owner }: Shadow): string {
  const line = plan.place ? ` (line ${plan.place.line})` : '';
  return `${quoted(plan.do)} of ${owner}${line}`;
}
