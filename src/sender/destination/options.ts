// What destinations need of the sender, and the limits that they keep.

import type { Emit } from '../../events/types.js';
import type { CarePolicy, RetryPolicy } from '../../policy/retry-policy.js';
import type { Clock, Random, Resolver } from '../ports.js';
import type { Transport } from '../transport.js';
import type { AttemptJournal } from './attempt-journal.js';
import type { MessageSource } from './delivery-transaction.js';

export interface DestinationLimits {
  /** Connections open at once. */
  connectionsMax: number;
  /** Transactions after which a connection is ended. */
  messagesPerConnectionMax: number;
  /** How long a connection without work is kept, ms. */
  idleMs: number;
}

export const DEFAULT_LIMITS: DestinationLimits = {
  connectionsMax: 5,
  messagesPerConnectionMax: 100,
  idleMs: 5000,
};

/** The limits that a policy sets. */
export function limitsOf({ destination }: RetryPolicy): DestinationLimits {
  const {
    connectionsMax = DEFAULT_LIMITS.connectionsMax,
    messagesPerConnectionMax = DEFAULT_LIMITS.messagesPerConnectionMax,
  } = destination ?? {};
  return { ...DEFAULT_LIMITS, connectionsMax, messagesPerConnectionMax };
}

/** What a destination needs of the sender. */
export interface DestinationOptions {
  clock: Clock;
  resolver: Resolver;
  transport: Transport;
  /** Draws the order of hosts of equal preference. */
  random: Random;
  limits: DestinationLimits;
  backoff: CarePolicy | undefined;
  /** Takes the events that are not part of an attempt: suspended hosts, lowered limits. */
  emit: Emit;
  journal: AttemptJournal;
  messages: MessageSource;
  /** Called when this program fails: the run cannot go on. */
  onFailure: (error: unknown) => void;
}
