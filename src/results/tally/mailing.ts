// The tally of one mailing: its figures in `run.json`, and the times of its attempts that expectations
// compare.

import type { BouncedState, Cause, Placement } from '../../events/types.js';
import type { MailingResult } from '../result.js';
import { noneLost } from './lost.js';

export interface MailingTally extends MailingResult {
  placement: Record<Placement, number>;
  /** Starts of the attempts the sender made, by address, as far as the tally keeps them. */
  attempts: Map<string, number[]>;
  /** Times at which a server read a RCPT for the address. */
  seen: Map<string, number[]>;
}

/** The figures of a mailing as `run.json` has them. */
export function resultOf(tally: MailingTally): MailingResult {
  const { kind, series, state, recipients, delivered, inProgress, bounced, unattempted } = tally;
  const { withdrawn, placement, possibleDuplicates, lateBounces, startedAt, completedAt, causes, lost } =
    tally;
  return {
    kind,
    ...(series === undefined ? {} : { series }),
    state,
    recipients,
    delivered,
    inProgress,
    bounced,
    unattempted,
    withdrawn,
    placement,
    possibleDuplicates,
    lateBounces,
    startedAt,
    completedAt,
    causes,
    lost,
  };
}

/** Counts a delivery that ended as bounced. */
export function countBounce(mailing: MailingTally, state: BouncedState, cause: Cause): void {
  mailing.bounced[state === 'soft-bounced' ? 'soft' : 'hard']++;
  mailing.causes[cause] = (mailing.causes[cause] ?? 0) + 1;
}

/** A mailing that is building, all its figures zero. */
export function newMailing(kind: MailingTally['kind'], series: string | undefined): MailingTally {
  return {
    kind,
    ...(series === undefined ? {} : { series }),
    state: 'building',
    recipients: 0,
    delivered: 0,
    inProgress: 0,
    bounced: { soft: 0, hard: 0 },
    unattempted: 0,
    withdrawn: 0,
    possibleDuplicates: 0,
    lateBounces: 0,
    startedAt: null,
    completedAt: null,
    causes: {},
    lost: noneLost(),
    placement: { inbox: 0, junk: 0, discarded: 0, returned: 0 },
    attempts: new Map(),
    seen: new Map(),
  };
}
