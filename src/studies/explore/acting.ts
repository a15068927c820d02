// Leaves out of a drawn list, and of a drawn experiment, the behaviors that can never act: a file with one of them is
// refused.

import { RECIPIENT_POINTS, type Scope } from '../../simulator/behaviors/behavior.js';
import { BEHAVIORS } from '../../simulator/behaviors/index.js';
import type { BehaviorPlan, Point } from '../../simulator/plan.js';
import { shadowOf } from '../../scenarios/fleet/shadowing.js';
import { behaviorSchemas, CONDITIONS } from '../../scenarios/schema/behaviors.js';
import type { Path } from '../../documents/locate.js';
import { Reader } from '../../documents/reader.js';
import { parseYaml } from '../../documents/yaml-file.js';
import { loadScenarioText } from '../../scenarios/load.js';
import { documentText, sizeOf, type Data, type ScenarioDocument } from './document.js';

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

/**
 * Leaves out the behaviors that can never act for what is outside their list, such as one of a host behind one of its
 * domain. Those that remain are looked at again.
 */
export function withoutIdle(document: ScenarioDocument): ScenarioDocument {
  for (let left = document; ;) {
    const text = documentText(left);
    const { problems = [] } = loadScenarioText('experiment.yaml', text, { cwd: '.' });
    const idle = new Set(
      problems.filter(({ message }) => NEVER.test(message)).map(({ location }) => keyOf(location)),
    );
    if (idle.size === 0) return left;
    const reader = new Reader(parseYaml('experiment.yaml', text));
    const isIdle = (path: Path): boolean => idle.has(keyOf(reader.place([...path, 'do'])));
    const next = pruned(left, [], isIdle) as ScenarioDocument;
    if (sizeOf(next) === sizeOf(left)) return left;
    left = next;
  }
}

const NEVER = /can never act/;

function keyOf({ line, column }: { line: number; column: number }): string {
  return `${line}:${column}`;
}

/** Data without the behaviors of lists that `isGone` says. */
function pruned(data: Data, path: Path, isGone: (path: Path) => boolean): Data {
  if (typeof data !== 'object' || data === null) return data;
  if (!Array.isArray(data))
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, pruned(value, [...path, key], isGone)]),
    );
  return data.flatMap((item, index) => {
    const at = [...path, index];
    const isBehavior = typeof item === 'object' && item !== null && 'do' in item;
    return isBehavior && isGone(at) ? [] : [pruned(item, at, isGone)];
  });
}
