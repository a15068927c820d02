// Contacts that a run has cost their active status, and whose cause that was. A block of our address
// or a limit that was passed says nothing of the people behind it; a greeting of 554 can cost a whole
// domain, and that must not be found by chance (rule 13 of docs/semantics.md).

import { domainOf } from '../../base/addresses.js';
import { faultOf, type Cause, type EventOf } from '../../events/types.js';
import type { LostGroup, LostResult } from '../result.js';

type Attempt = EventOf<'attempt'>;
type Ended = EventOf<'delivery.ended' | 'delivery.returned'>;
type StatusChange = EventOf<'contact.status'>;

/** Groups that a result names; the others are in its figures alone. */
const GROUPS_MAX = 20;
/** So much of a reply is kept to show what was said. */
const TEXT_LENGTH_MAX = 200;

/**
 * Whether a cause lies with the sender, its content or a server, and so not with the contact. `network`
 * and `other` do not count: which side is at fault is not known then.
 *
 * @param replied whether a server gave the cause
 */
function isNotTheirs(cause: Cause, replied: boolean): boolean {
  const fault = faultOf(cause, replied);
  return fault === 'sender' || fault === 'content' || fault === 'server';
}

/** Follows bounces to the changes of status that come of them. */
export class LostTally {
  private readonly groups = new Map<string, LostGroup>();
  private attempt: Attempt | undefined;
  private ended: Ended | undefined;

  attempted(event: Attempt): void {
    this.attempt = event;
  }

  bounced(event: Ended): void {
    this.ended = event;
  }

  /** A contact has become `error`: it is counted for the mailing whose bounce came last before it. */
  lost(event: StatusChange, of: LostResult): void {
    const ended = isAbout(this.ended, event) ? this.ended : undefined;
    // A bounce message comes long after the attempt, and is a server's word too.
    const attempt =
      ended?.type === 'delivery.ended' && isAbout(this.attempt, event) ? this.attempt : undefined;
    const cause = ended?.cause ?? 'other';
    const notTheirs = isNotTheirs(cause, ended?.type === 'delivery.returned' || attempt?.reply !== undefined);
    of.total++;
    if (notTheirs) of.notTheirs++;
    of.causes[cause] = (of.causes[cause] ?? 0) + 1;
    if (notTheirs) this.group(event, cause, attempt).contacts++;
  }

  /** Those not lost by a cause of their own, by what was said to them; the largest groups first. */
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

/** Nobody lost yet. */
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
