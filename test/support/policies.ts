// The three shipped policies as objects, written out here so that the tests of the engine do not
// depend on the loader. That they equal the files is a test of its own.

import type { CarePolicy, RetryPolicy } from '../../src/policy/retry-policy.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const EMMA: RetryPolicy = {
  name: 'emma',
  retry: {
    intervalsMs: [30 * MINUTE],
    jitter: 0,
    attempts: { counting: 'per-class', replied: 4, unreachable: null },
    windowMs: 30 * HOUR,
    overrunMs: 30 * MINUTE,
    windowFrom: 'mailing-start',
  },
  bounce: { hard: 'any-5xx', softBouncesToError: 4, overrides: [] },
  destination: {
    by: 'site',
    providers: [],
    connectionsMax: 5,
    messagesPerConnectionMax: 100,
    suspendMs: 5 * MINUTE,
    allSuspended: 'try',
    recoverMs: HOUR,
  },
  causes: [],
};

export const FOUR_ATTEMPTS: RetryPolicy = {
  ...EMMA,
  name: 'four-attempts',
  retry: { ...EMMA.retry, attempts: { counting: 'total', total: 4 } },
};

export const THIRTY_HOURS: RetryPolicy = {
  ...EMMA,
  name: 'thirty-hours',
  retry: { ...EMMA.retry, attempts: { counting: 'total', total: null } },
};

/** A policy that differs from `emma` in what is given. */
export function policy(
  changes: {
    retry?: Partial<RetryPolicy['retry']>;
    bounce?: Partial<RetryPolicy['bounce']>;
    destination?: Partial<CarePolicy>;
  } = {},
  base: RetryPolicy = EMMA,
): RetryPolicy {
  return {
    name: 'of a test',
    retry: { ...base.retry, ...changes.retry },
    bounce: { ...base.bounce, ...changes.bounce },
    ...(base.destination ? { destination: { ...base.destination, ...changes.destination } } : {}),
  };
}
