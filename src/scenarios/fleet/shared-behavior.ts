// A behavior of one domain whose hosts receive for others too: it can act only when the recipient is known.

import { RECIPIENT_POINTS, type BehaviorDefinition } from '../../simulator/behaviors/behavior.js';
import type { Point } from '../../simulator/plan.js';
import type { Path } from '../../documents/locate.js';
import { quoted } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';

/** @returns whether the behavior can be one of a single domain; reports it otherwise */
export function servesOneDomain(
  reader: Reader,
  { name, points }: BehaviorDefinition,
  at: Point,
  path: Path,
): boolean {
  const isLimit = name === 'throttle';
  if (!isLimit && RECIPIENT_POINTS.includes(at)) return true;
  const moment = at === 'dial' ? 'the moment of connecting' : `stage \`${at}\``;
  const message = isLimit
    ? '`throttle` cannot hold limits for one domain: they belong to the hosts, which other domains share'
    : `${quoted(name)} cannot act at ${moment} for one domain: other domains share its hosts, and the recipient is not known yet`;
  const move = 'put it under `behaviors` of the site or of the host';
  const hint = !isLimit && points.includes('rcpt') ? `give it \`stage: rcpt\`, or ${move}` : move;
  reader.problem(path, message, { hint });
  return false;
}
