// From what a delivery report says to what it means for the one delivery that it came back for:
// the status field decides (rule 11), and nothing is read into a report that does not say it.

import type { BouncedState, Cause, Reply } from '../../events/types.js';
import { causeOf, overridden } from '../../policy/classify.js';
import type { RetryPolicy } from '../../policy/retry-policy.js';
import type { RecipientStatus } from './delivery-status.js';

/** `said`: status code and action that the report gives for the contact. */
export type BounceVerdict = { said: { status?: string; action?: string } } & (
  { state: BouncedState; cause: Cause; why: string } | { ignored: string }
);

/**
 * @param address the contact that the return path names, by its key
 * @param policy its overrides apply: to be treated as deferred means a soft bounce here
 */
export function judge(
  recipients: readonly RecipientStatus[],
  address: string,
  policy: RetryPolicy,
): BounceVerdict {
  const about = entryAbout(recipients, address);
  if (!about) return { said: {}, ignored: 'it is about another address' };
  const { action, diagnostic } = about;
  const reply = replyOf(about);
  const said = {
    ...(reply?.enhanced === undefined ? {} : { status: reply.enhanced }),
    ...(action === undefined ? {} : { action }),
  };
  if (action !== 'failed')
    return { said, ignored: action === undefined ? 'it gives no action' : `its action is ${action}` };
  if (!reply) return { said, ignored: 'it gives no status' };
  const domain = address.slice(address.lastIndexOf('@') + 1);
  const cause = causeOf(reply, 'message', { domain }, policy.causes);
  const outcome = overridden(
    reply.code >= 500 ? 'rejected' : 'deferred',
    { reply, stage: 'message', cause, domain },
    policy,
  );
  return {
    said,
    state: outcome === 'rejected' ? 'hard-bounced' : 'soft-bounced',
    cause,
    why: `bounce message: ${diagnostic ?? reply.enhanced ?? reply.code}`,
  };
}

/** Of several entries about the contact the gravest: its mail may have gone on to several mailboxes. */
function entryAbout(recipients: readonly RecipientStatus[], address: string): RecipientStatus | undefined {
  return recipients
    .filter((recipient) => isAbout(recipient, address, recipients.length))
    .sort((a, b) => gravity(b) - gravity(a))[0];
}

/**
 * An address that the report itself calls the original one must be the contact's. The final one
 * may differ where mail was forwarded, if the report is about nobody else.
 */
function isAbout(
  { originalRecipient, finalRecipient }: RecipientStatus,
  address: string,
  of: number,
): boolean {
  if (originalRecipient !== undefined) return originalRecipient === address;
  return finalRecipient === address || of === 1;
}

function gravity(recipient: RecipientStatus): number {
  return recipient.action === 'failed' ? (replyOf(recipient)?.code ?? 1) : 0;
}

/** The report in the form of a reply; undefined when it says neither 4 nor 5. */
function replyOf({ status, diagnostic = '' }: RecipientStatus): Reply | undefined {
  const [, code, , enhanced] = /^([45]\d\d)([ -]+([45]\.\d{1,3}\.\d{1,3})\b)?/.exec(diagnostic) ?? [];
  const known = status ?? enhanced;
  const digit = (known ?? code)?.[0];
  if (digit !== '4' && digit !== '5') return undefined;
  // The status field decides; a code of another class in the diagnostic is of an earlier attempt.
  const fits = code?.[0] === digit;
  return {
    code: fits ? Number(code) : Number(`${digit}50`),
    ...(known === undefined ? {} : { enhanced: known }),
    lines: [diagnostic],
  };
}
