// The retry policy: when a delivery is tried again, and when it is given up. Pure functions of
// data; every figure in it comes from a policy file.

import type { Cause, Stage } from '../events/types.js';
import type { CauseRule } from './cause-rules.js';

/** A policy file after loading. Durations in ms; `null` budgets are unlimited. */
export interface RetryPolicy {
  name: string;
  retry: {
    /** Grid steps from the first attempt; the last one repeats. At least one, each over 0. */
    intervalsMs: number[];
    /** Fraction of the interval by which an attempt may be moved, 0 to 1; seeded. */
    jitter: number;
    /** Budget per class under `per-class`; under `total` one budget over both. */
    attempts:
      | { counting: 'per-class'; replied: number | null; unreachable: number | null }
      | { counting: 'total'; total: number | null };
    windowMs: number;
    windowFrom: 'mailing-start' | 'first-attempt';
  };
  bounce: {
    hard: 'any-5xx' | 'recipient-only';
    softBouncesToError: number;
    overrides: PolicyOverride[];
  };
  /** How destinations are spared; absent: not at all. */
  destination?: CarePolicy;
  /** Rules for the cause of a refusal, asked before those that ship. */
  causes?: CauseRule[];
}

/** How a destination is spared. Nothing of it is an attempt of anybody. */
export interface CarePolicy {
  /** How long a host is passed over that refused a connection or throttled; 0: not at all. */
  suspendMs: number;
  /** When every host of a destination is suspended: they are tried all the same, or waited for. */
  allSuspended: 'try' | 'wait';
  /** How long until one connection more is opened after one was refused beside others; 0: at once. */
  recoverMs: number;
}

/** Treats a reply as another outcome. Every field given must match; the first match wins. */
export interface PolicyOverride {
  code?: number;
  enhanced?: string;
  stage?: Stage;
  cause?: Cause;
  domain?: string;
  treatAs: 'deferred' | 'rejected';
}

/** What a policy looks at when an attempt has ended. Times in ms on one clock. */
export interface DeliveryProgress {
  /** Attempts made, this one included, and points of the grid that passed with no sender there. */
  attempts: number;
  /** Of these, those a server answered with 4xx after connect. */
  replied: number;
  /** Of these, those without a usable reply, with an unknown end, or with 4xx at connect. */
  unreachable: number;
  /** Class of the attempt that has just ended. */
  class: BudgetClass;
  firstAttemptAt: number;
  mailingStartedAt: number;
  endedAt: number;
  /** A draw in [0, 1) for the next attempt; used when the policy has jitter. */
  draw: number;
}

export type BudgetClass = 'replied' | 'unreachable';

export type Decision = { retryAt: number } | { giveUp: 'budget spent' | 'window over' };

/** Which budget an attempt that failed for now is charged to. */
export function budgetClass(outcome: 'deferred' | 'unreachable' | 'unknown', stage: Stage): BudgetClass {
  return outcome === 'deferred' && stage !== 'connect' ? 'replied' : 'unreachable';
}

/**
 * Decides after an attempt that failed for now: when to try again, or that it is over (rules 5
 * and 6 of docs/semantics.md). An attempt exactly at the edge of the window is made.
 */
export function decide({ retry }: RetryPolicy, progress: DeliveryProgress): Decision {
  const { attempts: budget } = retry;
  const spent =
    budget.counting === 'total'
      ? isSpent(progress.replied + progress.unreachable, budget.total)
      : isSpent(progress[progress.class], budget[progress.class]);
  if (spent) return { giveUp: 'budget spent' };
  const gridPoint = progress.firstAttemptAt + gridOffset(retry.intervalsMs, progress.attempts);
  const jitter = retry.jitter * progress.draw * stepBefore(retry.intervalsMs, progress.attempts);
  // An attempt that was still running at its next grid point delays that attempt, not the grid.
  const retryAt = Math.max(gridPoint + Math.round(jitter), progress.endedAt);
  return retryAt > windowEdge(retry, progress) ? { giveUp: 'window over' } : { retryAt };
}

/** The last moment at which an attempt may begin; without end before a first attempt that counts. */
export function windowEdge(
  { windowMs, windowFrom }: RetryPolicy['retry'],
  { mailingStartedAt, firstAttemptAt }: { mailingStartedAt: number; firstAttemptAt: number | undefined },
): number {
  return windowMs + (windowFrom === 'mailing-start' ? mailingStartedAt : (firstAttemptAt ?? Infinity));
}

/**
 * Where the n-th retry lies on the grid.
 *
 * @param n 1 for the first retry
 * @returns ms from the first attempt
 */
export function gridOffset(intervalsMs: readonly number[], n: number): number {
  let offset = 0;
  const steps = Math.min(n, intervalsMs.length);
  for (let index = 0; index < steps; index++) offset += intervalsMs[index]!;
  return offset + Math.max(0, n - intervalsMs.length) * intervalsMs.at(-1)!;
}

/**
 * How many more points of a grid have passed.
 *
 * @param index of the point that is due next, or was; it is not one of them
 * @param elapsedMs since the first attempt
 */
export function pointsPassed(intervalsMs: readonly number[], index: number, elapsedMs: number): number {
  let passed = 0;
  while (gridOffset(intervalsMs, index + passed + 1) <= elapsedMs) passed++;
  return passed;
}

function stepBefore(intervalsMs: readonly number[], n: number): number {
  return intervalsMs[Math.min(n, intervalsMs.length) - 1]!;
}

function isSpent(used: number, budget: number | null): boolean {
  return budget !== null && used >= budget;
}
