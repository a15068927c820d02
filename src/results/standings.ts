// Status and streak of many contacts. Contacts whose figures are equal share one object, since a million of
// them have only a few different ones.

import type { ContactStatus } from '../events/types.js';

export interface SharedStanding {
  readonly status: ContactStatus;
  readonly softBounceStreak: number;
}

/** Streaks below this are shared; the others are rare. */
const SHARED_MAX = 100;

export class Standings {
  private readonly known: Record<ContactStatus, SharedStanding[]> = { active: [], error: [], 'opt-out': [] };

  /** The same object for the same figures. */
  of(status: ContactStatus, softBounceStreak: number): SharedStanding {
    if (softBounceStreak >= SHARED_MAX) return { status, softBounceStreak };
    return (this.known[status][softBounceStreak] ??= { status, softBounceStreak });
  }
}
