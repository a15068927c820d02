// The words that events are written in: stages and replies of SMTP, and the states of contacts, mailings
// and deliveries (docs/semantics.md).

/** Stages of an SMTP session at which a server replies. `message` is after the final dot. */
export const STAGES = ['connect', 'ehlo', 'starttls', 'mail', 'rcpt', 'data', 'message'] as const;
export type Stage = (typeof STAGES)[number];

/** One SMTP reply (RFC 5321, 4.2). */
export interface Reply {
  /** Three-digit reply code. */
  code: number;
  /** Reply code of each line, where they are not all `code`: the last line counts. */
  codes?: number[];
  /** Enhanced status code (RFC 3463), such as `4.2.2`, when each line begins with it. */
  enhanced?: string;
  /** Text of each line as it was said, without reply code and `enhanced`. */
  lines: string[];
}

export type ContactStatus = 'active' | 'error' | 'opt-out';
export type MailingKind = 'standard' | 'automated';
export type MailingState = 'building' | 'in-progress' | 'completed';
export type DeliveryState = 'queued' | 'delivered' | 'soft-bounced' | 'hard-bounced' | 'withdrawn';
export type TerminalState = Exclude<DeliveryState, 'queued'>;
export type BouncedState = Extract<DeliveryState, 'soft-bounced' | 'hard-bounced'>;

export const OUTCOMES = ['accepted', 'deferred', 'rejected', 'unreachable', 'unknown'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Where the receiving side put an accepted message. Only the simulator knows it. */
export type Placement = 'inbox' | 'junk' | 'discarded' | 'returned';
