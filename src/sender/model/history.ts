// The history of one contact, and the fold that computes status and streak from it (rules 4, 8 and 9
// of docs/semantics.md). The history is kept because a bounce message can change the end of an old
// delivery; the fold then runs again (rule 11).

import { ChangingFold } from '../../base/changing-fold.js';
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

/** A span of time in which the contact was not active. Spans are in the order of time and do not overlap. */
interface InactiveSpan {
  from: number;
  to: number;
  before: InactiveSpan | undefined;
}

/** The standing after some entries, and when the contact was inactive until then. */
interface State extends Standing {
  away: InactiveSpan | undefined;
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
  return new HistoryIndex(start, past, softBouncesToError).standing(0);
}

/** Finds the deliveries of a history, and computes the standing anew when one of them has changed. */
export class HistoryIndex {
  private readonly places = new Map<string, number>();
  private placed = 0;
  private readonly fold: ChangingFold<HistoryEntry, State>;

  /** @param past the history itself, to which entries may be added */
  constructor(
    start: Standing,
    private readonly past: readonly HistoryEntry[],
    softBouncesToError: number,
  ) {
    const away = start.status === 'active' ? undefined : { from: -Infinity, to: Infinity, before: undefined };
    this.fold = new ChangingFold<HistoryEntry, State>({
      start: { ...start, away },
      entries: past,
      next: (state, entry) => after(state, entry, softBouncesToError),
      shared,
      // A request may always change something.
      weight: (entry) => ('mailing' in entry ? entry.begunAt : -Infinity),
      isFinal: ({ status, away: span }, begunAt) => status !== 'active' && span!.from < begunAt,
    });
  }

  /** The place of the delivery in a mailing. */
  placeOf(mailing: string): number | undefined {
    for (; this.placed < this.past.length; this.placed++) {
      const entry = this.past[this.placed]!;
      if ('mailing' in entry && !this.places.has(entry.mailing)) this.places.set(entry.mailing, this.placed);
    }
    return this.places.get(mailing);
  }

  /** The standing after all entries. @param changed the place of the first that has changed since it was asked for */
  standing(changed: number): Standing {
    const { status, softBounceStreak } = this.fold.after(changed);
    return { status, softBounceStreak };
  }
}

function after(state: State, entry: HistoryEntry, softBouncesToError: number): State {
  switch (entry.what) {
    case 'opt-out':
      return left(state, 'opt-out', entry.at);
    case 'reactivate':
      return state.status === 'error' ? backAgain(state, entry.at) : state;
    case 'subscribe':
      return state.status === 'active' ? state : backAgain(state, entry.at);
    default: {
      if (isRuledOut(entry, state.away)) return state;
      const isSoft = entry.what === 'soft-bounced' && entry.unattempted !== true;
      const softBounceStreak =
        entry.what === 'delivered' ? 0 : isSoft ? state.softBounceStreak + 1 : state.softBounceStreak;
      const counted = { ...state, softBounceStreak };
      const leaves =
        entry.what === 'hard-bounced'
          ? entry.spares !== true
          : isSoft && softBounceStreak >= softBouncesToError;
      // Not from `opt-out`: an operator may re-activate `error`, which would override the contact's wish.
      return leaves && state.status === 'active' ? left(counted, 'error', entry.endedAt) : counted;
    }
  }
}

function left(state: State, status: 'error' | 'opt-out', at: number): State {
  const away = state.status === 'active' ? { from: at, to: Infinity, before: state.away } : state.away;
  return { ...state, status, away };
}

function backAgain({ away }: State, at: number): State {
  return { status: 'active', softBounceStreak: 0, away: { ...away!, to: at } };
}

/** Whether a contact that was inactive in one of these spans would not have received this delivery. */
function isRuledOut({ chosenAt, begunAt }: EndedDelivery, latest: InactiveSpan | undefined): boolean {
  for (let span = latest; span && span.to > chosenAt; span = span.before)
    if (span.from < begunAt) return true;
  return false;
}

function shared(known: State, state: State): State {
  const { away } = known;
  const isAlike =
    away === state.away ||
    (away?.from === state.away?.from && away?.to === state.away?.to && away?.before === state.away?.before);
  if (!isAlike) return state;
  const isEqual = known.status === state.status && known.softBounceStreak === state.softBounceStreak;
  return isEqual ? known : { ...state, away };
}
