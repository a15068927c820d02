// Draws the MX hosts of an experiment, with the families of their addresses.

import type { DrawnPlace } from './acting.js';
import type { Behaviors } from './behaviors.js';
import type { Data } from './document.js';
import type { Draw } from './draw.js';
import type { DrawnPeople } from './people.js';

export type Mapping = { [key: string]: Data };

/** What the receiving side of an experiment is drawn from. */
export interface FleetContext {
  draw: Draw;
  /** Names of the faults that are enabled. */
  faults: ReadonlySet<string>;
  behaviors: Behaviors;
  people: DrawnPeople;
  /** Hour by which all faults have ended. */
  hours: number;
}

/** Something whose behaviors an event can change. */
export interface Subject {
  name: string;
  place: DrawnPlace;
}

/**
 * One host of a domain or of a site.
 *
 * @param mayLack it may have no address, since another host of its domain has one for the mail after the faults
 */
export function drawHost({ draw, faults, behaviors }: FleetContext, name: string, mayLack: boolean): Mapping {
  const preference = draw.one([10, 10, 20]);
  if (mayLack && draw.chance(0.1)) return { name, preference, address: 'none' };
  const families = faults.has('families') ? draw.maybe(0.7, () => ({ address: drawFamilies(draw) })) : {};
  const host = {
    name,
    preference,
    ...families,
    ...(faults.has('relay') ? draw.maybe(0.3, () => ({ relay: draw.chance(0.5) })) : {}),
  };
  return { ...host, ...behaviors.of('host', hasBothFamilies(host)) };
}

function drawFamilies(draw: Draw): Data {
  return draw.one([['v4', 'v6'], ['v4', 'v6'], ['v6'], ['v4']]);
}

/** Whether a drawn host has an A and an AAAA record. */
export function hasBothFamilies(host: Mapping): boolean {
  return Array.isArray(host['address']) && host['address'].length === 2;
}
