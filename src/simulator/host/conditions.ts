// Whether a behavior applies: all of its conditions must hold. And when a host is down as a whole.

import { isIPv6 } from 'node:net';
import type { Random } from '../../base/random.js';
import type { Situation } from '../behaviors/behavior.js';
import type { BehaviorPlan, Conditions, Family } from '../plan.js';

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

/**
 * Whether behaviors, in the order in which they are asked, refuse every connection over a family of addresses. With
 * `chance` each connection is decided by itself, and with a recipient's conditions none is.
 */
export function isDownNow(behaviors: readonly BehaviorPlan[], now: number, family: Family): boolean {
  for (const { at, do: name, when } of behaviors) {
    if (at !== 'dial' || !mayHoldAtDial(when, now, family)) continue;
    return name === 'down' && when.chance === undefined;
  }
  return false;
}

function mayHoldAtDial(when: Conditions, now: number, family: Family): boolean {
  if (when.during && (now < when.during.from || now >= when.during.to)) return false;
  if (when.from !== undefined && now < when.from) return false;
  if (when.until !== undefined && now >= when.until) return false;
  if (when.family !== undefined && when.family !== family) return false;
  return !when.attempts && when.share === undefined;
}

/** Times at which behaviors of the handshake begin or end, ms. */
export function dialTimes(behaviors: readonly BehaviorPlan[]): number[] {
  return behaviors.flatMap(({ at, when: { during, from, until } }) =>
    at === 'dial' ? [during?.from, during?.to, from, until].filter((time) => time !== undefined) : [],
  );
}
