// Checks contacts whose address names a behavior (bob+busy-x2@...), on domains with `shorthand: true`. A
// tag that names no behavior is reported, since it is most likely a typing error.

import { addressKey, domainOf, localPartOf, mailboxName } from '../../base/addresses.js';
import type { Location } from '../../base/errors.js';
import { readShorthand } from '../../simulator/behaviors/shorthand.js';
import type { Audience } from './audience.js';
import type { Fleet } from '../fleet/fleet.js';
import { nameHint, quoted, type Problem } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';

/** Reports contacts of the audience whose address names no known behavior; once for each generating entry. */
export function checkShorthandOf(reader: Reader, audience: Audience, fleet: Fleet): void {
  if (![...fleet.domains.values()].some(({ shorthand }) => shorthand)) return;
  const reported = new Set<Location>();
  for (const { address } of audience.contacts) {
    const origin = audience.origin(address)!;
    if (reported.has(origin)) continue;
    const problem = misread(address, origin, fleet);
    if (!problem) continue;
    reported.add(origin);
    reader.foreign(problem);
  }
}

/** @returns the problem of an address that should name a behavior and does not */
export function misread(address: string, location: Location, fleet: Fleet): Problem | undefined {
  const plan = fleet.planOf(domainOf(address));
  const localPart = mailboxName(localPartOf(addressKey(address)));
  if (!plan?.shorthand || fleet.hasMailbox(plan, localPart)) return undefined;
  const read = readShorthand(localPart, plan.profile);
  if (!read || !('message' in read)) return undefined;
  const { message, word, names, hint } = read;
  return {
    message: `the address ${quoted(address)} does not name its behavior: ${message}`,
    hint: hint ?? nameHint(word!, names!(), 'known here'),
    location,
  };
}
