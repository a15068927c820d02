// A policy as written, completed with the values of the policy it is based on.

import { invariant } from '../base/errors.js';
import type { CauseRule } from './cause-rules.js';
import type { PolicyInput } from './schema.js';
import type { RetryPolicy } from './retry-policy.js';

/** A policy as written, with the path of a file of causes replaced by its rules. */
export type CompleteInput = Omit<PolicyInput, 'causes'> & { causes?: CauseRule[] | undefined };

type Attempts = RetryPolicy['retry']['attempts'];
type Budget = number | null;

/**
 * @param base gives the values of keys that are left out; without it, every key must be given
 * @param name the name of a policy that does not give one
 * @throws BouncelabError E_HARNESS when there is no base and a key is missing
 */
export function completePolicy(
  input: CompleteInput,
  base: RetryPolicy | undefined,
  name: string,
): RetryPolicy {
  const { retry = {}, bounce = {}, destination = {} } = input;
  return {
    name: input.name ?? name,
    retry: {
      intervalsMs: either(retry.interval, base?.retry.intervalsMs, 'retry.interval'),
      jitter: either(retry.jitter, base?.retry.jitter, 'retry.jitter'),
      attempts: completeAttempts(retry.attempts, base?.retry.attempts),
      windowMs: either(retry.window, base?.retry.windowMs, 'retry.window'),
      overrunMs: either(retry.overrun, base?.retry.overrunMs, 'retry.overrun'),
      windowFrom: either(retry.windowFrom, base?.retry.windowFrom, 'retry.windowFrom'),
    },
    bounce: {
      hard: either(bounce.hard, base?.bounce.hard, 'bounce.hard'),
      softBouncesToError: either(
        bounce.softBouncesToError,
        base?.bounce.softBouncesToError,
        'bounce.softBouncesToError',
      ),
      overrides: either(bounce.overrides, base?.bounce.overrides, 'bounce.overrides'),
    },
    destination: {
      by: either(destination.by, base?.destination?.by, 'destination.by'),
      providers: either(destination.providers, base?.destination?.providers, 'destination.providers'),
      connectionsMax: either(
        destination.connections,
        base?.destination?.connectionsMax,
        'destination.connections',
      ),
      messagesPerConnectionMax: either(
        destination.messagesPerConnection,
        base?.destination?.messagesPerConnectionMax,
        'destination.messagesPerConnection',
      ),
      suspendMs: either(destination.suspend, base?.destination?.suspendMs, 'destination.suspend'),
      allSuspended: either(
        destination.allSuspended,
        base?.destination?.allSuspended,
        'destination.allSuspended',
      ),
      recoverMs: either(destination.recover, base?.destination?.recoverMs, 'destination.recover'),
    },
    causes: either(input.causes, base?.causes, 'causes'),
  };
}

type WrittenAttempts = NonNullable<PolicyInput['retry']>['attempts'];

function completeAttempts(written: WrittenAttempts, base: Attempts | undefined): Attempts {
  if (written === undefined) return either(undefined, base, 'retry.attempts');
  if (typeof written !== 'object' || written === null) return { counting: 'total', total: written };
  const inherited: { replied?: Budget; unreachable?: Budget } = base?.counting === 'per-class' ? base : {};
  return {
    counting: 'per-class',
    replied: either(written.replied, inherited.replied, 'retry.attempts.replied'),
    unreachable: either(written.unreachable, inherited.unreachable, 'retry.attempts.unreachable'),
  };
}

// Not `??`: null is a budget without limit.
function either<T>(own: T | undefined, inherited: T | undefined, key: string): T {
  const value = own === undefined ? inherited : own;
  invariant(value !== undefined, `the default policy lacks ${key}`);
  return value;
}
