// Loads only the fleet: of a scenario file, or of a file that is no whole scenario. `bouncelab serve` needs no
// more.

import { dirname, resolve } from 'node:path';
import { loadScenarioText, type LoadOptions } from './load.js';
import { readFleet } from './fleet/fleet.js';
import { refuseIdle } from './fleet/other-lists.js';
import type { ScenarioPlan } from './plan.js';
import { readChange, type ChangePlan } from './read/events.js';
import { arrangeProblems, type Problem } from '../documents/problems.js';
import { Reader } from '../documents/reader.js';
import { displayPath, readSource } from '../documents/source-file.js';
import { parseYaml, wholeFileProblem } from '../documents/yaml-file.js';

/** A fleet, the events that change it, and the seed of its random draws. */
export type FleetPlan = Pick<ScenarioPlan, 'fleet' | 'sites' | 'events' | 'seed'>;

type FleetFile =
  { plan: FleetPlan; problems?: undefined } | { plan?: undefined; problems: Problem[]; source: string };

/** @param path relative to `options.cwd` */
export function loadFleet(path: string, options: LoadOptions): FleetFile {
  const absolute = resolve(options.cwd, path);
  const read = readSource(absolute);
  if ('text' in read) return loadFleetText(path, read.text, options);
  return { problems: [wholeFileProblem(displayPath(absolute, options.cwd), read)], source: '' };
}

/** @param path of its file, relative to `options.cwd`; the file need not exist */
export function loadFleetText(path: string, source: string, options: LoadOptions): FleetFile {
  const absolute = resolve(options.cwd, path);
  const yaml = parseYaml(displayPath(absolute, options.cwd), source);
  if (!holdsFleet(yaml.value)) return loadScenarioText(path, source, options);
  const { fleet: _fleet, sites: _sites, ...others } = yaml.value;
  if (Object.keys(others).length > 0) {
    const loaded = loadScenarioText(path, source, options);
    // Without `events` nothing else of a scenario matters to its servers.
    if (loaded.plan || 'events' in others) return loaded;
  }
  const reader = new Reader(yaml);
  const fleet = reader.reading(() => {
    const read = readFleet(reader, { scenario: dirname(absolute), cwd: options.cwd });
    refuseIdle(reader, read, []);
    return read;
  });
  const problems = arrangeProblems([...yaml.problems, ...reader.problems]);
  if (!fleet || problems.length > 0) return { problems, source };
  const plan = { fleet: Object.fromEntries(fleet.domains), sites: Object.fromEntries(fleet.sites) };
  return { plan: { ...plan, events: [], seed: options.seed ?? '1' } };
}

/** A change of a fleet while it is served, as YAML, and the YAML of the fleet. */
interface Change {
  /** Absolute path and text of the file that contains the fleet. */
  path: string;
  source: string;
  /** An `events` list with one event `set`. */
  text: string;
  cwd: string;
}

/** Reads a change of behaviors that a program asks for, as the event `set` of a scenario is read. */
export function loadChange({
  path,
  source,
  text,
  cwd,
}: Change): { plan: ChangePlan } | { problems: Problem[] } {
  const fleet = readFleet(new Reader(parseYaml('', source)), { scenario: dirname(path), cwd });
  const yaml = parseYaml('change.yaml', text);
  const reader = new Reader(yaml);
  const plan = readChange(reader, ['events', 0], fleet);
  const problems = arrangeProblems([...yaml.problems, ...reader.problems]);
  return plan && problems.length === 0 ? { plan } : { problems };
}

function holdsFleet(value: unknown): value is { fleet?: unknown; sites?: unknown } {
  return typeof value === 'object' && value !== null && ('fleet' in value || 'sites' in value);
}
