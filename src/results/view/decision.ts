// The decision of the policy after an attempt and its rule, in words, computed from the events with the
// arithmetic of the sender (docs/semantics.md has the rules by number).

import type { DeliveryState, Outcome, Stage } from '../../events/types.js';
import { formatDuration } from '../../base/units.js';
import type { PolicyFacts } from './view.js';

export interface DecisionText {
  /** One sentence. */
  text: string;
  /** `Rule 5, retry`; empty when the run ended first. */
  rule: string;
}

interface Tried {
  n: number;
  startedAt: number;
  endedAt: number;
  stage: Stage;
  outcome: Outcome;
  shared: boolean;
  nextAt: number | undefined;
}

interface End {
  state: DeliveryState;
  why: string | undefined;
  /** When the mailing became in-progress. */
  startedAt: number;
  /** When a delivery was given up that waited for a connection; absent for any other end. */
  waitedUntil?: number;
}

/** @param attempts those of one delivery, up to the one that is explained */
export function decisionAfter(
  attempts: readonly Tried[],
  end: End,
  policy: PolicyFacts | undefined,
): DecisionText {
  const last = attempts.at(-1)!;
  switch (last.outcome) {
    case 'accepted':
      return { text: 'Delivered: the server took the message.', rule: 'Rule 3, delivered' };
    case 'rejected':
      return {
        text: `Hard bounce at once${end.why === undefined ? '' : ` (${end.why})`}: no further attempt.${shared(last)}`,
        rule: last.shared ? 'Rules 4 and 13, hard bounce for all that were due there' : 'Rule 4, hard bounce',
      };
    default:
      if (end.waitedUntil !== undefined) return waited(last, end.waitedUntil, policy);
      if (last.nextAt !== undefined) return retry(attempts, last, last.nextAt, policy);
      return over(attempts, end, policy);
  }
}

function retry(
  attempts: readonly Tried[],
  last: Tried,
  nextAt: number,
  policy: PolicyFacts | undefined,
): DecisionText {
  const when = `${formatDuration(nextAt)} (${formatDuration(nextAt - attempts[0]!.startedAt)} after the first attempt)`;
  const budget = policy ? ` ${budgetText(attempts, policy)}` : '';
  return {
    text: `Tried again at ${when}.${budget}${shared(last)}`,
    rule: last.shared ? 'Rules 5 and 13, retry for all that were due there' : 'Rule 5, retry on the grid',
  };
}

function waited({ nextAt }: Tried, until: number, policy: PolicyFacts | undefined): DecisionText {
  const due = nextAt === undefined ? '' : ` that was due at ${formatDuration(nextAt)}`;
  const over = policy
    ? `the window of ${formatDuration(policy.retry.windowMs)}${andOverrun(policy)}`
    : 'its window';
  return {
    text: `Soft bounce: the attempt${due} waited for a connection until ${formatDuration(until)}, when ${over} ended.`,
    rule: 'Rule 6, giving up',
  };
}

function andOverrun({ retry: { overrunMs } }: PolicyFacts): string {
  return overrunMs === 0 ? '' : ` and its overrun of ${formatDuration(overrunMs)}`;
}

function over(
  attempts: readonly Tried[],
  { state, why, startedAt }: End,
  policy: PolicyFacts | undefined,
): DecisionText {
  switch (state) {
    case 'withdrawn':
      return { text: `Withdrawn: the contact became ${why ?? 'inactive'}.`, rule: 'Rule 10, withdrawal' };
    case 'soft-bounced':
      if (why === 'window over') {
        return { text: `Soft bounce: ${beyond(attempts, startedAt, policy)}.`, rule: 'Rule 6, giving up' };
      }
      return {
        text: `Soft bounce: ${why ?? 'given up'}.${policy ? ` ${budgetText(attempts, policy)}` : ''}`,
        rule: 'Rule 6, giving up',
      };
    case 'queued':
      return { text: 'Still in progress when the run ended.', rule: '' };
    default:
      return { text: why ?? '', rule: '' };
  }
}

/** Why the next attempt is not made: its place on the grid, or the time at which it could begin. */
function beyond(attempts: readonly Tried[], startedAt: number, policy: PolicyFacts | undefined): string {
  if (!policy) return 'the next attempt would lie outside the window';
  const { windowMs, overrunMs, windowFrom } = policy.retry;
  const edge = (windowFrom === 'first-attempt' ? attempts[0]!.startedAt : startedAt) + windowMs;
  const window = `the window of ${formatDuration(windowMs)}`;
  return attempts.at(-1)!.endedAt > edge + overrunMs
    ? `the next attempt would begin after ${window}${andOverrun(policy)}`
    : `the next attempt would lie outside ${window}, which ends at ${formatDuration(edge)}`;
}

/** `Answers with 4xx so far: 2 of 4.` */
function budgetText(attempts: readonly Tried[], { retry }: PolicyFacts): string {
  const last = attempts.at(-1)!;
  const budget = retry.attempts;
  if (budget.counting === 'total') {
    const failed = attempts.filter(({ outcome }) => isFailure(outcome)).length;
    return budget.total === null
      ? `Only the window of ${formatDuration(retry.windowMs)} ends this.`
      : `Attempts so far: ${failed} of ${budget.total}.`;
  }
  const isAnswer = isReplied(last);
  const used = attempts.filter((one) => isFailure(one.outcome) && isReplied(one) === isAnswer).length;
  const limit = isAnswer ? budget.replied : budget.unreachable;
  const what = isAnswer ? 'Answers with 4xx so far' : 'Attempts without a usable answer so far';
  return limit === null
    ? `${what}: ${used}; only the window of ${formatDuration(retry.windowMs)} ends these.`
    : `${what}: ${used} of ${limit}.`;
}

function isFailure(outcome: Outcome): boolean {
  return outcome === 'deferred' || outcome === 'unreachable' || outcome === 'unknown';
}

function isReplied({ outcome, stage }: Tried): boolean {
  return outcome === 'deferred' && stage !== 'connect';
}

function shared({ shared: isShared }: Tried): string {
  return isShared ? ' All deliveries due at this host took the result of one connection.' : '';
}
