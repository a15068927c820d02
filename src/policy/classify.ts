// Classifies a reply: the outcome by its code, the cause by rules over enhanced code, text and host. The
// two are independent: 552 and 452 both mean a full mailbox, and 550 may mean anything.

import { domainKey } from '../base/domain-names.js';
import { enhancedOf } from '../events/reply-text.js';
import { faultOf, type Cause, type Evidence, type Outcome, type Reply, type Stage } from '../events/types.js';
import { CauseTable, linearSearch, type CauseRule } from './cause-rules.js';
import type { PolicyOverride, RetryPolicy } from './retry-policy.js';
import { shippedCauses } from './shipped-causes.js';

/** The host that refused and the domain of the recipient, as far as they are known. */
export interface RefusalOrigin {
  host?: string | undefined;
  /** Domain of the recipient, lower case. */
  domain?: string | undefined;
}

/** Compiled rules of policies. */
const tables = new WeakMap<readonly CauseRule[], CauseTable>();

/** What a reply means for the attempt, before any policy override. */
export function outcomeOf(reply: Reply): Outcome {
  const digit = Math.floor(reply.code / 100);
  if (digit === 2) return 'accepted';
  if (digit === 4) return 'deferred';
  if (digit === 5) return 'rejected';
  return 'unreachable';
}

/**
 * The cause of a refusal, as far as the reply shows it.
 *
 * @param own rules of the policy, which come before the shipped ones
 */
export function causeOf(
  reply: Reply,
  stage: Stage,
  from: RefusalOrigin = {},
  own?: readonly CauseRule[],
): Cause {
  const refusal = { reply, stage, host: from.host, domain: from.domain };
  const rule = (own && tableOf(own).find(refusal)) ?? shippedCauses().find(refusal);
  return rule?.cause ?? 'other';
}

function tableOf(rules: readonly CauseRule[]): CauseTable {
  let table = tables.get(rules);
  // Linear time: no rule of a user, with any reply, may delay the sender.
  if (!table) tables.set(rules, (table = new CauseTable(rules, linearSearch)));
  return table;
}

/**
 * Whether a cause lies with the recipient: the only causes that cost a contact its status under
 * `recipient-only`.
 *
 * @param evidence absent when no server gave the cause
 */
export function liesWithRecipient(cause: Cause, evidence: Evidence | undefined): boolean {
  return faultOf(cause, evidence) === 'recipient';
}

/** A refused attempt; without a reply where DNS refused it. */
interface Refusal {
  reply?: Reply | undefined;
  stage: Stage;
  cause: Cause;
  domain: string;
}

/** Applies the first override of the policy that matches a refused attempt. */
export function overridden(outcome: Outcome, attempt: Refusal, { bounce }: RetryPolicy): Outcome {
  if (outcome !== 'deferred' && outcome !== 'rejected') return outcome;
  return bounce.overrides.find((override) => matches(override, attempt))?.treatAs ?? outcome;
}

function matches(override: PolicyOverride, { reply, stage, cause, domain }: Refusal): boolean {
  return (
    (override.code === undefined || override.code === reply?.code) &&
    (override.enhanced === undefined || (reply && override.enhanced === enhancedOf(reply)) === true) &&
    (override.stage === undefined || override.stage === stage) &&
    (override.cause === undefined || override.cause === cause) &&
    (override.domain === undefined || domainKey(override.domain) === domain)
  );
}
