// What a behavior is: one function from a situation to a verdict. The behaviors of a stage are asked in
// the order of their list, and the first verdict counts; `accept` ends the search.

import type { z } from 'zod';
import type { Cause, Placement, Reply } from '../../events/types.js';
import type { Random } from '../../base/random.js';
import type { Conditions, Point } from '../plan.js';
import type { Piece, ReplyStyle } from '../host/reply-style.js';

/** What a host knows when a behavior decides. */
export interface Situation {
  point: Exclude<Point, 'any'>;
  /** Where the behavior is written: a limit of a mailbox counts that mailbox, one of a domain all mailboxes. */
  scope: Scope;
  /** Virtual ms since the start of the run. */
  now: number;
  domain: string;
  host: string;
  /** Client address without port. */
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
  /** At `ehlo`: the client sent HELO, not EHLO. */
  isHelo: boolean;
  /** Bytes of the message: as declared by MAIL, from `message` on as received; 0 when not known. */
  size: number;
  /** Messages received on this connection before. */
  messages: number;
  /** Other open connections from this client to this host, without those refused at `connect`. */
  connections: number;
  random: Random;
  date: () => Date;
  /** What this behavior remembers at this host. */
  notes: Map<string, number>;
  /** The provider's replies; absent when the host has no profile. */
  words?: Words | undefined;
}

/**
 * Looks up the reply of a provider.
 *
 * @returns undefined when the provider has none for it: the behavior's own reply is used
 */
export type Words = (wanted: {
  cause: Cause;
  /** 5xx wanted, otherwise 4xx. */
  permanent: boolean;
  point: Exclude<Point, 'any'>;
  /** Fills the placeholders of the reply. */
  situation: Situation;
}) => Reply | undefined;

/** What the server does. */
export type Verdict =
  | { kind: 'accept'; placement: Placement; comesBack?: ComesBack }
  /** Sends a reply; `close` ends the connection after it, as a 421 always does. */
  | { kind: 'reply'; reply: Reply; close?: boolean; afterMs?: number }
  /** The TCP handshake is answered with RST, or not at all. */
  | { kind: 'refuse' }
  | { kind: 'ignore' }
  /** Sends nothing for `ms`, or for ever, and then continues. `kept`: the message is taken all the same. */
  | { kind: 'silence'; ms?: number; kept?: boolean }
  /** Ends the connection without a reply. `kept`: the message is taken all the same. */
  | { kind: 'drop'; how: 'fin' | 'rst'; kept?: boolean; afterMs?: number }
  /** Sends bytes instead of a reply; the command is not carried out. `mute`: sends nothing after them. */
  | { kind: 'bytes'; pieces: readonly Piece[]; reply?: Reply; mute?: boolean }
  /** Sets the certificate of the TLS handshake; the next behavior is asked. */
  | { kind: 'certificate'; which: 'expired' | 'none' }
  /** Sets how the reply is written, whatever it is; the next behavior is asked. */
  | { kind: 'style'; style: ReplyStyle };

/** The message that is sent to the return path of an accepted message. */
export interface ComesBack {
  kind: 'bounce' | 'auto-reply';
  /** How long after the acceptance, ms. */
  afterMs: number;
  /** How many times it is sent, and the time between two of them, ms. */
  times: number;
  everyMs: number;
  /** Status code (RFC 3463) and action (RFC 3464) of a bounce message. */
  status?: string;
  action?: 'failed' | 'delayed';
  /** Text for people, also in `Diagnostic-Code`. */
  text: string;
}

/** Where a behavior is written: for a whole domain, for one of its hosts, or for one mailbox. */
export type Scope = 'domain' | 'host' | 'mailbox';

/** A behavior as it is written, to check whether it can work. */
export interface Written<Params> {
  params: Params;
  scope: Scope;
  at: Point;
  when: Conditions;
  /** Whether a parameter was given; false when it has its default. */
  isGiven: (parameter: string) => boolean;
}

/** Why a behavior cannot work as it is written. */
export interface Objection {
  /** Key that the problem is about; absent for the behavior as a whole. */
  key?: string;
  message: string;
  hint: string;
}

export interface BehaviorDefinition<Params = Record<string, unknown>> {
  name: string;
  /** One sentence for the documentation and the JSON Schema. */
  summary: string;
  /** Cause under which a provider's profile lists the reply; absent when profiles have none for it. */
  cause?: Cause;
  /** Parameters besides the conditions; a strict object. Has `stage` when the stage can be chosen. */
  parameters: z.ZodObject;
  /** Points at which it can act. */
  points: readonly Point[];
  /** Where it acts when `stage` is not given; undefined when it must be given. */
  defaultPoint(scope: Scope): Point | undefined;
  /** Whether it may pass although its conditions hold, so that later behaviors are asked. */
  mayPass?(params: Params): boolean;
  /** What of this combination cannot work; called when a scenario is read. */
  objections?(written: Written<Params>): Objection[];
  /** Whether `decide` looks at a limit at this point: it has acted then although the limit was not reached. */
  checks?(params: Params, situation: Situation): boolean;
  /** @returns undefined to pass: the next behavior is asked */
  decide(params: Params, situation: Situation): Verdict | undefined;
}

/** Checks `decide` against the schema of its parameters; the table of behaviors need not know their type. */
export function defineBehavior<Schema extends z.ZodObject>(
  definition: Omit<BehaviorDefinition<z.output<Schema>>, 'parameters'> & { parameters: Schema },
): BehaviorDefinition {
  return definition;
}

/**
 * A refusal with the reply of the provider's profile, or else the behavior's own.
 *
 * @param own reply of a server without a profile; the profile's has the same class, 4xx or 5xx
 */
export function refusal(
  situation: Situation,
  cause: Cause,
  own: Reply,
  options: { close?: boolean; afterMs?: number } = {},
): Verdict {
  const { words, point } = situation;
  const reply = words?.({ cause, permanent: own.code >= 500, point, situation }) ?? own;
  return { kind: 'reply', reply, ...options };
}

/** Points at which the recipient is known, so that `attempts` and `share` mean something. */
export const RECIPIENT_POINTS: readonly Point[] = ['rcpt', 'data', 'body', 'message', 'any'];
