// The sender as a library: its options, and the system's clock, DNS and TCP for ports that are not given.
// See docs/library.md.

import { randomBytes } from 'node:crypto';
import { domainFault, isDomain } from '../base/domain-names.js';
import { BouncelabError } from '../base/errors.js';
import { seededRandom } from '../base/random.js';
import { systemClock } from '../clock/system.js';
import type { RunEvent } from '../events/types.js';
import { loadPolicy, unknownPolicy } from '../policy/policy-file.js';
import type { RetryPolicy } from '../policy/retry-policy.js';
import { BulkSender } from './bulk-sender.js';
import type { DestinationLimits } from './destination/options.js';
import type { DkimKey } from './message/dkim.js';
import type { Clock, Dialer, Inlet, Random, Resolver } from './ports.js';
import type { Timeouts } from './smtp/timeouts.js';
import type { Store } from './store/store.js';
import { systemDialer } from './system/dialer.js';
import { systemResolver } from './system/resolver.js';

export interface CreateSenderOptions {
  /** Default: real time. */
  clock?: Clock;
  /** Default: DNS of the system. */
  resolver?: Resolver;
  /** Default: TCP of the system. */
  dialer?: Dialer;
  /** Receives connections that bring bounce messages. Default: none are received. */
  inlet?: Inlet;
  /** Stores everything that must outlive this process. Default: nothing is stored. */
  store?: Store;
  /** Default: a random seed, drawn once for each store, so that a restart draws the same values. */
  random?: Random;
  /** A policy, the name of a shipped one, or the path of a policy file. Default: `emma`. */
  policy?: RetryPolicy | string;
  /** `From:` of the messages: `news@example.com` or `News <news@example.com>`. */
  from?: string;
  /**
   * `List-Unsubscribe:` of the messages: a mailto: or https: URI in which `{{email}}` is the contact's address.
   * An https: URI also asks for one-click unsubscription (RFC 8058). Default: none.
   */
  listUnsubscribe?: string;
  /** Signs the messages (RFC 6376). Default: they are not signed. */
  dkim?: DkimKey;
  /** Domain of the return path: bounce messages are sent to it. An internationalized one may have either spelling. */
  returnPathDomain?: string;
  /** Key of the signature in return paths. Default: drawn from `random`. */
  returnPathSecret?: string;
  /** Name for EHLO. */
  clientName?: string;
  limits?: Partial<DestinationLimits>;
  /** How long the sender waits at each stage of a dialogue, ms. */
  timeouts?: Partial<Timeouts>;
  /** Called with every event. `seq` counts from 0; `t` is ms since this sender was made. */
  onEvent?: (event: RunEvent) => void;
  /**
   * Called when the store has failed: the sender has then closed all connections and stopped.
   * Default: the error is thrown as an uncaught exception, which ends the process.
   */
  onFailure?: (error: Error) => void;
}

/**
 * Makes a sender. With a store that has contacts and mailings in it, the sender resumes them at once.
 *
 * @throws BouncelabError E_USAGE for a policy that does not exist or is not valid, a `from` that is not one
 *   mailbox, a `returnPathDomain` that is not a domain, a DKIM key that cannot sign or an address that
 *   List-Unsubscribe cannot contain; E_STORE_... when the store cannot be read
 */
export function createSender(options: CreateSenderOptions = {}): BulkSender {
  const { clock = systemClock(), dialer = systemDialer(), resolver = systemResolver() } = options;
  const { random = seededRandom(seedOf(options.store)), policy = 'emma' } = options;
  checkDomain(options.returnPathDomain);
  return new BulkSender({
    ...options,
    clock,
    dialer,
    resolver,
    random,
    policy: typeof policy === 'string' ? policyNamed(policy) : policy,
  });
}

function checkDomain(domain: string | undefined): void {
  if (domain === undefined || isDomain(domain)) return;
  const fault = domainFault(domain);
  const why = fault ? `: ${fault.message}` : '';
  throw new BouncelabError('E_USAGE', `\`returnPathDomain\` must be a domain, not \`${domain}\`${why}`, {
    hint: fault?.hint ?? 'Write it like bounces.example.com.',
  });
}

/** The seed that is kept in the store, or a new one without a store. */
function seedOf(store: Store | undefined): string {
  const fresh = (): string => randomBytes(16).toString('hex');
  return store ? store.seed(fresh) : fresh();
}

function policyNamed(name: string): RetryPolicy {
  const cwd = process.cwd();
  const loaded = loadPolicy(name, cwd, cwd);
  if (!loaded) {
    const { message, hint } = unknownPolicy(name);
    throw new BouncelabError('E_USAGE', message, { hint });
  }
  if ('policy' in loaded) return loaded.policy;
  const [{ message, hint, location }] = loaded.problems as [(typeof loaded.problems)[number]];
  throw new BouncelabError('E_USAGE', `${location.file}:${location.line}: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
    location,
  });
}
