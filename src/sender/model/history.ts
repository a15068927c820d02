// What has happened to one contact, and what that makes of it: status and streak are a fold over
// this list (rules 4, 8, 9 of docs/semantics.md). It is kept because a bounce message can change
// an end that is long past, and then the fold is made anew (rule 11).

import type { ContactStatus, TerminalState } from '../../events/types.js';

/** What a contact is at a moment. */
export interface Standing {
  status: ContactStatus;
  softBounceStreak: number;
}

/** A delivery that has ended and counts for its contact. Times in ms on the sender's clock. */
export interface EndedDelivery {
  what: Exclude<TerminalState, 'withdrawn'>;
  mailing: string;
  /** When the mailing chose its recipients. */
  chosenAt: number;
  /** When its last attempt began; when it ended, if it was given up while it waited for one. */
  begunAt: number;
  endedAt: number;
  /** A hard bounce that leaves the contact active, as the policy wants it. */
  spares?: true;
  /** A bounce message has changed how it ended. */
  returned?: true;
}

/** What somebody asked for, whether or not it changed anything then. */
export interface Request {
  what: 'opt-out' | 'reactivate' | 'subscribe';
  at: number;
}

export type Past = EndedDelivery | Request;

/** A span in which the contact was not active. */
interface Away {
  from: number;
  to: number;
}

/**
 * What a contact is after all that has happened, in the order in which it happened.
 *
 * A delivery that could not have been made does not count: one of a mailing that chose its
 * recipients while the contact was away, or that would have been withdrawn before its last attempt
 * began (rules 1 and 10). There is none in what really happened; there is when an earlier end has
 * been changed.
 */
export function standing(start: Standing, past: readonly Past[], softBouncesToError: number): Standing {
  let { status, softBounceStreak } = start;
  const aways: Away[] = status === 'active' ? [] : [{ from: -Infinity, to: Infinity }];
  const leave = (to: 'error' | 'opt-out', at: number): void => {
    if (status === 'active') aways.push({ from: at, to: Infinity });
    status = to;
  };
  const comeBack = (at: number): void => {
    status = 'active';
    softBounceStreak = 0;
    aways.at(-1)!.to = at;
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
        if (aways.some((away) => couldNotBe(entry, away))) break;
        if (entry.what === 'delivered') softBounceStreak = 0;
        if (entry.what === 'soft-bounced') softBounceStreak++;
        const leaves =
          entry.what === 'hard-bounced'
            ? entry.spares !== true
            : entry.what === 'soft-bounced' && softBounceStreak >= softBouncesToError;
        // An opt-out stays one: `error` could be re-activated, and that would override the contact's wish.
        if (leaves && status === 'active') leave('error', entry.endedAt);
      }
    }
  }
  return { status, softBounceStreak };
}

/** Whether a contact that was away then would not have had this delivery. */
function couldNotBe({ chosenAt, begunAt }: EndedDelivery, { from, to }: Away): boolean {
  return from < begunAt && to > chosenAt;
}
