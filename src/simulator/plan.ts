// What the simulator is told to be: plain data made by the scenario loader (or by a test).

import type { Stage } from '../events/types.js';
import type { Window } from '../units.js';

/**
 * Where a behavior acts: `dial` is the TCP handshake, before any server speaks; the others are
 * the stages of the dialogue; `any` is every one of them (`accept`).
 */
export type Point = 'dial' | 'any' | Stage;

/** Every condition that is given must hold. */
export interface Conditions {
  /** Virtual time since the start of the run. */
  during?: Window;
  /** Until this virtual time, ms. */
  until?: number;
  /** Which attempts at this recipient, counted by this server from 1; both ends included. */
  attempts?: { from: number; to: number };
  /** A fixed, seeded fraction of the recipients. */
  share?: number;
  /** A seeded draw per attempt (per connection where the recipient is not known). */
  chance?: number;
}

export interface BehaviorPlan {
  /** Name in the table of behaviors. */
  do: string;
  at: Point;
  when: Conditions;
  /** Parsed parameters of that behavior. */
  params: Record<string, unknown>;
}

export interface DomainPlan {
  behaviors: BehaviorPlan[];
  /** Keyed by local part, lower case; a key may hold `*`. The first key that matches is used. */
  mailboxes: { pattern: string; behaviors: BehaviorPlan[] }[];
}
