// Contacts whose address names its behavior, on domains with `shorthand: true`. In a scenario what is
// not understood is a mistake: nobody writes `+` there for nothing.

import type { Location } from '../../base/errors.js';
import { readShorthand } from '../../simulator/behaviors/shorthand.js';
import { wildcard } from '../../base/wildcard.js';
import type { Audience, Origin } from './audience.js';
import type { Fleet } from '../fleet/fleet.js';
import { nameHint, quoted, type Problem } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';

/** Tells of contacts of the audience whose address is not understood; once for each entry that generates them. */
export function checkShorthandOf(reader: Reader, audience: Audience, fleet: Fleet): void {
  if (![...fleet.domains.values()].some(({ shorthand }) => shorthand)) return;
  const told = new Set<Origin>();
  for (const { address } of audience.contacts) {
    const origin = audience.origin(address)!;
    if (told.has(origin)) continue;
    const problem = misread(address, origin.location, fleet);
    if (!problem) continue;
    told.add(origin);
    reader.foreign(origin.source === undefined ? problem : { ...problem, source: origin.source });
  }
}

/** @returns what is not understood of an address that should name its behavior */
export function misread(address: string, location: Location, fleet: Fleet): Problem | undefined {
  const at = address.lastIndexOf('@');
  const plan = fleet.planOf(address.slice(at + 1));
  const localPart = address.slice(0, at).toLowerCase();
  if (!plan?.shorthand || plan.mailboxes.some(({ pattern }) => wildcard(pattern)(localPart)))
    return undefined;
  const read = readShorthand(localPart, plan.profile);
  if (!read || !('message' in read)) return undefined;
  const { message, word, names, hint } = read;
  return {
    message: `the address ${quoted(address)} does not name its behavior: ${message}`,
    hint: hint ?? nameHint(word!, names!(), 'known here'),
    location,
  };
}
