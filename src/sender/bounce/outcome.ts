// The outcome that a delivery report has for the delivery of its return path (rule 11). Its status field
// decides; a report without the necessary fields is ignored.

import { domainOf } from '../../base/addresses.js';
import { enhancedOf, splitEnhanced } from '../../events/reply-text.js';
import type { BouncedState, Cause, Evidence, Reply } from '../../events/types.js';
import { causeOf, overridden } from '../../policy/classify.js';
import type { RetryPolicy } from '../../policy/retry-policy.js';
import type { RecipientStatus } from './delivery-status.js';
import { isReported } from './reported-address.js';

/** `reported`: status code and action that the report gives for the contact. `ignored`: the reason. */
type BounceOutcome = { reported: { status?: string; action?: string } } & (
  { state: BouncedState; cause: Cause; evidence: Evidence; why: string } | { ignored: string }
);

/**
 * @param address key of the contact that the return path names
 * @param policy its overrides apply; `treatAs: deferred` means a soft bounce here
 */
export function bounceOutcome(
  recipients: readonly RecipientStatus[],
  address: string,
  policy: RetryPolicy,
): BounceOutcome {
  const about = entryAbout(recipients, address);
  if (!about) return { reported: {}, ignored: 'it is about another address' };
  const { action, diagnostic } = about;
  const reply = replyOf(about);
  const reported = {
    ...(reply?.enhanced === undefined ? {} : { status: reply.enhanced }),
    ...(action === undefined ? {} : { action }),
  };
  if (action !== 'failed')
    return { reported, ignored: action === undefined ? 'it gives no action' : `its action is ${action}` };
  if (!reply) return { reported, ignored: 'it gives no status' };
  const domain = domainOf(address);
  const cause = causeOf(reply, 'message', { domain }, policy.causes);
  const outcome = overridden(
    reply.code >= 500 ? 'rejected' : 'deferred',
    { reply, stage: 'message', cause, domain },
    policy,
  );
  return {
    reported,
    state: outcome === 'rejected' ? 'hard-bounced' : 'soft-bounced',
    cause,
    // What `bounce.received` has: the invariants come to the same result from the events.
    evidence: { enhanced: reported.status },
    why: `bounce message: ${diagnostic ?? reply.enhanced ?? reply.code}`,
  };
}

/** The gravest entry about the contact: its mail may have been forwarded to several mailboxes. */
function entryAbout(recipients: readonly RecipientStatus[], address: string): RecipientStatus | undefined {
  return recipients
    .filter((recipient) => isAbout(recipient, address, recipients.length))
    .sort((a, b) => gravity(b) - gravity(a))[0];
}

/**
 * The original recipient, where given, must be the contact. The final recipient may differ when mail was
 * forwarded, provided that the report has one recipient only.
 */
function isAbout(
  { originalRecipient, finalRecipient }: RecipientStatus,
  address: string,
  of: number,
): boolean {
  if (originalRecipient !== undefined) return isReported(originalRecipient, address);
  return of === 1 || (finalRecipient !== undefined && isReported(finalRecipient, address));
}

function gravity(recipient: RecipientStatus): number {
  return recipient.action === 'failed' ? (replyOf(recipient)?.code ?? 1) : 0;
}

/** The entry as an SMTP reply; undefined when neither status nor diagnostic has a 4xx or 5xx code. */
function replyOf({ status, diagnostic = '' }: RecipientStatus): Reply | undefined {
  const said = saidIn(diagnostic);
  const known = status ?? (said && enhancedOf(said));
  const digit = (known ?? String(said?.code))[0];
  if (digit !== '4' && digit !== '5') return undefined;
  // A code of another class in the diagnostic comes from an earlier attempt.
  const fits = said && String(said.code).startsWith(digit);
  return {
    code: fits ? said.code : Number(`${digit}50`),
    ...(known === undefined ? {} : { enhanced: known }),
    lines: said?.lines ?? [diagnostic],
  };
}

/** The reply that a diagnostic quotes: `550-5.1.1 No such user 550 5.1.1 here`, its lines in one. */
function saidIn(diagnostic: string): Reply | undefined {
  const code = /^[45]\d\d(?=[ -])/.exec(diagnostic)?.[0];
  if (code === undefined) return undefined;
  const text = diagnostic.slice(3).replace(/^[ -]+/, '');
  const lines = diagnostic[3] === '-' ? text.split(new RegExp(` ${code}[ -]`)) : [text];
  return splitEnhanced(Number(code), lines);
}
