// From what a server said to what it means: the outcome by its code, the cause by enhanced code
// and text. The two are independent: 552 and 452 both say "mailbox full", and 550 says anything.

import type { Cause, Outcome, Reply, Stage } from '../events/types.js';
import type { PolicyOverride, RetryPolicy } from './retry-policy.js';

interface CauseRule {
  cause: Cause;
  /** Enhanced codes without their class: `2.2` matches 4.2.2 and 5.2.2. */
  enhanced?: RegExp;
  text?: RegExp;
  code?: RegExp;
  stage?: RegExp;
}

/**
 * Asked in order, the first that matches wins; within a rule everything given must match. Text
 * comes before enhanced codes where servers are known to reuse a code for something else.
 */
const CAUSE_RULES: readonly CauseRule[] = [
  { cause: 'greylisted', text: /gr[ea]y-?list/i },
  { cause: 'mailbox-full', enhanced: /^2\.2$/ },
  {
    cause: 'mailbox-full',
    text: /over ?-?quota|quota exceeded|(mailbox|inbox) (is )?full|out of storage|insufficient storage|storage allocation/i,
  },
  { cause: 'message-too-big', enhanced: /^(3\.4|2\.3)$/ },
  { cause: 'message-too-big', text: /message (size|too (big|large))|size limit/i },
  {
    cause: 'mailbox-disabled',
    text: /(account|mailbox|user)\b.*\b(disabled|inactive|suspended|deactivated)/i,
  },
  { cause: 'ip-blocklisted', text: /block ?list|black ?list|\brbl\b|spamhaus|ip .*(blocked|reputation)/i },
  // X.7.28 is a flood of mail, among codes that all tell of authentication.
  { cause: 'auth-failure', enhanced: /^7\.(2[0-79]|30)$/ },
  { cause: 'auth-failure', text: /\b(spf|dkim|dmarc)\b/i },
  { cause: 'spam-block', text: /\b(spam|junk|unsolicited|bulk mail)\b/i },
  { cause: 'content-block', enhanced: /^6\.\d+$/ },
  { cause: 'content-block', text: /\b(virus|malware|content)\b/i },
  {
    cause: 'throttled',
    text: /too (many|fast|quickly|much)|rate ?-?limit|throttl|try(ing)? .*(slower|less)/i,
  },
  { cause: 'user-unknown', enhanced: /^1\.(1|10|6|2|3)$/ },
  {
    cause: 'user-unknown',
    text: /user unknown|no such (user|mailbox|recipient)|unknown (user|recipient)|does ?n.t exist|does not exist|invalid recipient/i,
  },
  {
    cause: 'relay-denied',
    text: /relay(ing)? (access )?(is )?(denied|not permitted|prohibited)|unable to relay/i,
  },
  { cause: 'mailbox-disabled', enhanced: /^2\.1$/ },
  { cause: 'throttled', enhanced: /^(7\.28|4\.5|5\.3)$/ },
  { cause: 'server-busy', enhanced: /^(3\.[0-2]|4\.\d+)$/ },
  {
    cause: 'server-busy',
    text: /\bbusy\b|try again|temporar|not available|unavailable|system storage/i,
    code: /^4/,
  },
  { cause: 'protocol-error', enhanced: /^5\.\d+$/ },
  { cause: 'policy', enhanced: /^7\.\d+$/ },
  { cause: 'protocol-error', code: /^50\d$/ },
  { cause: 'server-busy', code: /^421$/ },
  { cause: 'user-unknown', code: /^550$/, stage: /^rcpt$/ },
];

/** What a reply means for the attempt, before any policy override. */
export function outcomeOf(reply: Reply): Outcome {
  const digit = Math.floor(reply.code / 100);
  if (digit === 2) return 'accepted';
  if (digit === 4) return 'deferred';
  if (digit === 5) return 'rejected';
  return 'unreachable';
}

/** Why a server said no, as far as its words tell. */
export function causeOf(reply: Reply, stage: Stage): Cause {
  const text = reply.lines.join(' ');
  const subject = reply.enhanced?.slice(2) ?? '';
  const code = String(reply.code);
  const rule = CAUSE_RULES.find(
    (candidate) =>
      (!candidate.enhanced || candidate.enhanced.test(subject)) &&
      (!candidate.text || candidate.text.test(text)) &&
      (!candidate.code || candidate.code.test(code)) &&
      (!candidate.stage || candidate.stage.test(stage)),
  );
  return rule?.cause ?? 'other';
}

/** Causes that lie with the recipient: the only ones that cost a contact its status under `recipient-only`. */
const RECIPIENT_CAUSES: ReadonlySet<Cause> = new Set(['user-unknown', 'mailbox-full', 'mailbox-disabled']);

export function liesWithRecipient(cause: Cause): boolean {
  return RECIPIENT_CAUSES.has(cause);
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
