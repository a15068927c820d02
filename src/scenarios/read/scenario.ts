// Reads a whole scenario: each part separately, then the references between them.

import { z } from 'zod';
import { domainOf } from '../../base/addresses.js';
import { basename, dirname } from 'node:path';
import { seedFromText } from '../../base/random.js';
import type { Audience } from './audience.js';
import { readAudience, unknownAudience } from './audience.js';
import { readAudienceFiles } from './audience-files.js';
import { notServed, notServedHint, readEvents } from './events.js';
import { readExpectations } from './expectations.js';
import type { Fleet } from '../fleet/fleet.js';
import { readFleet } from '../fleet/fleet.js';
import { refuseIdle } from '../fleet/other-lists.js';
import { checkMergeFields } from './merge-fields.js';
import { checkRecipients, checkSeries, readMailings } from './mailings.js';
import { People } from './people.js';
import { checkShorthandOf } from './shorthand.js';
import type { ScenarioPlan } from '../plan.js';
import { counted } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';
import { fleetSchema } from '../schema/fleet.js';
import { scenarioSchema } from '../schema/scenario.js';

const TOP = scenarioSchema.shape;

/** A plan without its policy, which the file may only name and the command line may replace. */
type ScenarioBody = Omit<ScenarioPlan, 'policy'>;

interface ReadScenario {
  /** Undefined when some part could not be read. */
  body: ScenarioBody | undefined;
  audience: Audience;
}

/**
 * Reads a scenario whose top level is a mapping. Problems are collected by the reader.
 *
 * @param path absolute path of the file
 */
export function readScenario(
  reader: Reader,
  path: string,
  { cwd, withoutAudience = false }: { cwd: string; withoutAudience?: boolean | undefined },
): ReadScenario {
  reader.object(scenarioSchema, []);
  if (reader.get(['sites']) === undefined)
    reader.readRequired(z.unknown(), ['fleet'], fleetSchema.description ?? 'the receiving servers');
  const name = reader.readGiven(TOP.name, ['name']);
  const description = reader.read(TOP.description, ['description']);
  const tags = reader.read(TOP.tags, ['tags']);
  const seed = reader.read(TOP.seed, ['seed']);
  const wire = reader.read(TOP.wire, ['wire']);
  const store = reader.read(TOP.store, ['store']);
  const network = reader.read(TOP.network, ['network']);

  const fleet = readFleet(reader, { scenario: dirname(path), cwd });
  const audience = withoutAudience ? unknownAudience() : readAudience(reader);
  if (!withoutAudience) readAudienceFiles(reader, audience, { folder: dirname(path), cwd });
  const people = new People(audience);
  const mailings = readMailings(reader);
  const events = readEvents(reader, fleet, people);
  refuseIdle(reader, fleet, events);
  checkRecipients(reader, people);
  checkSeries(reader, mailings, people);
  checkMergeFields(reader, audience);
  checkServers(reader, audience, fleet);
  checkShorthandOf(reader, audience, fleet);
  if (people.isEmpty) {
    reader.problem(['audience'], 'the audience is empty, and no event adds a contact', {
      on: 'key',
      hint: 'write `contacts: [bob@example.org]`',
    });
  }
  const expectations = readExpectations(reader, { fleet, people, mailings });

  if (
    reader.failed ||
    name === undefined ||
    description === undefined ||
    !tags ||
    !wire ||
    !store ||
    !network
  )
    return { body: undefined, audience };
  const body: ScenarioBody = {
    file: reader.file,
    name,
    description,
    tags,
    seed: seed === undefined ? seedFromText(basename(path).replace(/\.ya?ml$/i, '')) : String(seed),
    wire,
    store,
    network: { latencyMs: network.latency },
    fleet: Object.fromEntries(fleet.domains),
    ...(fleet.sites.size > 0 ? { sites: Object.fromEntries(fleet.sites) } : {}),
    contacts: audience.contacts,
    ...(audience.suppressed.size > 0 ? { suppressed: [...audience.suppressed] } : {}),
    mailings: mailings.plans,
    events,
    expectations,
  };
  return { body, audience };
}

/** Reports each domain of the audience that no server receives for. */
function checkServers(reader: Reader, audience: Audience, fleet: Fleet): void {
  if ((reader.get(['fleet']) ?? reader.get(['sites'])) === undefined || !reader.intact) return;
  for (const [key, { count, origin, address }] of audience.domains()) {
    if (fleet.serves(key)) continue;
    if (reader.isFull) return;
    const domain = domainOf(address).toLowerCase();
    const others = count > 1 ? ` (${address} and ${counted(count - 1, 'other contact')})` : '';
    reader.foreign({
      message: `${notServed(domain)}${others}`,
      hint: notServedHint(domain, fleet),
      location: origin,
    });
  }
}
