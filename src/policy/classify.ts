// From what a server said to what it means: the outcome by its code, the cause by rules over enhanced
// code, text and host. The two are independent: 552 and 452 both say "mailbox full", 550 anything.

import { faultOf, type Cause, type Outcome, type Reply, type Stage } from '../events/types.js';
import { CauseTable, linearSearch, type CauseRule } from './cause-rules.js';
import type { PolicyOverride, RetryPolicy } from './retry-policy.js';
import { shippedCauses } from './shipped-causes.js';

/** Where a refusal came from, as far as that is known. */
export interface RefusalOrigin {
  host?: string | undefined;
  /** Domain of the recipient, lower case. */
  domain?: string | undefined;
}

/** Tables of the rules that policies bring with them. */
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
 * Why a server said no, as far as its words tell.
 *
 * @param own rules that are asked before those that ship
 */
export function causeOf(reply: Reply, stage: Stage, from: RefusalOrigin = {}, own?: readonly CauseRule[]): Cause {
  const refusal = { reply, stage, host: from.host, domain: from.domain };
  const rule = (own && tableOf(own).find(refusal)) ?? shippedCauses().find(refusal);
  return rule?.cause ?? 'other';
}

function tableOf(rules: readonly CauseRule[]): CauseTable {
  let table = tables.get(rules);
  // Whoever wrote these, no reply may hold up the sender: linear time.
  if (!table) tables.set(rules, (table = new CauseTable(rules, linearSearch)));
  return table;
}

/**
 * Whether a cause lies with the recipient: the only causes that cost a contact its status under
 * `recipient-only`.
 *
 * @param replied whether a server gave the cause
 */
export function liesWithRecipient(cause: Cause, replied = true): boolean {
  return faultOf(cause, replied) === 'recipient';
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
    (override.enhanced === undefined || override.enhanced === reply?.enhanced) &&
    (override.stage === undefined || override.stage === stage) &&
    (override.cause === undefined || override.cause === cause) &&
    (override.domain === undefined || override.domain.toLowerCase() === domain)
  );
}
