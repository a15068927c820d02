// Makes a test of vitest out of each scenario file. A test that fails points into the file.

import { resolve } from 'node:path';
import { test } from 'vitest';
import type { BouncelabError } from '../../base/errors.js';
import { readSource } from '../../documents/source-file.js';
import type { Failure } from '../../results/result.js';
import { notAScenario } from '../../suite/file-kind.js';
import { findScenarios } from '../../suite/find.js';
import { checkOptions, InvalidInputError, type OptionNames } from '../input.js';
import { PLAY_OPTIONS, playScenario, type PlayOptions } from '../play-scenario.js';
import { scenarioOf, type Scenario } from '../scenario.js';

/** How the scenarios are played; each has a test of its own. */
export interface ScenarioTestsOptions extends Omit<PlayOptions, 'file' | 'eventsFile' | 'signal'> {
  /** Play several at once, as `test.concurrent` does. Default: true. */
  concurrent?: boolean;
}

const { file: _file, eventsFile: _eventsFile, signal: _signal, ...OF_RUNS } = PLAY_OPTIONS;
const TESTS_OPTIONS: OptionNames<ScenarioTestsOptions> = { ...OF_RUNS, concurrent: true };

/**
 * Defines one test for each scenario. Files of other kinds in a folder or a pattern, such as policies, are skipped.
 *
 * @param inputs files, folders and patterns, relative to `cwd`
 * @throws BouncelabError E_NOT_FOUND for an input that does not exist or has no scenario
 */
export function scenarioTests(inputs: string | readonly string[], options: ScenarioTestsOptions = {}): void {
  checkOptions(options, TESTS_OPTIONS, 'scenarioTests');
  const { cwd = process.cwd(), concurrent = true } = options;
  const { files, named, problems } = findScenarios([inputs].flat(), cwd);
  if (problems[0]) throw withHint(problems[0]);
  for (const file of files) {
    const opened = open(file, { ...options, cwd });
    if (opened.isOther && !named.has(file)) continue;
    const { scenario, error } = opened;
    const title = scenario ? `${file}: ${scenario.name}` : file;
    // The run has a limit of its own; while it waits for its turn, none applies.
    test(title, { concurrent, timeout: 0 }, async ({ signal, skip }) => {
      if (!scenario) throw error;
      const { timeoutMs, checkDeterminism, log } = options;
      const run = await playScenario(scenario, {
        signal,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        ...(checkDeterminism === undefined ? {} : { checkDeterminism }),
        ...(log ? { log } : {}),
      });
      if (run.status === 'skipped') skip(run.result.reason);
      if (run.status !== 'passed') throw new ScenarioError(scenario, run.failures, String(run));
    });
  }
}

/** A scenario, or the error of its test; `isOther` for a file of another kind. */
type Opened = { isOther?: boolean } & (
  { scenario: Scenario; error?: undefined } | { scenario?: undefined; error: Error }
);

function open(file: string, options: ScenarioTestsOptions & { cwd: string }): Opened {
  const path = resolve(options.cwd, file);
  try {
    return { scenario: scenarioOf(path, options) };
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const read = readSource(path);
    const other = 'text' in read ? notAScenario(file, read.text) : undefined;
    if (other) return { isOther: true, error: new Error(`${file}: ${other.message}; ${other.hint}`) };
    return { error: pointingTo(error, error.problems, options.cwd) };
  }
}

/** What did not hold in a scenario. Its stack has the places in the scenario, the first one at the top. */
class ScenarioError extends Error {
  override readonly name = 'ScenarioError';

  constructor({ path, file }: Scenario, failures: readonly Failure[], text: string) {
    super(text);
    const cwd = path.slice(0, path.length - file.length);
    pointingTo(this, failures, cwd);
  }
}

/** Replaces the stack of an error with places of files. */
function pointingTo<E extends Error>(
  error: E,
  places: readonly { file: string; line: number; column: number }[],
  cwd: string,
): E {
  const frames = places.map(({ file, line, column }) => `    at ${resolve(cwd, file)}:${line}:${column}`);
  error.stack = [`${error.name}: ${error.message.split('\n')[0]}`, ...new Set(frames)].join('\n');
  return error;
}

function withHint(error: BouncelabError): BouncelabError {
  if (error.hint !== undefined) error.message += `\nhint: ${error.hint}`;
  return error;
}
