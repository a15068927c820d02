// Whether a behavior applies: its conditions, each of which must hold.

import type { Random } from '../../base/random.js';
import type { Situation } from '../behaviors/behavior.js';
import type { Conditions } from '../plan.js';

/**
 * @param label names this behavior among those of its host, so that two behaviors with the same
 *   chance do not fall on the same attempts
 */
export function holds(when: Conditions, situation: Situation, random: Random, label: string): boolean {
  const { now, domain, host, recipient, attempt } = situation;
  if (when.during && (now < when.during.from || now >= when.during.to)) return false;
  if (when.from !== undefined && now < when.from) return false;
  if (when.until !== undefined && now >= when.until) return false;
  // Of a behavior that acts at every stage: before the recipient is known, nobody is among the chosen.
  if (recipient === '' && (when.attempts || when.share !== undefined)) return false;
  if (when.attempts && (attempt < when.attempts.from || attempt > when.attempts.to)) return false;
  // Whoever is among the chosen is so at every host of the domain.
  if (when.share !== undefined && random.fraction('share', domain, label, recipient) >= when.share)
    return false;
  if (when.chance !== undefined && random.fraction('chance', host, label, recipient, attempt) >= when.chance)
    return false;
  return true;
}
