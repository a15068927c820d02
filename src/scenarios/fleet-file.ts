// Loads only the fleet: of a scenario file, or of a file that is no whole scenario. `bouncelab serve` needs no
// more.

import { dirname, resolve } from 'node:path';
import { loadScenario, type LoadOptions } from './load.js';
import { readFleet } from './fleet/fleet.js';
import type { ScenarioPlan } from './plan.js';
import { arrangeProblems, type Problem } from '../documents/problems.js';
import { Reader } from '../documents/reader.js';
import { displayPath, readSource } from '../documents/source-file.js';
import { parseYaml } from '../documents/yaml-file.js';

/** A fleet, the events that change it, and the seed of its random draws. */
export type FleetPlan = Pick<ScenarioPlan, 'fleet' | 'sites' | 'events' | 'seed'>;

type FleetFile =
  { plan: FleetPlan; problems?: undefined } | { plan?: undefined; problems: Problem[]; source: string };

/** @param path relative to `options.cwd` */
export function loadFleet(path: string, options: LoadOptions): FleetFile {
  const absolute = resolve(options.cwd, path);
  const text = readSource(absolute);
  const yaml = 'text' in text ? parseYaml(displayPath(absolute, options.cwd), text.text) : undefined;
  if (!yaml || !holdsFleet(yaml.value)) return loadScenario(path, options);
  const { fleet: _fleet, sites: _sites, ...others } = yaml.value;
  if (Object.keys(others).length > 0) {
    const loaded = loadScenario(path, options);
    // Without `events` nothing else of a scenario matters to its servers.
    if (loaded.plan || 'events' in others) return loaded;
  }
  const reader = new Reader(yaml);
  const fleet = reader.reading(() => readFleet(reader, { scenario: dirname(absolute), cwd: options.cwd }));
  const problems = arrangeProblems([...yaml.problems, ...reader.problems]);
  if (!fleet || problems.length > 0) return { problems, source: 'text' in text ? text.text : '' };
  const plan = { fleet: Object.fromEntries(fleet.domains), sites: Object.fromEntries(fleet.sites) };
  return { plan: { ...plan, events: [], seed: options.seed ?? '1' } };
}

function holdsFleet(value: unknown): value is { fleet: unknown; sites?: unknown } {
  return typeof value === 'object' && value !== null && 'fleet' in value;
}
