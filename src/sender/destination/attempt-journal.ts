// What a destination reports about the deliveries it attempts, and to whom: the port to the rules that
// turn an attempt into the state of its delivery (`settlement.ts`).

import type { Cause, TriedHost } from '../../events/types.js';
import type { Delivery } from '../model/delivery.js';
import type { DialogueResult } from '../transport.js';

/** How an attempt ended. */
export interface AttemptResult extends DialogueResult {
  startedAt: number;
  /** Host that gave the result; absent when none could be dialed. */
  host?: string;
  /** Hosts that were tried without success before that one. */
  tried?: TriedHost[];
  /** Set when several deliveries share the result of one failed connection. */
  shared?: true;
}

/** Keeps account of the attempts of deliveries. */
export interface AttemptJournal {
  /** The server may know of this delivery from now on. */
  begun(delivery: Delivery, startedAt: number, host: string): void;
  /** The server may have the message from now on. */
  finalDot(delivery: Delivery): void;
  /** Takes the result of one attempt. @returns its cause */
  attempted(delivery: Delivery, result: AttemptResult): Cause;
  /** The attempt that was running does not count. @returns whether the delivery is still in progress */
  uncharged(delivery: Delivery): boolean;
  /** The last moment at which an attempt of this delivery may begin; Infinity for none. */
  latestStartOf(delivery: Delivery): number;
  /** That moment passed before the attempt that was due could begin. */
  expired(delivery: Delivery): void;
}
