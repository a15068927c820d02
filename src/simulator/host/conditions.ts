// Whether a behavior applies: all of its conditions must hold.

import { isIPv6 } from 'node:net';
import type { Random } from '../../base/random.js';
import type { Situation } from '../behaviors/behavior.js';
import type { Conditions } from '../plan.js';

/**
 * @param label distinguishes this behavior from the others of its host, so that two behaviors with the
 *   same chance are drawn independently
 */
export function holds(when: Conditions, situation: Situation, random: Random, label: string): boolean {
  const { now, domain, host, recipient, attempt } = situation;
  if (when.during && (now < when.during.from || now >= when.during.to)) return false;
  if (when.from !== undefined && now < when.from) return false;
  if (when.until !== undefined && now >= when.until) return false;
  if (when.family !== undefined && isIPv6(situation.client) !== (when.family === 'v6')) return false;
  // A behavior for some recipients that acts at every stage does not act before the recipient is known.
  if (recipient === '' && (when.attempts || when.share !== undefined)) return false;
  if (when.attempts && (attempt < when.attempts.from || attempt > when.attempts.to)) return false;
  // Drawn by domain, not by host: a recipient gets the same draw at every host of the domain.
  if (when.share !== undefined && random.fraction('share', domain, label, recipient) >= when.share)
    return false;
  if (when.chance !== undefined && random.fraction('chance', host, label, recipient, attempt) >= when.chance)
    return false;
  return true;
}
