// One attempt that has ended: makes the fact that is logged, with outcome and cause, from the result
// of the destination.

import type { Cause, FactOf } from '../events/types.js';
import { causeOf, overridden } from '../policy/classify.js';
import type { Delivery } from './model/delivery.js';
import type { AttemptResult } from './destination/attempt-journal.js';
import type { RetryPolicy } from '../policy/retry-policy.js';

export type AttemptFact = FactOf<'attempt'>;

/** Codes with which node:dns reports that a name cannot be resolved. */
const DNS_ERRORS = new Set([
  'ENOTFOUND',
  'ENODATA',
  'ENULLMX',
  'ESERVFAIL',
  'ETIMEOUT',
  'EREFUSED',
  'EBADRESP',
]);

/** Makes the fact of an attempt. @param delivery as it was before this attempt is counted */
export function attemptFact(delivery: Delivery, result: AttemptResult, policy: RetryPolicy): AttemptFact {
  const { contact, mailing } = delivery;
  const { domain } = contact;
  const { startedAt, host, tried, client, stage, reply, error, shared } = result;
  // Acceptance has no cause, and the rules for refusals read its text in vain: it differs for each message.
  const cause = result.outcome === 'accepted' ? 'other' : causeOfResult(result, domain, policy);
  const outcome = overridden(result.outcome, { reply, stage, cause, domain }, policy);
  return {
    type: 'attempt',
    mailing: mailing.name,
    address: contact.key,
    n: delivery.attempts + 1,
    startedAt,
    domain,
    ...(host === undefined ? {} : { host }),
    ...(tried ? { tried } : {}),
    ...(client === undefined ? {} : { client }),
    stage,
    outcome,
    cause,
    ...(reply === undefined ? {} : { reply }),
    ...(error === undefined ? {} : { error }),
    ...(shared ? { shared } : {}),
  };
}

function causeOfResult(
  { reply, stage, error, host }: AttemptResult,
  domain: string,
  policy: RetryPolicy,
): Cause {
  if (reply) return causeOf(reply, stage, { host, domain }, policy.causes);
  if (error === 'EPROTOCOL' || error === 'ESMTPUTF8') return 'protocol-error';
  if (error === 'EMESSAGESIZE') return 'message-too-big';
  return error !== undefined && DNS_ERRORS.has(error) ? 'dns-failure' : 'network';
}
