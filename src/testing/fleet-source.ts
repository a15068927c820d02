// What a fleet is made from, and how a program changes it while it runs: by the words of a scenario.

import { existsSync } from 'node:fs';
import { stringify } from 'yaml';
import { BouncelabError } from '../base/errors.js';
import { quoted } from '../documents/problems.js';
import { displayPath, readSource } from '../documents/source-file.js';
import { loadChange, loadFleetText, type FleetPlan } from '../scenarios/fleet-file.js';
import type { BehaviorPlan } from '../simulator/plan.js';
import { InvalidInputError, resolveInput, type Input, type InputOptions } from './input.js';

/** A fleet as it was written. */
export interface FleetSource {
  plan: FleetPlan;
  /** Absolute path. */
  path: string;
  source: string;
  cwd: string;
}

/** Servers that accept everything. */
const EVERYTHING = { fleet: { default: {} } };

/**
 * @throws InvalidInputError with all problems
 * @throws BouncelabError E_NOT_FOUND when there is no such file, E_USAGE for what is no input
 */
export function fleetPlanOf(
  input: Input = EVERYTHING,
  options: InputOptions & { seed?: string | number },
): FleetSource {
  const { cwd, path, text } = resolveInput(input, options, 'fleet');
  const name = displayPath(path, cwd);
  if (text === undefined && !existsSync(path))
    throw new BouncelabError('E_NOT_FOUND', `there is no file ${quoted(name)}`);
  const read = text === undefined ? readSource(path) : { text };
  if (!('text' in read)) throw new BouncelabError('E_SCENARIO', `${name}: ${read.message}`);
  const { seed } = options;
  const settings = { cwd, seed: seed === undefined ? undefined : String(seed) };
  const loaded = loadFleetText(path, read.text, settings);
  if (!loaded.plan) throw new InvalidInputError(name, 'fleet', loaded.problems, read.text);
  return { plan: loaded.plan, path, source: read.text, cwd };
}

/** @throws InvalidInputError for what the event `set` of a scenario could not say of this fleet */
export function changeOf(
  { path, source, cwd }: FleetSource,
  subject: string,
  behaviors: string | object | readonly (string | object)[],
): { subject: string; behaviors: BehaviorPlan[] } {
  const list: unknown = Array.isArray(behaviors) ? behaviors : [behaviors];
  const text = stringify({ events: [{ at: '0s', set: subject, behaviors: list }] });
  const read = loadChange({ path, source, text, cwd });
  if ('problems' in read) throw new InvalidInputError('setBehaviors', 'change', read.problems, text);
  return read.plan;
}
