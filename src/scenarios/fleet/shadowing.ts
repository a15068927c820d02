// Behaviors that can never act, because others always answer first. Only what can be proved is
// reported: a behavior without a draw, in force from the start until at least the end of the other, answers at
// the same stage or before it. Several of them together may cover the attempts of the other.

import { RECIPIENT_POINTS } from '../../simulator/behaviors/behavior.js';
import { BEHAVIORS } from '../../simulator/behaviors/index.js';
import { POINTS, type BehaviorPlan, type Conditions } from '../../simulator/plan.js';

/** A range of attempts, both ends included. */
interface Range {
  from: number;
  to: number;
}

const EVERY_ATTEMPT: Range = { from: 1, to: Infinity };

/** A behavior among those that are asked one after the other. */
export interface Asked {
  plan: BehaviorPlan;
  /** It is asked only once the recipient is known, even where it acts at every stage. */
  isForRecipient?: boolean;
  /** Its list is in force from a later time on: dialogues that began before go on under it. */
  isSet?: boolean;
  /** Its list is replaced at some time, or it is no list of the file: it proves nothing about others. */
  isUncertain?: boolean;
}

/**
 * The behaviors that together always answer before another one of their list does.
 *
 * @param list in order; undefined for one that could not be read
 * @param index of the behavior in question
 * @param isSet the list is set by an event
 * @returns the fewest that were found to cover it; undefined when it may act
 */
export function shadowOf(
  list: readonly (BehaviorPlan | undefined)[],
  index: number,
  isSet = false,
): BehaviorPlan[] | undefined {
  return shadowAmong(
    list.map((plan) => plan && { plan, isSet }),
    index,
  );
}

/** As `shadowOf`, for behaviors of several lists in the order in which they are asked. */
export function shadowAmong(list: readonly (Asked | undefined)[], index: number): BehaviorPlan[] | undefined {
  const { plan } = list[index]!;
  const first = list.flatMap((other, i) =>
    other && i !== index && !other.isUncertain && outlasts(other.plan, plan) && isAskedFirst(list, i, index)
      ? [other.plan]
      : [],
  );
  // One that always answers explains more than several, and one at the same stage more than one before it.
  const whole = first.filter((other) => covers([other], plan));
  const one = whole.find((other) => isAtSamePlace(other, plan)) ?? whole[0];
  if (one) return [one];
  if (!covers(first, plan)) return undefined;
  // Those that the others do not need are left out.
  let needed = first;
  for (const other of first) {
    const rest = needed.filter((one) => one !== other);
    if (covers(rest, plan)) needed = rest;
  }
  return needed;
}

/** Whether a behavior answers at the same stage as another, or at every stage. */
export function isAtSamePlace(first: BehaviorPlan, later: BehaviorPlan): boolean {
  return first.at === 'any' || first.at === later.at;
}

/**
 * Whether a behavior answers whenever its attempts are asked for, at any time at which another one could act. Later
 * stages come later: it must be in force from the start, so that it cannot begin between the two.
 */
function outlasts({ do: name, when, params }: BehaviorPlan, later: BehaviorPlan): boolean {
  if (when.share !== undefined || when.chance !== undefined) return false;
  // One connection has one family.
  if (when.family !== undefined && when.family !== later.when.family) return false;
  if (BEHAVIORS.get(name)!.mayPass?.(params) === true) return false;
  return startOf(when) === 0 && endOf(when) >= endOf(later.when);
}

/** Whether the behavior at `i` is asked before the one at `index` in every dialogue that gets that far. */
function isAskedFirst(list: readonly (Asked | undefined)[], i: number, index: number): boolean {
  const { plan: first, isForRecipient = false, isSet } = list[i]!;
  const { plan: later } = list[index]!;
  if (isAtSamePlace(first, later)) {
    const isPart = first.at === 'any' && isForRecipient;
    return i < index && (!isPart || isOfRecipient(list[index]!));
  }
  if (first.at === 'any' || later.at === 'any' || isSet) return false;
  // A client that is refused TLS may continue without it; a connection may never be idle.
  if (first.at === 'idle' || first.at === 'starttls') return false;
  // A connection may be idle at any time after EHLO.
  const order = later.at === 'idle' ? POINTS.indexOf('ehlo') + 1 : POINTS.indexOf(later.at);
  if (POINTS.indexOf(first.at) >= order) return false;
  // Not when one before it may take the message there: every other verdict ends the dialogue or asks the next.
  return !list.some((other, j) => j < i && other?.plan.do === 'accept');
}

/** Whether a behavior is asked only when the recipient is known. */
function isOfRecipient({ plan: { at }, isForRecipient = false }: Asked): boolean {
  return at === 'any' ? isForRecipient : RECIPIENT_POINTS.includes(at);
}

/** Whether one of some behaviors holds at each attempt at which another one could act. */
function covers(first: readonly BehaviorPlan[], later: BehaviorPlan): boolean {
  const isCounted = later.at !== 'any' && RECIPIENT_POINTS.includes(later.at);
  const ranges = first
    .filter(({ when }) => isCounted || when.attempts === undefined)
    .map(({ when }) => when.attempts ?? EVERY_ATTEMPT)
    .sort((a, b) => a.from - b.from);
  const { from, to } = later.when.attempts ?? EVERY_ATTEMPT;
  let open = from;
  for (const range of ranges) if (range.from <= open) open = Math.max(open, range.to + 1);
  return open > to || open === Infinity;
}

/** Whether a behavior may cover another one: it answers always, from the start until some time. */
export function mayCover(plan: BehaviorPlan): boolean {
  return outlasts(plan, plan);
}

function startOf({ from = 0, during }: Conditions): number {
  return Math.max(from, during?.from ?? 0);
}

function endOf({ until = Infinity, during }: Conditions): number {
  return Math.min(until, during?.to ?? Infinity);
}
