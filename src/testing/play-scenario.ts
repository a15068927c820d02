// Plays a scenario for a program, in a thread of its own or, with an external sender, in a process of its own.

import { resolve } from 'node:path';
import { BouncelabError } from '../base/errors.js';
import { FileOutput } from '../runner/executors/file-output.js';
import type { JobOutputs } from '../runner/executors/executor.js';
import { skippedResult } from '../runner/unplayed.js';
import { checkOptions, type Input, type OptionNames } from './input.js';
import { playInLane } from './lanes.js';
import { ScenarioRun, type EventSource } from './scenario-run.js';
import { Scenario, SCENARIO_OPTIONS, scenarioOf, type ScenarioOptions } from './scenario.js';

/** How a scenario is played. Those of loading it do not apply to one that is loaded already. */
export interface PlayOptions extends ScenarioOptions {
  /** Real time that the run may take, ms; a longer one is inconclusive. Default: 60 s. */
  timeoutMs?: number;
  /** Play it twice, and let it fail when the events differ. */
  checkDeterminism?: boolean;
  /** File to which the events are written as NDJSON. Default: they are kept in memory. */
  eventsFile?: string;
  /** Ends the run early: the promise then rejects with E_STOPPED. */
  signal?: AbortSignal;
  /** Receives what an external sender prints, and stack traces for debugging. */
  log?: (text: string) => void;
}

export const PLAY_OPTIONS: OptionNames<PlayOptions> = {
  ...SCENARIO_OPTIONS,
  timeoutMs: true,
  checkDeterminism: true,
  eventsFile: true,
  signal: true,
  log: true,
};

const TIMEOUT_MS = 60_000;

/**
 * Plays a scenario to its end. Several may be played at once: as many at a time as the machine has cores.
 *
 * @param input what `loadScenario` takes, or what it returned
 * @returns its result, whether its expectations held or not: see `status` and `failures`
 * @throws InvalidInputError with all problems of a scenario that is not valid
 * @throws BouncelabError E_STOPPED when `signal` ends it, E_NOT_FOUND when there is no such file, E_USAGE for
 *   an option that cannot be
 */
export async function playScenario(input: Input | Scenario, options: PlayOptions = {}): Promise<ScenarioRun> {
  checkOptions(options, PLAY_OPTIONS, 'playScenario');
  const { timeoutMs = TIMEOUT_MS, checkDeterminism = false, signal, log } = options;
  if (!(timeoutMs > 0))
    throw new BouncelabError('E_USAGE', '`timeoutMs` must be a number of milliseconds above 0');
  const scenario = opened(input, options);
  const { plan, skipped } = scenario;
  if (skipped !== undefined) return new ScenarioRun(skippedResult(plan, skipped), scenario, { lines: [] });
  const { events, source } = eventsTo(options);
  const settings = { wallLimitMs: timeoutMs, checkDeterminism };
  // A signal of its own: Node warns of more than ten listeners to one, and many runs may share that of the caller.
  const own = signal && AbortSignal.any([signal]);
  const result = await playInLane({ plan, outputs: { events }, settings, signal: own, log });
  if (!result)
    throw new BouncelabError('E_STOPPED', `the run of ${plan.file} was stopped by its signal`, {
      cause: signal?.reason,
    });
  return new ScenarioRun(result, scenario, source);
}

function opened(input: Input | Scenario, options: PlayOptions): Scenario {
  if (!(input instanceof Scenario)) return scenarioOf(input, options);
  for (const name of ['policy', 'seed', 'wire', 'store', 'sender', 'file'] as const)
    if (options[name] !== undefined)
      throw new BouncelabError('E_USAGE', `\`${name}\` is an option of loading, and the scenario is loaded`, {
        hint: `give \`${name}\` to loadScenario, or the file to playScenario`,
      });
  return input;
}

function eventsTo({ eventsFile, cwd = process.cwd() }: PlayOptions): {
  events: JobOutputs['events'];
  source: EventSource;
} {
  if (eventsFile !== undefined) {
    const file = resolve(cwd, eventsFile);
    return { events: new FileOutput(file), source: { file } };
  }
  const lines: string[] = [];
  return { events: { write: (text) => void lines.push(text), close: () => {} }, source: { lines } };
}
