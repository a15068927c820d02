// Which behaviors were asked in a run and which of them decided something, over all hosts. A plan that hosts
// share is one behavior.

import type { BehaviorPlan } from './plan.js';

export class BehaviorUse {
  private readonly asked = new Set<BehaviorPlan>();
  private readonly acted = new Set<BehaviorPlan>();

  /** A dialogue reached the behavior at its stage; whether its conditions hold is not known yet. */
  ask(plan: BehaviorPlan): void {
    this.asked.add(plan);
  }

  /** The behavior decided something, or checked a limit. */
  act(plan: BehaviorPlan): void {
    this.acted.add(plan);
  }

  hasAsked(plan: BehaviorPlan): boolean {
    return this.asked.has(plan);
  }

  hasActed(plan: BehaviorPlan): boolean {
    return this.acted.has(plan);
  }
}
