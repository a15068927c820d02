// A scenario that programs load once and play as often as they want.

import { existsSync } from 'node:fs';
import { BouncelabError } from '../base/errors.js';
import { described, quoted } from '../documents/problems.js';
import { displayPath } from '../documents/source-file.js';
import type { RetryPolicy } from '../policy/retry-policy.js';
import { loadScenario, loadScenarioText, type LoadOptions } from '../scenarios/load.js';
import { STORES, WIRES, type ScenarioPlan } from '../scenarios/plan.js';
import {
  checkOptions,
  INPUT_OPTIONS,
  InvalidInputError,
  resolveInput,
  type Input,
  type InputOptions,
  type OptionNames,
} from './input.js';

/** Settings that override those of the scenario. */
export interface ScenarioOptions extends InputOptions {
  /** Name of a shipped policy, the path of a policy file, or a policy as `createSender` takes it. */
  policy?: string | RetryPolicy;
  seed?: string | number;
  wire?: ScenarioPlan['wire'];
  store?: ScenarioPlan['store'];
  /** Path of the module of an external sender. */
  sender?: string;
}

export const SCENARIO_OPTIONS: OptionNames<ScenarioOptions> = {
  ...INPUT_OPTIONS,
  policy: true,
  seed: true,
  wire: true,
  store: true,
  sender: true,
};

/** A valid scenario. Everything that it names (policy, profiles, files of contacts) has been read. */
export class Scenario {
  /** Path relative to `cwd`, with forward slashes. */
  readonly file: string;
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly seed: string;
  /** Name of its retry policy. */
  readonly policy: string;

  /** Made by `loadScenario`. */
  constructor(
    /** Every default filled in, durations in ms, names resolved. */
    readonly plan: ScenarioPlan,
    /** Its text. */
    readonly source: string,
    /** Absolute path of its file; that of no file when it was given as text or as an object. */
    readonly path: string,
    /** Why the external sender of the options cannot play it; absent when it can. */
    readonly skipped?: string,
  ) {
    this.file = plan.file;
    this.name = plan.name;
    this.description = plan.description;
    this.tags = plan.tags;
    this.seed = plan.seed;
    this.policy = plan.policy.name;
  }
}

/**
 * Loads a scenario.
 *
 * @param input path, file: URL, YAML text or object
 * @throws InvalidInputError with all problems of the scenario
 * @throws BouncelabError E_NOT_FOUND when there is no such file, E_USAGE for what is no input
 */
export function openScenario(input: Input, options: ScenarioOptions = {}): Scenario {
  checkOptions(options, SCENARIO_OPTIONS, 'loadScenario');
  return scenarioOf(input, options);
}

/** The same without a check of the names of the options. */
export function scenarioOf(input: Input, options: ScenarioOptions): Scenario {
  const { cwd, path, text } = resolveInput(input, options, 'scenario');
  const { policy, seed, wire, store, sender } = options;
  checkOneOf('wire', wire, WIRES);
  checkOneOf('store', store, STORES);
  if (text === undefined && !existsSync(path)) {
    const name = quoted(displayPath(path, cwd));
    throw new BouncelabError('E_NOT_FOUND', `there is no file ${name}`, {
      hint: 'YAML text has a line break in it; any other text is the path of a file',
    });
  }
  const settings: LoadOptions = {
    cwd,
    wire,
    store,
    sender,
    seed: seed === undefined ? undefined : String(seed),
    policy: typeof policy === 'string' ? policy : undefined,
  };
  const loaded = text === undefined ? loadScenario(path, settings) : loadScenarioText(path, text, settings);
  const { file, source, skipped } = loaded;
  const plan = loaded.plan ?? skipped?.plan;
  if (!plan) throw new InvalidInputError(file, 'scenario', loaded.problems ?? [], source);
  const played = typeof policy === 'object' ? { ...plan, policy } : plan;
  return new Scenario(played, source, path, skipped?.reason);
}

function checkOneOf(option: string, value: string | undefined, values: readonly string[]): void {
  if (value === undefined || values.includes(value)) return;
  throw new BouncelabError('E_USAGE', `\`${option}\` cannot be ${described(value)}`, {
    hint: `it is one of ${values.join(', ')}`,
  });
}
