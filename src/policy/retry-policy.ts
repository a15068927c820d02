// The retry policy: when a delivery is tried again, and when it is given up. Pure functions of data;
// every number comes from a policy file.

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
    /** Attempts whose offset on the grid is at most this are made. */
    windowMs: number;
    /** How long after the window an attempt that lies in it may still begin. */
    overrunMs: number;
    windowFrom: 'mailing-start' | 'first-attempt';
  };
  bounce: {
    hard: 'any-5xx' | 'recipient-only';
    softBouncesToError: number;
    overrides: PolicyOverride[];
  };
  /** What a destination is, and how the load on one in trouble is reduced; absent: it is not. */
  destination?: CarePolicy;
  /** Rules for the cause of a refusal, applied before the shipped ones. */
  causes?: CauseRule[];
}

/**
 * What a destination is, and how the load on one in trouble is reduced. None of it counts as an attempt.
 */
export interface CarePolicy {
  /** `site`: the domains whose MX lead to the same hosts share a destination. `domain`: each has its own. */
  by: 'site' | 'domain';
  /** Patterns of MX names that lead to one system, lower case, beside those that ship. */
  providers: string[];
  /** Connections to a destination that are open at once, at most. */
  connectionsMax: number;
  /** Messages after which a connection is ended. */
  messagesPerConnectionMax: number;
  /** How long a host that refused a connection or throttled is skipped; 0: not at all. */
  suspendMs: number;
  /** When every host is suspended: `try` ignores the suspensions, `wait` waits for the first to end. */
  allSuspended: 'try' | 'wait';
  /** After a further connection failed: time until the limit of connections rises by one; 0: the next time that mail falls due. */
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

/** The state of a delivery when an attempt has ended. Times in ms on one clock. */
export interface DeliveryProgress {
  /** Attempts made, this one included, and points of the grid that passed while no sender ran. */
  attempts: number;
  /** Of these, those that a server answered with 4xx after connect. */
  replied: number;
  /** Of these, those without a usable reply, with an unknown end, or with 4xx at connect. */
  unreachable: number;
  /** Class of the attempt that has just ended. */
  class: BudgetClass;
  firstAttemptAt: number;
  mailingStartedAt: number;
  endedAt: number;
  /** A random number in [0, 1) for the jitter of the next attempt. */
  draw: number;
}

export type BudgetClass = 'replied' | 'unreachable';

export type Decision = { retryAt: number } | { giveUp: 'budget spent' | 'window over' };

/** The budget that a temporary failure is charged to. */
export function budgetClass(outcome: 'deferred' | 'unreachable' | 'unknown', stage: Stage): BudgetClass {
  return outcome === 'deferred' && stage !== 'connect' ? 'replied' : 'unreachable';
}

/**
 * Decides after a temporary failure: when to try again, or to give up (rules 5 and 6 of
 * docs/semantics.md). An attempt lies in the window by its offset on the grid, whatever delays it; an
 * attempt exactly at the edge is made.
 */
export function decide({ retry }: RetryPolicy, progress: DeliveryProgress): Decision {
  const { attempts: budget } = retry;
  const spent =
    budget.counting === 'total'
      ? isSpent(progress.replied + progress.unreachable, budget.total)
      : isSpent(progress[progress.class], budget[progress.class]);
  if (spent) return { giveUp: 'budget spent' };
  const offset = gridOffset(retry.intervalsMs, progress.attempts);
  if (offset > retry.windowMs) return { giveUp: 'window over' };
  const gridPoint = progress.firstAttemptAt + offset;
  const jitter = retry.jitter * progress.draw * stepBefore(retry.intervalsMs, progress.attempts);
  // An attempt that was still running at its next grid point delays that attempt, not the grid.
  const retryAt = Math.max(gridPoint + Math.round(jitter), progress.endedAt);
  return retryAt > latestStart(retry, progress) ? { giveUp: 'window over' } : { retryAt };
}

/**
 * The last time at which an attempt that lies in the window may begin: `overrun` after the window. Infinity
 * when the window begins with the first attempt and there was none.
 */
export function latestStart(
  { windowMs, overrunMs, windowFrom }: RetryPolicy['retry'],
  { mailingStartedAt, firstAttemptAt }: { mailingStartedAt: number; firstAttemptAt: number | undefined },
): number {
  const from = windowFrom === 'mailing-start' ? mailingStartedAt : (firstAttemptAt ?? Infinity);
  return from + windowMs + overrunMs;
}

/**
 * The time of the n-th retry on the grid.
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
 * Counts the points of a grid that have passed after a given one. Points outside the window do not count:
 * no attempt would have been made there.
 *
 * @param index of the given point, which is not counted
 * @param elapsedMs since the first attempt
 */
export function pointsPassed(
  { intervalsMs, windowMs }: Pick<RetryPolicy['retry'], 'intervalsMs' | 'windowMs'>,
  index: number,
  elapsedMs: number,
): number {
  const until = Math.min(elapsedMs, windowMs);
  let passed = 0;
  while (gridOffset(intervalsMs, index + passed + 1) <= until) passed++;
  return passed;
}

function stepBefore(intervalsMs: readonly number[], n: number): number {
  return intervalsMs[Math.min(n, intervalsMs.length) - 1]!;
}

function isSpent(used: number, budget: number | null): boolean {
  return budget !== null && used >= budget;
}
