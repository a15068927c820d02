// How one reply is read (`replies --explain`): its outcome, its cause and the rule that found it, and the
// consequences under each policy. They come from the functions that decide during a run.

import { BouncelabError } from '../../base/errors.js';
import { formatDuration } from '../../base/units.js';
import { quoted } from '../../documents/problems.js';
import { enhancedOf, evidenceOf } from '../../events/reply-text.js';
import { faultOf, type Cause, type Outcome, type Party, type Reply, type Stage } from '../../events/types.js';
import {
  CauseTable,
  linearSearch,
  matchingPattern,
  type CauseRule,
  type Refusal,
} from '../../policy/cause-rules.js';
import { liesWithRecipient, outcomeOf, overridden, type RefusalOrigin } from '../../policy/classify.js';
import { listPolicies, loadPolicy } from '../../policy/policy-file.js';
import type { RetryPolicy } from '../../policy/retry-policy.js';
import { originOfShipped, shippedCauses, type RuleOrigin } from '../../policy/shipped-causes.js';
import { timetable } from '../../policy/timetable.js';
import { parseReply } from '../../sender/smtp/reply.js';

/** A rule and what of the reply it matched: a shipped one, or one of a file, by its number there. */
type ReadingRule = (RuleOrigin | OwnOrigin) & {
  rule: CauseRule;
  /** The pattern that is found in the text, for a rule with patterns. */
  pattern?: string;
};

interface OwnOrigin {
  /** Path as the user gave it. */
  file: string;
  /** From 1. */
  number: number;
}

/** Rules and policies that a user gives instead of the shipped ones, or before them. */
export interface Chosen {
  /** Rules that come before the shipped ones, in their order, and where they are written. */
  own: { file: string; rules: readonly CauseRule[] }[];
  /** The only policy to show; absent for the shipped ones. */
  policy?: { name: string; policy: RetryPolicy };
}

/** What a policy does with the reply. */
interface Consequence {
  policy: string;
  outcome: Outcome;
  /** Status of the contact when the delivery has ended, one that was active and had no bounce before. */
  contact: 'active' | 'error';
  /** Attempts of a delivery that always gets this reply. */
  attempts: number;
  /** When the delivery ends, ms from its first attempt. */
  endsAtMs: number;
  text: string;
}

export interface Reading {
  reply: Reply;
  stage: Stage;
  enhanced?: string;
  outcome: Outcome;
  cause: Cause;
  liesWith: Party;
  rule?: ReadingRule;
  policies: Consequence[];
  /** The policies are the shipped ones. */
  isShipped: boolean;
}

/**
 * Parses a reply as a person writes it: `\n` stands for a line break.
 *
 * @throws BouncelabError E_USAGE when it is not a reply, or refuses nothing
 */
export function parseRefusal(text: string): Reply {
  const reply = parseReply(text.replaceAll('\\n', '\n').trim());
  if (!reply) {
    throw new BouncelabError('E_USAGE', `${quoted(text)} is not an SMTP reply`, {
      hint: "a reply begins with its code: '550 5.1.1 User unknown'; \\n separates the lines of a longer one",
    });
  }
  if (reply.code < 400) {
    throw new BouncelabError('E_USAGE', `a ${reply.code} refuses nothing, so that it has no cause`, {
      hint: 'replies with a code from 400 to 599 are refusals',
    });
  }
  return reply;
}

export function readingOf(reply: Reply, stage: Stage, from: RefusalOrigin, chosen: Chosen): Reading {
  const rule = ruleOf({ reply, stage, ...from }, chosen);
  const cause = rule?.rule.cause ?? 'other';
  const enhanced = enhancedOf(reply);
  return {
    reply,
    stage,
    ...(enhanced === undefined ? {} : { enhanced }),
    outcome: outcomeOf(reply),
    cause,
    liesWith: faultOf(cause, evidenceOf(reply)),
    ...(rule && { rule }),
    policies: (chosen.policy ? [chosen.policy] : shippedPolicies()).map(({ name, policy }) =>
      consequence(name, policy, { reply, stage, cause, domain: from.domain ?? '' }),
    ),
    isShipped: !chosen.policy,
  };
}

/** The first rule that matches: one of the user's own, and otherwise a shipped one. */
function ruleOf(refusal: Refusal, { own }: Chosen): ReadingRule | undefined {
  for (const { file, rules } of own) {
    const table = new CauseTable(rules, linearSearch);
    const rule = table.find(refusal);
    if (rule) return { rule, file, number: table.indexOf(rule) + 1, ...patternOf(rule, refusal.reply) };
  }
  const shipped = shippedCauses();
  const rule = shipped.find(refusal);
  return rule && { rule, ...originOfShipped(shipped.indexOf(rule)), ...patternOf(rule, refusal.reply) };
}

function patternOf(rule: CauseRule, reply: Reply): { pattern?: string } {
  const pattern = matchingPattern(rule, reply);
  return pattern === undefined ? {} : { pattern };
}

function shippedPolicies(): { name: string; policy: RetryPolicy }[] {
  return listPolicies().map((name) => {
    const loaded = loadPolicy(name, '.', '.');
    if (!loaded || !('policy' in loaded))
      throw new BouncelabError('E_HARNESS', `the shipped policy ${name} cannot be read`);
    return { name, policy: loaded.policy };
  });
}

type Refused = Parameters<typeof overridden>[1] & { reply: Reply };

function consequence(name: string, policy: RetryPolicy, refused: Refused): Consequence {
  const { stage, cause, reply } = refused;
  const outcome = overridden(outcomeOf(reply), refused, policy);
  if (outcome === 'rejected') {
    const contact =
      policy.bounce.hard === 'recipient-only' && !liesWithRecipient(cause, evidenceOf(reply))
        ? 'active'
        : 'error';
    const text = `hard bounce at once; the contact ${contact === 'error' ? 'becomes error' : 'stays active'}`;
    return { policy: name, outcome, contact, attempts: 1, endsAtMs: 0, text };
  }
  const { attempts } = timetable(policy, stage === 'connect' ? 'greeting' : 'answered');
  const endsAtMs = attempts.at(-1)!;
  const contact = policy.bounce.softBouncesToError === 1 ? 'error' : 'active';
  const text = `tried again, ${attempts.length} attempts at most; soft bounce at ${formatDuration(endsAtMs)}${suspension(policy, refused)}`;
  return { policy: name, outcome, contact, attempts: attempts.length, endsAtMs, text };
}

/** Stages at which a 4xx suspends the host: no message has been begun. */
const BEFORE_MAIL: readonly Stage[] = ['connect', 'ehlo', 'starttls'];

function suspension({ destination }: RetryPolicy, { stage, cause }: Refused): string {
  const suspends = cause === 'throttled' || BEFORE_MAIL.includes(stage);
  if (!suspends || !destination || destination.suspendMs === 0) return '';
  return `; the host is suspended for ${formatDuration(destination.suspendMs)}`;
}
