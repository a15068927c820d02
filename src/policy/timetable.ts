// The timetable of a policy: when the attempts of a delivery happen for each kind of failure, and when
// it is given up. `decide` computes it, as in a run, so that the two cannot differ.

import type { Stage } from '../events/types.js';
import { budgetClass, decide, type RetryPolicy } from './retry-policy.js';

/** How one attempt fails. */
interface Failing {
  outcome: 'deferred' | 'unreachable';
  stage: Stage;
}

const REFUSED: Failing = { outcome: 'deferred', stage: 'rcpt' };
const UNREACHABLE: Failing = { outcome: 'unreachable', stage: 'connect' };

/** Kinds of failure: the failures of successive attempts, repeated in turn. */
export const FAILURES = {
  answered: { what: '4xx to a command', turns: [REFUSED] },
  greeting: { what: '4xx at connect', turns: [{ outcome: 'deferred', stage: 'connect' }] },
  unreachable: { what: 'no answer', turns: [UNREACHABLE] },
  mixed: { what: '4xx, 4xx, no answer, in turn', turns: [REFUSED, REFUSED, UNREACHABLE] },
} as const satisfies Record<string, { what: string; turns: readonly Failing[] }>;

export type FailureKind = keyof typeof FAILURES;

export interface Timetable {
  failure: FailureKind;
  what: string;
  /** When each attempt begins, ms from the first one; attempts take no time here. */
  attempts: number[];
  /** Why no attempt follows the last one; null when the list was cut. */
  gaveUp: 'budget spent' | 'window over' | null;
}

/** A policy may ask for an attempt each second for ten years: the list is cut here. */
const ATTEMPTS_MAX = 10_000;

/**
 * The attempts of a delivery that always fails in one way, until it is given up. Its first attempt is at
 * the start of the mailing; there is no jitter.
 */
export function timetable(policy: RetryPolicy, failure: FailureKind): Timetable {
  const { what } = FAILURES[failure];
  const turns: readonly Failing[] = FAILURES[failure].turns;
  const attempts: number[] = [];
  const used = { replied: 0, unreachable: 0 };
  let at = 0;
  while (attempts.length < ATTEMPTS_MAX) {
    const { outcome, stage } = turns[attempts.length % turns.length]!;
    attempts.push(at);
    const spent = budgetClass(outcome, stage);
    used[spent]++;
    const decision = decide(policy, {
      ...used,
      attempts: attempts.length,
      class: spent,
      firstAttemptAt: 0,
      mailingStartedAt: 0,
      endedAt: at,
      draw: 0,
    });
    if ('giveUp' in decision) return { failure, what, attempts, gaveUp: decision.giveUp };
    at = decision.retryAt;
  }
  return { failure, what, attempts, gaveUp: null };
}

/** The timetables for all kinds of failure. */
export function timetables(policy: RetryPolicy): Timetable[] {
  return (Object.keys(FAILURES) as FailureKind[]).map((failure) => timetable(policy, failure));
}
