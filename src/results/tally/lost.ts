// Contacts that became `error` in a run, and with whom the cause lies. A block of the sender's address or
// a rate limit does not show that a mailbox is bad, and one 554 greeting can turn a whole domain to
// `error` (rule 13 of docs/semantics.md), so that results show such losses.

import { domainOf } from '../../base/addresses.js';
import { evidenceOf } from '../../events/reply-text.js';
import { faultOf, type Cause, type Evidence, type EventOf } from '../../events/types.js';
import type { LostGroup, LostResult } from '../result.js';

type Attempt = EventOf<'attempt'>;
type Ended = EventOf<'delivery.ended' | 'delivery.returned'>;
type StatusChange = EventOf<'contact.status'>;

/** Groups that a result lists; contacts of the others are only counted. */
const GROUPS_MAX = 20;
/** Characters of a reply that are kept. */
const TEXT_LENGTH_MAX = 200;

/**
 * Whether a cause lies with the sender, its content or a server, and so not with the contact. `network`
 * and `other` do not count: which side is at fault is not known then.
 *
 * @param evidence absent when no server gave the cause
 */
function isNotTheirs(cause: Cause, evidence: Evidence | undefined): boolean {
  const fault = faultOf(cause, evidence);
  return fault === 'sender' || fault === 'content' || fault === 'server';
}

/** Finds the bounce behind each change of a contact to `error`. */
export class LostTally {
  private readonly groups = new Map<string, LostGroup>();
  private attempt: Attempt | undefined;
  private ended: Ended | undefined;
  /** Status of the last bounce message, which comes just before the delivery that it changes. */
  private reported: string | undefined;

  attempted(event: Attempt): void {
    this.attempt = event;
  }

  reportedBy({ status }: EventOf<'bounce.received'>): void {
    this.reported = status;
  }

  bounced(event: Ended): void {
    this.ended = event;
  }

  /** Counts a contact that has become `error` for the mailing of the last bounce before it. */
  lost(event: StatusChange, of: LostResult): void {
    const ended = isAbout(this.ended, event) ? this.ended : undefined;
    // A bounce message comes long after the attempt, and counts as a reply of a server.
    const isReturned = ended?.type === 'delivery.returned';
    const attempt =
      ended?.type === 'delivery.ended' && isAbout(this.attempt, event) ? this.attempt : undefined;
    const cause = ended?.cause ?? 'other';
    const notTheirs = isNotTheirs(
      cause,
      isReturned ? { enhanced: this.reported } : evidenceOf(attempt?.reply),
    );
    of.total++;
    if (notTheirs) of.notTheirs++;
    of.causes[cause] = (of.causes[cause] ?? 0) + 1;
    if (notTheirs) this.group(event, cause, attempt).contacts++;
  }

  /** Groups of contacts whose cause is not theirs, the largest first. */
  largest(): LostGroup[] {
    return [...this.groups.values()].sort((a, b) => b.contacts - a.contacts).slice(0, GROUPS_MAX);
  }

  private group({ address, mailing = '', why }: StatusChange, cause: Cause, attempt?: Attempt): LostGroup {
    const domain = domainOf(address);
    const { stage, reply } = attempt ?? {};
    const key = [mailing, domain, cause, why, stage, reply?.code, reply?.enhanced].join(' ');
    let group = this.groups.get(key);
    if (!group) {
      group = { mailing, domain, cause, why: why as LostGroup['why'], contacts: 0 };
      if (stage !== undefined && reply) {
        group.stage = stage;
        group.said = [reply.code, reply.enhanced, ...reply.lines]
          .filter(Boolean)
          .join(' ')
          .slice(0, TEXT_LENGTH_MAX);
      }
      this.groups.set(key, group);
    }
    return group;
  }
}

function isAbout(
  event: { address: string; mailing: string } | undefined,
  { address, mailing }: StatusChange,
): boolean {
  return event?.address === address && event.mailing === mailing;
}

/** No contact lost. */
export function noneLost(): LostResult {
  return { total: 0, notTheirs: 0, causes: {} };
}

/** Sums over mailings. */
export function sumLost(all: Iterable<LostResult>): LostResult {
  const sum = noneLost();
  for (const { total, notTheirs, causes } of all) {
    sum.total += total;
    sum.notTheirs += notTheirs;
    for (const [cause, count] of Object.entries(causes)) sum.causes[cause] = (sum.causes[cause] ?? 0) + count;
  }
  return sum;
}
