// Addresses that name their own behavior: the text after the first `+` of the local part is what this
// mailbox does, as in `anything+busy-x2@...`. For quick trials without a configuration.

import type { z } from 'zod';
import { RECIPIENT_POINTS, type BehaviorDefinition } from './behavior.js';
import { BEHAVIORS } from './index.js';
import type { BehaviorPlan, Conditions, Point, ProfilePlan } from '../plan.js';
import { recordedPoint } from './profile-words.js';

/** Why an address names no behavior. */
interface Misread {
  /** One clause: what is not understood. */
  message: string;
  /** The unknown word, and the known ones. */
  word?: string;
  names?: () => readonly string[];
  /** What to do, where no word is wrong. */
  hint?: string;
}

/** Parameters whose values have no distinct form, so that an address cannot give them. */
const UNNAMED: ReadonlySet<string> = new Set(['text', 'client', 'code', 'codes']);

const CODE = /^([2-5]\d\d)(?:-(.*))?$/;
const TIMES = /^x([1-9]\d{0,3})$/;
const TEXT = 'Said because the address asks for it';

/**
 * Reads the behaviors that a local part names. Several, one `+` each, make a list of which the first
 * that applies is used; those with a number of times follow one another.
 *
 * @param localPart what is before the `@`, in any case
 * @param profile of the provider; its stages are used where the address names none
 * @returns undefined when there is no `+`; a Misread when any part after it is not understood
 */
export function readShorthand(
  localPart: string,
  profile?: ProfilePlan,
): readonly BehaviorPlan[] | Misread | undefined {
  const text = shorthandOf(localPart);
  if (text === undefined) return undefined;
  const plans: BehaviorPlan[] = [];
  let taken = 0;
  for (const written of text.split('+')) {
    const plan = readOne(written, profile);
    if ('message' in plan) return plan;
    const before = plans.find(
      (other) => alwaysAnswers(other) && (other.at === 'any' || other.at === plan.at),
    );
    if (before) {
      return {
        message: `\`${written}\` can never act: \`${before.do}\` before it always answers first`,
        hint: `limit the one before it, as in ${before.do}-x2`,
      };
    }
    const { attempts } = plan.when;
    if (attempts) {
      plan.when.attempts = { from: taken + 1, to: taken + attempts.to };
      taken += attempts.to;
    }
    plans.push(plan);
  }
  return plans;
}

/** @returns what follows the first `+` of a local part, in lower case */
export function shorthandOf(localPart: string): string | undefined {
  const plus = localPart.indexOf('+');
  return plus < 0 ? undefined : localPart.slice(plus + 1).toLowerCase();
}

/** Reads a behavior and its arguments, or a reply that begins with its code. */
function readOne(written: string, profile: ProfilePlan | undefined): BehaviorPlan | Misread {
  const [, code, rest] = CODE.exec(written) ?? [];
  if (code !== undefined) {
    return readArguments(BEHAVIORS.get('reply')!, rest ?? '', { code: Number(code), text: TEXT });
  }
  const name = [...BEHAVIORS.keys()]
    .filter((known) => written === known || written.startsWith(`${known}-`))
    .sort((a, b) => b.length - a.length)[0];
  if (name === undefined) {
    return { message: `unknown behavior \`${written}\``, word: written, names: behaviorNames };
  }
  if (name === 'reply') {
    return { message: '`reply` has no code', hint: 'write the code itself, as in bob+550-5.1.1' };
  }
  return readArguments(BEHAVIORS.get(name)!, written.slice(name.length + 1), {}, profile);
}

function readArguments(
  definition: BehaviorDefinition,
  text: string,
  given: Record<string, unknown>,
  profile?: ProfilePlan,
): BehaviorPlan | Misread {
  const { name, parameters } = definition;
  const when: Conditions = {};
  for (let rest = text; rest !== '';) {
    const word = prefixes(rest).find((prefix) => take(prefix, definition, given, when));
    if (word === undefined) {
      const message = `\`${rest}\` is no argument of \`${name}\``;
      return { message, word: rest, names: () => argumentsOf(definition) };
    }
    rest = rest.slice(word.length + 1);
  }
  const parsed = parameters.safeParse(given);
  if (!parsed.success) {
    const missing = String(parsed.error.issues[0]?.path[0]);
    return { message: `\`${name}\` needs \`${missing}\``, hint: `give it, as in ${name}-30m` };
  }
  const params = parsed.data;
  const isGiven = (parameter: string): boolean => parameter in given;
  const recorded = recordedPoint(definition, params, isGiven, 'mailbox', profile);
  const at = (params['stage'] as Point | undefined) ?? recorded ?? definition.defaultPoint('mailbox');
  if (at === undefined || !RECIPIENT_POINTS.includes(at)) {
    return {
      message: `\`${name}\` cannot act for one mailbox${at === undefined || at === 'dial' ? '' : ` at ${at}`}: the recipient is not known yet`,
      hint: 'put it under `behaviors` of the domain',
    };
  }
  const [objection] = definition.objections?.({ params, scope: 'mailbox', at, when, isGiven }) ?? [];
  return objection ?? { do: name, at, when, params };
}

/** Takes one word as the first parameter that accepts it. @returns false when none does */
function take(
  word: string,
  { parameters }: BehaviorDefinition,
  given: Record<string, unknown>,
  when: Conditions,
): boolean {
  const times = TIMES.exec(word)?.[1];
  if (times !== undefined && !when.attempts) {
    when.attempts = { from: 1, to: Number(times) };
    return true;
  }
  for (const [key, field] of Object.entries(parameters.shape) as [string, z.ZodType][]) {
    if (UNNAMED.has(key) || key in given) continue;
    const value = word === key ? true : word;
    if (!field.safeParse(value).success) continue;
    given[key] = value;
    return true;
  }
  return false;
}

/** `a-b-c`, `a-b`, `a`. */
function prefixes(text: string): string[] {
  const words = text.split('-');
  return words.map((_, index) => words.slice(0, words.length - index).join('-'));
}

/** Names of the behaviors that one mailbox can have. */
function behaviorNames(): string[] {
  return [...BEHAVIORS.values()].filter((definition) => isForMailbox(definition)).map(({ name }) => name);
}

/** Whether it acts where the recipient is known. `reply` is not among them: an address names its code. */
function isForMailbox(definition: BehaviorDefinition): boolean {
  const at = definition.defaultPoint('mailbox');
  return definition.name !== 'reply' && at !== undefined && RECIPIENT_POINTS.includes(at);
}

/** Arguments that a behavior accepts, one of each form. */
function argumentsOf(definition: BehaviorDefinition): string[] {
  const code = definition.name === 'reply' ? { code: 550 } : {};
  const words = [...FORMS, ...Object.keys(definition.parameters.shape), 'x2'];
  return words.filter((word) => !('message' in readArguments(definition, word, { ...code })));
}

const FORMS = [
  ...RECIPIENT_POINTS,
  ...['30s', '5.1.1', '60/h', '100kb', 'inbox', 'junk', 'discarded', 'fin', 'rst'],
  ...['nonsense', 'torn', 'mixed-codes', 'unended', 'stray'],
];

function alwaysAnswers({ do: name, when, params }: BehaviorPlan): boolean {
  return !when.attempts && BEHAVIORS.get(name)!.mayPass?.(params) !== true;
}
