// Reads a behavior as its plan: expands the short forms, finds the point where the behavior acts, and
// refuses combinations that cannot work.

import { evidenceOf } from '../../events/reply-text.js';
import { faultOf } from '../../events/types.js';
import { RECIPIENT_POINTS } from '../../simulator/behaviors/behavior.js';
import type { BehaviorDefinition, Scope } from '../../simulator/behaviors/behavior.js';
import { BEHAVIORS } from '../../simulator/behaviors/index.js';
import type { BehaviorPlan, Conditions, Point, ProfilePlan } from '../../simulator/plan.js';
import { recordedPoint } from '../../simulator/behaviors/profile-words.js';
import type { Path } from '../../documents/locate.js';
import { described, listed, nameHint, quoted } from '../../documents/problems.js';
import { findReply } from './profile-file.js';
import { isAtSamePlace, shadowOf } from './shadowing.js';
import type { Reader } from '../../documents/reader.js';
import { servesOneDomain } from './shared-behavior.js';
import { BEHAVIOR_NAMES, behaviorSchemas, CONDITIONS, replySchema } from '../schema/behaviors.js';

type Written = Record<string, unknown>;

/** Where a behavior is written, and the profile that supplies its reply. */
export interface BehaviorContext {
  scope: Scope;
  profile?: ProfilePlan | undefined;
  /** An event sets the list, which is in force from then on. */
  isSet?: boolean;
  /** The behavior is one of a domain whose hosts receive for others too. */
  isShared?: boolean;
}

/** Reads a list of behaviors; those with problems are left out. */
export function readBehaviorList(reader: Reader, path: Path, context: BehaviorContext): BehaviorPlan[] {
  const read = reader.items(path).map((item, i) => readBehavior(reader, item, [...path, i], context));
  read.forEach((plan, i) => {
    if (plan) refuseShadowed(reader, read, i, { path: [...path, i], isSet: context.isSet === true });
  });
  return read.filter((plan) => plan !== undefined);
}

/** Reads the behaviors of one mailbox: a name, a mapping, or a list of them. */
export function readBehaviors(reader: Reader, path: Path, context: BehaviorContext): BehaviorPlan[] {
  const value = reader.get(path);
  if (Array.isArray(value)) return readBehaviorList(reader, path, context);
  const plan = readBehavior(reader, value, path, context);
  return plan ? [plan] : [];
}

/**
 * Reads one behavior.
 *
 * @param value the value at `path`, or the part of it that is the behavior
 */
export function readBehavior(
  reader: Reader,
  value: unknown,
  path: Path,
  context: BehaviorContext,
): BehaviorPlan | undefined {
  if (typeof value === 'string') return readObject(reader, { do: value }, path, context);
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
    ? readReply(reader, value, path, context)
    : readObject(reader, value as Written, path, context);
}

function readReply(
  reader: Reader,
  value: Written,
  path: Path,
  context: BehaviorContext,
): BehaviorPlan | undefined {
  const { reply: entry, ...rest } = value;
  if (typeof entry === 'string')
    return readObject(reader, { do: 'catalogue', entry, ...rest }, path, context);
  const read = reader.readValue(replySchema, value, path);
  if (!read) return undefined;
  const { reply, ...conditions } = read;
  return finish(
    reader,
    BEHAVIORS.get('reply')!,
    { ...reply, ...conditions },
    { path, parametersAt: [...path, 'reply'], given: Object.keys(value['reply'] as object) },
    context,
  );
}

function readObject(
  reader: Reader,
  value: Written,
  path: Path,
  context: BehaviorContext,
): BehaviorPlan | undefined {
  const name = value['do'];
  if (typeof name !== 'string') {
    const message =
      name === undefined
        ? 'this behavior has no `do`'
        : `\`do\` must be the name of a behavior, not ${described(name)}`;
    const hint = `write \`do: busy\`, or another of ${listed(BEHAVIOR_NAMES)}`;
    reader.shape(name === undefined ? path : [...path, 'do'], message, { hint });
    return undefined;
  }
  const definition = definitionOf(reader, name, [...path, 'do']);
  if (!definition) return undefined;
  // Checked before the schema, whose messages would not explain that this behavior lacks the stage.
  if ('stage' in value && !knowsStage(reader, definition, value['stage'], [...path, 'stage']))
    return undefined;
  const read: Written | undefined = reader.readValue(behaviorSchemas.get(name)!, value, path);
  if (!read) return undefined;
  const { do: _name, ...fields } = read;
  return finish(reader, definition, fields, { path, parametersAt: path, given: Object.keys(value) }, context);
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
    reader.shape(path, `${quoted(name)} has no \`stage\`: it always acts at ${placesOf(points)}`, {
      on: 'key',
      hint: 'leave `stage` out',
    });
    return false;
  }
  if ((points as readonly unknown[]).includes(stage)) return true;
  reader.shape(path, `${quoted(name)} has no stage ${described(stage)}`, {
    hint: nameHint(
      String(stage),
      points.filter((point) => point !== 'any'),
      `stages of ${name}`,
    ),
  });
  return false;
}

/** Location of a behavior in the file, and the parameters that are written there. */
interface Place {
  path: Path;
  parametersAt: Path;
  /** Parameters that are written, as opposed to those with a default value. */
  given: readonly string[];
}

/** Separates conditions from parameters and finds the point where the behavior acts. */
function finish(
  reader: Reader,
  definition: BehaviorDefinition,
  fields: Written,
  { path, parametersAt, given }: Place,
  context: BehaviorContext,
): BehaviorPlan | undefined {
  const { scope } = context;
  const own = Object.entries(fields).filter(([, value]) => value !== undefined);
  const when = Object.fromEntries(own.filter(([key]) => key in CONDITIONS)) as Conditions;
  const params = Object.fromEntries(own.filter(([key]) => !(key in CONDITIONS)));
  const isGiven = (parameter: string): boolean => given.includes(parameter);
  const stage = params['stage'] as Point | undefined;
  const recorded =
    definition.name === 'catalogue'
      ? resolveEntry(reader, params, path)
      : recordedPoint(definition, params, isGiven, context.scope, context.profile);
  if (definition.name === 'catalogue' && recorded === undefined) return undefined;
  const at = stage ?? recorded ?? definition.defaultPoint(scope);
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
  if (context.isShared && scope === 'domain' && !servesOneDomain(reader, definition, at, marked))
    return undefined;
  for (const condition of ['attempts', 'share'] as const) {
    if (known || when[condition] === undefined) continue;
    reader.problem(
      [...path, condition],
      `\`${condition}\` cannot work at ${where(at)}: the recipient is not known yet`,
      {
        on: 'key',
        hint: definition.points.includes('rcpt')
          ? 'give it `stage: rcpt`'
          : 'use `during`, `from`, `until` or `chance`',
      },
    );
  }
  checkTimes(reader, when, path);
  for (const { key, message, hint } of definition.objections?.({ params, scope, at, when, isGiven }) ?? []) {
    if (key === undefined) reader.problem(path, message, { hint });
    else reader.problem([...(key in CONDITIONS ? path : parametersAt), key], message, { on: 'key', hint });
  }
  return { do: definition.name, at, when, params, ...placeOf(reader, path) };
}

/** Where the name of a behavior is written: in a mapping it is the value of `do` or `reply`. */
function placeOf(reader: Reader, path: Path): Pick<BehaviorPlan, 'place'> {
  const key = ['do', 'reply'].find((name) => reader.get([...path, name]) !== undefined);
  const { line, column, length } = reader.place(key === undefined ? path : [...path, key]);
  return { place: { line, column, ...(length === undefined ? {} : { length }) } };
}

/** Sets the reply of a catalogue entry. @returns the point where it is sent; undefined for an unknown entry */
function resolveEntry(reader: Reader, params: Written, path: Path): Point | undefined {
  const found = findReply(params['entry'] as string);
  if ('message' in found) {
    const at = reader.get([...path, 'reply']) === undefined ? 'entry' : 'reply';
    reader.shape([...path, at], found.message, { hint: found.hint });
    return undefined;
  }
  params['said'] = found.reply;
  return found.stage ?? (faultOf(found.cause, evidenceOf(found.reply)) === 'recipient' ? 'rcpt' : 'message');
}

/** Reports conditions of time that leave no moment in which the behavior could act. */
function checkTimes(reader: Reader, { from = 0, until = Infinity, during }: Conditions, path: Path): void {
  const starts = Math.max(from, during?.from ?? 0);
  const ends = Math.min(until, during?.to ?? Infinity);
  if (starts < ends) return;
  const [first, second] = ['during', 'from', 'until'].filter(
    (key) => reader.get([...path, key]) !== undefined,
  );
  reader.problem([...path, second!], `there is no moment at which both \`${first}\` and \`${second}\` hold`, {
    on: 'key',
    hint: '`from` and the start of `during` are included, `until` and the end of `during` are not',
  });
}

function placesOf(points: readonly Point[]): string {
  return points.length === 1 ? where(points[0]!) : `the stages ${points.join(', ')}`;
}

function where(point: Point): string {
  if (point === 'dial') return 'the moment of connecting';
  return point === 'any' ? 'every stage' : `stage \`${point}\``;
}

/** Reports a behavior that can never act, since others of its list always answer first. */
function refuseShadowed(
  reader: Reader,
  list: readonly (BehaviorPlan | undefined)[],
  index: number,
  { path, isSet }: { path: Path; isSet: boolean },
): void {
  const plan = list[index]!;
  const shadow = shadowOf(list, index, isSet);
  if (!shadow) return;
  const never = `${quoted(plan.do)} can never act`;
  const [first] = shadow as [BehaviorPlan];
  if (shadow.length > 1) {
    const names = [...new Set(shadow.map((other) => quoted(other.do)))].join(' and ');
    reader.problem(path, `${never}: at each of its attempts ${names} answer first`, {
      hint: 'the first behavior that applies wins: give it attempts that no other one answers, or leave it out',
    });
    return;
  }
  const isNarrow = Object.keys(first.when).length > 0;
  const change = isNarrow ? 'a narrower condition' : 'a condition such as during or attempts';
  const answers = (which: string): string =>
    isNarrow ? `whenever it could, ${which} answers` : `${which} always answers`;
  if (isAtSamePlace(first, plan)) {
    reader.problem(path, `${never}: ${answers(`${quoted(first.do)} before it`)} first`, {
      hint: `the first behavior that applies wins: put it first, or give the one before it ${change}`,
    });
    return;
  }
  const place = `at ${where(first.at)}, which comes first`;
  reader.problem(path, `${never}: ${answers(quoted(first.do))} ${place}`, {
    hint: `give ${quoted(first.do)} ${change}, or leave one of the two out`,
  });
}
