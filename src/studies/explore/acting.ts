// Leaves out of a drawn list of behaviors those that can never act: a file with one of them is refused.

import type { Scope } from '../../simulator/behaviors/behavior.js';
import { BEHAVIORS } from '../../simulator/behaviors/index.js';
import type { BehaviorPlan, Point } from '../../simulator/plan.js';
import { shadowOf } from '../../scenarios/fleet/shadowing.js';
import { behaviorSchemas, CONDITIONS } from '../../scenarios/schema/behaviors.js';
import type { Data } from './document.js';

/** @returns the behaviors that may act, in order; drawn fleets have no profiles */
export function thatMayAct(drawn: readonly Data[], scope: Scope): Data[] {
  let left = [...drawn];
  for (;;) {
    const plans = left.map((written) => planOf(written as Record<string, unknown>, scope));
    const idle = plans.findIndex((_, index) => shadowOf(plans, index) !== undefined);
    if (idle < 0) return left;
    left = left.toSpliced(idle, 1);
  }
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
