// What a behavior is: one function from a situation to a verdict. The first behavior that has
// something to say wins; list order decides among those of one point, and `accept` ends the search.

import type { z } from 'zod';
import type { Placement, Reply } from '../../events/types.js';
import type { Point } from '../plan.js';

/** What a server knows at the moment it must answer. */
export interface Situation {
  point: Exclude<Point, 'any'>;
  /** Virtual ms since the start of the run. */
  now: number;
  domain: string;
  host: string;
  /** Client address without port; empty at `dial`. */
  client: string;
  /** Envelope sender, from `mail` on. */
  sender: string;
  /** Recipient in lower case, from `rcpt` on; empty before. */
  recipient: string;
  /**
   * From `rcpt` on: how many attempts at this recipient this server has seen, this one included.
   * Before: the number of the handshake (`dial`), connection or transaction (`mail`) at this host.
   */
  attempt: number;
  /** Notes that this behavior keeps at this host, in virtual time. */
  notes: Map<string, number>;
}

/** What the server does about it. */
export type Verdict =
  | { kind: 'accept'; placement: Placement; comesBack?: ComesBack }
  /** Sends a reply; `close` ends the connection after it (always so for 421). */
  | { kind: 'reply'; reply: Reply; close?: boolean }
  /** The TCP handshake is answered with RST. */
  | { kind: 'refuse' }
  /** Says nothing for `ms` and then goes on, or for ever. `kept`: the message was taken all the same. */
  | { kind: 'silence'; ms?: number; kept?: boolean };

/** The message that is sent to the return path about one that was accepted. */
export interface ComesBack {
  kind: 'bounce' | 'auto-reply';
  /** How long after the acceptance, ms. */
  afterMs: number;
  /** How many times it is sent, and how long after each other, ms. */
  times: number;
  everyMs: number;
  /** Of a bounce message: its status code (RFC 3463), and its action (RFC 3464). */
  status?: string;
  action?: 'failed' | 'delayed';
  /** What the mailbox had to say. */
  text: string;
}

/** Where a behavior is written: for a whole domain, or for one mailbox of it. */
export type Scope = 'domain' | 'mailbox';

export interface BehaviorDefinition<Params = Record<string, unknown>> {
  name: string;
  /** One sentence for the documentation and the JSON Schema. */
  summary: string;
  /** Parameters besides the conditions; a strict object. `stage` is one of them where it can be chosen. */
  parameters: z.ZodObject;
  /** Points at which it can act. */
  points: readonly Point[];
  /** Where it acts when `stage` is not given; undefined when it must be given. */
  defaultPoint(scope: Scope): Point | undefined;
  /** @returns undefined to pass: the next behavior is asked */
  decide(params: Params, situation: Situation): Verdict | undefined;
}

/** Keeps the type of the parameters inside the definition and out of the table. */
export function defineBehavior<Schema extends z.ZodObject>(
  definition: Omit<BehaviorDefinition<z.output<Schema>>, 'parameters'> & { parameters: Schema },
): BehaviorDefinition {
  return definition;
}

/** Points at which the recipient is known, so that `attempts` and `share` mean something. */
export const RECIPIENT_POINTS: readonly Point[] = ['rcpt', 'data', 'message', 'any'];
