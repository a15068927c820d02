// From a behavior as written to its plan: the short forms made long, the point where it acts found,
// and combinations that cannot work refused.

import { RECIPIENT_POINTS } from '../simulator/behaviors/behavior.js';
import type { BehaviorDefinition, Scope } from '../simulator/behaviors/behavior.js';
import { BEHAVIORS } from '../simulator/behaviors/index.js';
import type { BehaviorPlan, Conditions, Point } from '../simulator/plan.js';
import type { Path } from './locate.js';
import { described, listed, nameHint, quoted } from './problems.js';
import type { Reader } from './reader.js';
import { BEHAVIOR_NAMES, behaviorSchemas, CONDITIONS, replySchema } from './schema-behaviors.js';

type Written = Record<string, unknown>;

/** Reads a list of behaviors; those that are wrong are left out. */
export function readBehaviorList(reader: Reader, path: Path, scope: Scope): BehaviorPlan[] {
  const read = reader.items(path).map((item, i) => readBehavior(reader, item, [...path, i], scope));
  read.forEach((plan, i) => {
    const before =
      plan && read.findIndex((other, j) => j < i && other !== undefined && silences(other, plan));
    if (before === undefined || before < 0) return;
    reader.problem(
      [...path, i],
      `${quoted(plan!.do)} can never act: ${quoted(read[before]!.do)} before it always answers first`,
      {
        hint: 'the first behavior that applies wins: put it first, or give the one before it a condition such as during or attempts',
      },
    );
  });
  return read.filter((plan) => plan !== undefined);
}

/** Reads what stands for one mailbox: a name, an object, or a list of them. */
export function readBehaviors(reader: Reader, path: Path, scope: Scope): BehaviorPlan[] {
  const value = reader.get(path);
  if (Array.isArray(value)) return readBehaviorList(reader, path, scope);
  const plan = readBehavior(reader, value, path, scope);
  return plan ? [plan] : [];
}

/**
 * Reads one behavior.
 *
 * @param value what is at `path`, or the part of it that is the behavior
 */
export function readBehavior(
  reader: Reader,
  value: unknown,
  path: Path,
  scope: Scope,
): BehaviorPlan | undefined {
  if (typeof value === 'string') return readObject(reader, { do: value }, path, scope);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    reader.shape(
      path,
      `a behavior is a name or a mapping such as { do: busy, until: 1h }, not ${described(value)}`,
      {
        hint: `behaviors: ${listed(BEHAVIOR_NAMES)}`,
      },
    );
    return undefined;
  }
  return 'reply' in value && !('do' in value)
    ? readReply(reader, value, path, scope)
    : readObject(reader, value as Written, path, scope);
}

function readReply(reader: Reader, value: Written, path: Path, scope: Scope): BehaviorPlan | undefined {
  const read = reader.readValue(replySchema, value, path);
  if (!read) return undefined;
  const { reply, ...conditions } = read;
  return finish(
    reader,
    BEHAVIORS.get('reply')!,
    { ...reply, ...conditions },
    path,
    [...path, 'reply'],
    scope,
  );
}

function readObject(reader: Reader, value: Written, path: Path, scope: Scope): BehaviorPlan | undefined {
  const name = value['do'];
  if (typeof name !== 'string') {
    const message =
      name === undefined
        ? 'this behavior does not say what it does'
        : `\`do\` must be the name of a behavior, not ${described(name)}`;
    const hint = `write \`do: busy\`, or another of ${listed(BEHAVIOR_NAMES)}`;
    reader.shape(name === undefined ? path : [...path, 'do'], message, { hint });
    return undefined;
  }
  const definition = definitionOf(reader, name, [...path, 'do']);
  if (!definition) return undefined;
  // A stage that this behavior does not have deserves more than "unknown key" or a list of values.
  if ('stage' in value && !knowsStage(reader, definition, value['stage'], [...path, 'stage']))
    return undefined;
  const read: Written | undefined = reader.readValue(behaviorSchemas.get(name)!, value, path);
  if (!read) return undefined;
  const { do: _name, ...fields } = read;
  // That a default was filled in must not look like something that was asked for.
  if ('kept' in value) refuseKept(reader, fields, path);
  return finish(reader, definition, fields, path, path, scope);
}

function definitionOf(reader: Reader, name: string, path: Path): BehaviorDefinition | undefined {
  const definition = BEHAVIORS.get(name);
  if (!definition)
    reader.shape(path, `unknown behavior ${quoted(name)}`, {
      hint: nameHint(name, BEHAVIOR_NAMES, 'behaviors'),
    });
  return definition;
}

function knowsStage(reader: Reader, definition: BehaviorDefinition, stage: unknown, path: Path): boolean {
  const { name, points, parameters } = definition;
  if (!('stage' in parameters.shape)) {
    reader.shape(path, `${quoted(name)} has no \`stage\`: it always acts at ${where(points[0]!)}`, {
      on: 'key',
      hint: 'leave `stage` out',
    });
    return false;
  }
  if ((points as readonly unknown[]).includes(stage)) return true;
  reader.shape(path, `${quoted(name)} has no stage ${described(stage)}`, {
    hint: nameHint(String(stage), points, `stages of ${name}`),
  });
  return false;
}

function refuseKept(reader: Reader, fields: Written, path: Path): void {
  if (fields['stage'] === 'message') return;
  reader.problem(
    [...path, 'kept'],
    '`kept` only means something at stage `message`: before it there is nothing to keep',
    {
      hint: 'add `stage: message`, or leave `kept` out',
      on: 'key',
    },
  );
}

/** Splits conditions from parameters and finds the point where it acts. */
function finish(
  reader: Reader,
  definition: BehaviorDefinition,
  fields: Written,
  path: Path,
  parametersAt: Path,
  scope: Scope,
): BehaviorPlan | undefined {
  const own = Object.entries(fields).filter(([, value]) => value !== undefined);
  const when = Object.fromEntries(own.filter(([key]) => key in CONDITIONS)) as Conditions;
  const params = Object.fromEntries(own.filter(([key]) => !(key in CONDITIONS)));
  const stage = params['stage'] as Point | undefined;
  const at = stage ?? definition.defaultPoint(scope);
  if (at === undefined) {
    reader.problem(parametersAt, `${quoted(definition.name)} for a whole domain needs a \`stage\``, {
      hint: `stages: ${listed(definition.points)}`,
    });
    return undefined;
  }
  const known = RECIPIENT_POINTS.includes(at);
  const marked: Path = stage === undefined ? path : [...parametersAt, 'stage'];
  if (scope === 'mailbox' && !known) {
    reader.problem(
      marked,
      `${quoted(definition.name)} cannot act at ${where(at)} for one mailbox: the recipient is not known yet`,
      {
        hint: definition.points.includes('rcpt')
          ? 'give it `stage: rcpt`, or put it under `behaviors` of the domain'
          : 'put it under `behaviors` of the domain',
      },
    );
    return undefined;
  }
  for (const condition of ['attempts', 'share'] as const) {
    if (known || when[condition] === undefined) continue;
    reader.problem(
      [...path, condition],
      `\`${condition}\` cannot work at ${where(at)}: the recipient is not known yet`,
      {
        on: 'key',
        hint: definition.points.includes('rcpt')
          ? 'give it `stage: rcpt`'
          : 'use `during`, `until` or `chance`',
      },
    );
  }
  return { do: definition.name, at, when, params };
}

function where(point: Point): string {
  if (point === 'dial') return 'the moment of connecting';
  return point === 'any' ? 'every stage' : `stage \`${point}\``;
}

/** Whether one behavior answers whenever a later one of the same list could. */
function silences(first: BehaviorPlan, later: BehaviorPlan): boolean {
  const speaksAlways = Object.keys(first.when).length === 0 && first.params['for'] === undefined;
  return speaksAlways && (first.at === 'any' || first.at === later.at);
}
