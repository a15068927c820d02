// Leaves out of a drawn list of behaviors those that can never act: a file with one of them is refused.

import { RECIPIENT_POINTS, type Scope } from '../../simulator/behaviors/behavior.js';
import { BEHAVIORS } from '../../simulator/behaviors/index.js';
import type { BehaviorPlan, Point } from '../../simulator/plan.js';
import { shadowOf } from '../../scenarios/fleet/shadowing.js';
import { behaviorSchemas, CONDITIONS } from '../../scenarios/schema/behaviors.js';
import type { Data } from './document.js';

/** Where behaviors are written. `shared-domain`: at a domain whose hosts receive for others too. */
export type DrawnPlace = Scope | 'shared-domain';

/** @returns the behaviors that may act, in order; drawn fleets have no profiles */
export function thatMayAct(drawn: readonly Data[], place: DrawnPlace): Data[] {
  const scope = place === 'shared-domain' ? 'domain' : place;
  const planned = (written: Data): BehaviorPlan => planOf(written as Record<string, unknown>, scope);
  let left = place === 'shared-domain' ? drawn.filter((written) => servesOne(planned(written))) : [...drawn];
  for (;;) {
    const plans = left.map(planned);
    const idle = plans.findIndex((_, index) => shadowOf(plans, index) !== undefined);
    if (idle < 0) return left;
    left = left.toSpliced(idle, 1);
  }
}

/** Whether a behavior can be one of a single domain of a site: limits belong to the hosts. */
function servesOne({ do: name, at }: BehaviorPlan): boolean {
  return name !== 'throttle' && RECIPIENT_POINTS.includes(at);
}

function planOf(written: Record<string, unknown>, scope: Scope): BehaviorPlan {
  const name = written['do'] as string;
  const { do: _name, ...fields } = behaviorSchemas.get(name)!.parse(written);
  const isCondition = ([key]: [string, unknown]): boolean => key in CONDITIONS;
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return {
    do: name,
    at: (fields['stage'] as Point | undefined) ?? BEHAVIORS.get(name)!.defaultPoint(scope) ?? 'any',
    when: Object.fromEntries(given.filter(isCondition)),
    params: Object.fromEntries(given.filter((entry) => !isCondition(entry))),
  };
}
