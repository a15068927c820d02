// The history of one contact, and the fold that computes status and streak from it (rules 4, 8 and 9
// of docs/semantics.md). The history is kept because a bounce message can change the end of an old
// delivery; the fold then runs again (rule 11).

import type { ContactStatus, TerminalState } from '../../events/types.js';

/** Status and streak of a contact at one moment. */
export interface Standing {
  status: ContactStatus;
  softBounceStreak: number;
}

/** A delivery that has ended and counts towards status and streak. Times in ms on the sender's clock. */
export interface EndedDelivery {
  what: Exclude<TerminalState, 'withdrawn'>;
  mailing: string;
  /** When the mailing chose its recipients. */
  chosenAt: number;
  /** When its last attempt began; equal to `endedAt` when its window ended while it waited for an attempt. */
  begunAt: number;
  endedAt: number;
  /** Soft-bounced without any attempt: it leaves the streak alone (rule 8). */
  unattempted?: true;
  /** The policy lets the contact stay active after this hard bounce. */
  spares?: true;
  /** A bounce message has changed its end. */
  returned?: true;
}

/** A request for a change of status, kept even when it changed nothing at the time. */
interface StatusRequest {
  what: 'opt-out' | 'reactivate' | 'subscribe';
  at: number;
}

export type HistoryEntry = EndedDelivery | StatusRequest;

/** A span of time in which the contact was not active. */
interface InactiveSpan {
  from: number;
  to: number;
}

/**
 * Computes the standing of a contact from its history.
 *
 * A delivery that could not have been made does not count: its mailing chose recipients while the
 * contact was inactive, or it would have been withdrawn before its last attempt began (rules 1 and 10).
 * That happens only when the end of an earlier delivery has been changed.
 *
 * @param start before the first entry
 * @param past the history, oldest entry first
 */
export function standing(
  start: Standing,
  past: readonly HistoryEntry[],
  softBouncesToError: number,
): Standing {
  let { status, softBounceStreak } = start;
  const inactive: InactiveSpan[] = status === 'active' ? [] : [{ from: -Infinity, to: Infinity }];
  const leave = (to: 'error' | 'opt-out', at: number): void => {
    if (status === 'active') inactive.push({ from: at, to: Infinity });
    status = to;
  };
  const comeBack = (at: number): void => {
    status = 'active';
    softBounceStreak = 0;
    inactive.at(-1)!.to = at;
  };
  for (const entry of past) {
    switch (entry.what) {
      case 'opt-out':
        leave('opt-out', entry.at);
        break;
      case 'reactivate':
        if (status === 'error') comeBack(entry.at);
        break;
      case 'subscribe':
        if (status !== 'active') comeBack(entry.at);
        break;
      default: {
        if (inactive.some((span) => isRuledOut(entry, span))) break;
        if (entry.what === 'delivered') softBounceStreak = 0;
        const isSoft = entry.what === 'soft-bounced' && entry.unattempted !== true;
        if (isSoft) softBounceStreak++;
        const leaves =
          entry.what === 'hard-bounced'
            ? entry.spares !== true
            : isSoft && softBounceStreak >= softBouncesToError;
        // Not from `opt-out`: an operator may re-activate `error`, which would override the contact's wish.
        if (leaves && status === 'active') leave('error', entry.endedAt);
      }
    }
  }
  return { status, softBounceStreak };
}

/** Whether a contact that was inactive in this span would not have received this delivery. */
function isRuledOut({ chosenAt, begunAt }: EndedDelivery, { from, to }: InactiveSpan): boolean {
  return from < begunAt && to > chosenAt;
}
