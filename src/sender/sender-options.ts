// What a sender is given: the ports through which it reaches the world, its policy, and how it identifies
// itself in messages and to servers.

import type { Emit } from '../events/types.js';
import type { RetryPolicy } from '../policy/retry-policy.js';
import type { DestinationLimits } from './destination/options.js';
import type { DkimKey } from './message/dkim.js';
import type { Clock, Dialer, Inlet, Random, Resolver } from './ports.js';
import type { Timeouts } from './smtp/timeouts.js';
import type { Store } from './store/store.js';

export interface SenderOptions {
  clock: Clock;
  resolver: Resolver;
  dialer: Dialer;
  random: Random;
  policy: RetryPolicy;
  /** Called with every fact. */
  emit: Emit;
  /** Stores what must outlive this sender, which resumes what is in it. Absent: nothing is stored. */
  store?: Store;
  /**
   * Called once when the store fails. Nothing can be stored from then on, so nothing may be sent: the
   * handler must cut the connections. Default: the error is thrown as an uncaught exception.
   */
  onFailure?: (error: Error) => void;
  /** `From:` of the messages. */
  from?: string;
  /** `List-Unsubscribe:` of the messages: a mailto: or https: URI in which `{{email}}` is the contact's address. */
  listUnsubscribe?: string;
  /** Signs the messages (DKIM, RFC 6376): an RSA key. */
  dkim?: DkimKey;
  /** Domain of the return path: bounce messages are sent to it. */
  returnPathDomain?: string;
  /**
   * Key of the signature in return paths, which keeps others from forging one. Default: drawn from
   * `random`. Set it when `random` draws other values after a restart.
   */
  returnPathSecret?: string;
  /** Receives connections that bring bounce messages. Absent: none are received. */
  inlet?: Inlet;
  /** Name for EHLO. */
  clientName?: string;
  limits?: Partial<DestinationLimits>;
  timeouts?: Partial<Timeouts>;
}
