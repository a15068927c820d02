// What a behavior is: one function from a situation to a verdict. The first behavior that has
// something to say wins; list order decides among those of one point, and `accept` ends the search.

import type { z } from 'zod';
import type { Cause, Placement, Reply } from '../../events/types.js';
import type { Random } from '../../base/random.js';
import type { Conditions, Point } from '../plan.js';
import type { Piece, ReplyStyle } from '../host/reply-style.js';

/** What a server knows at the moment it must answer. */
export interface Situation {
  point: Exclude<Point, 'any'>;
  /** Where the behavior is written: limits of a mailbox count that mailbox, those of a domain everybody. */
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
  /** At `ehlo`: the client said HELO and not EHLO. */
  isHelo: boolean;
  /** Bytes of the message: as declared by MAIL before it came, as received from `message` on; 0 when not known. */
  size: number;
  /** Messages that came in whole on this connection before. */
  messages: number;
  /** Other connections from this client that this host has let in and that stand. */
  connections: number;
  random: Random;
  date: () => Date;
  /** Notes that this behavior keeps at this host, in virtual time. */
  notes: Map<string, number>;
  /** How the provider whose profile this host has says it; absent without a profile. */
  words?: Words | undefined;
}

/**
 * The words of a provider for something.
 *
 * @returns undefined when it has none of its own: the behavior's are used
 */
export type Words = (wanted: {
  cause: Cause;
  /** 5xx wanted, otherwise 4xx. */
  permanent: boolean;
  point: Exclude<Point, 'any'>;
  /** What is between angle brackets and the like. */
  situation: Situation;
}) => Reply | undefined;

/** What the server does about it. */
export type Verdict =
  | { kind: 'accept'; placement: Placement; comesBack?: ComesBack }
  /** Sends a reply; `close` ends the connection after it (always so for 421). */
  | { kind: 'reply'; reply: Reply; close?: boolean; afterMs?: number }
  /** The TCP handshake is answered with RST, or not at all. */
  | { kind: 'refuse' }
  | { kind: 'ignore' }
  /** Says nothing for `ms` and then goes on, or for ever. `kept`: the message was taken all the same. */
  | { kind: 'silence'; ms?: number; kept?: boolean }
  /** Ends the connection without a word. `kept`: the message was taken all the same. */
  | { kind: 'drop'; how: 'fin' | 'rst'; kept?: boolean; afterMs?: number }
  /** Sends bytes in the place of a reply; what was asked for is not done. */
  | { kind: 'bytes'; pieces: readonly Piece[]; reply?: Reply; mute?: boolean }
  /** Shows this certificate once TLS begins: the next behavior is asked. */
  | { kind: 'certificate'; which: 'expired' | 'none' }
  /** Says how the reply is given, whatever it will be: the next behavior is asked. */
  | { kind: 'style'; style: ReplyStyle };

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

/** Where a behavior is written: for a whole domain, for one of its hosts, or for one mailbox. */
export type Scope = 'domain' | 'host' | 'mailbox';

/** A behavior as it is written, for the question whether it can work. */
export interface Written<Params> {
  params: Params;
  scope: Scope;
  at: Point;
  when: Conditions;
  /** Whether a parameter was given, and not only filled in. */
  isGiven: (parameter: string) => boolean;
}

/** Something that cannot work. */
export interface Objection {
  /** The key it stands at; the behavior as a whole when absent. */
  key?: string;
  message: string;
  hint: string;
}

export interface BehaviorDefinition<Params = Record<string, unknown>> {
  name: string;
  /** One sentence for the documentation and the JSON Schema. */
  summary: string;
  /** What a provider's profile calls it, where it has words for it. */
  cause?: Cause;
  /** Parameters besides the conditions; a strict object. `stage` is one of them where it can be chosen. */
  parameters: z.ZodObject;
  /** Points at which it can act. */
  points: readonly Point[];
  /** Where it acts when `stage` is not given; undefined when it must be given. */
  defaultPoint(scope: Scope): Point | undefined;
  /** Whether it may pass although its conditions hold: what follows it in a list still gets its turn. */
  mayPass?(params: Params): boolean;
  /** What of this combination cannot work; asked when a scenario is read. */
  objections?(written: Written<Params>): Objection[];
  /** @returns undefined to pass: the next behavior is asked */
  decide(params: Params, situation: Situation): Verdict | undefined;
}

/** Keeps the type of the parameters inside the definition and out of the table. */
export function defineBehavior<Schema extends z.ZodObject>(
  definition: Omit<BehaviorDefinition<z.output<Schema>>, 'parameters'> & { parameters: Schema },
): BehaviorDefinition {
  return definition;
}

/**
 * A reply in the words of the provider's profile, or else in the behavior's own.
 *
 * @param own the reply of a server without a profile; its class says which words are asked for
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

/** Points where the connection always ends with what is said: nobody waits for a reply. */
export const UNASKED_POINTS: readonly Point[] = ['body', 'idle'];
