// Loads a scenario file: returns its plan, or all problems of the file at once. Whatever the path leads
// to and whatever the file contains, loading does not throw.

import { dirname, resolve } from 'node:path';
import type { RetryPolicy } from '../policy/retry-policy.js';
import type { TakenFiles } from './read/audience-file/taken.js';
import { readScenario } from './read/scenario.js';
import type { ScenarioPlan, SenderPlan } from './plan.js';
import { DEFAULT_POLICY, loadPolicy, readInlinePolicy, unknownPolicy } from '../policy/policy-file.js';
import { arrangeProblems, quoted } from '../documents/problems.js';
import type { Problem } from '../documents/problems.js';
import { Reader } from '../documents/reader.js';
import { sqliteProblem } from '../sender/store/sqlite/library.js';
import { scenarioSchema } from './schema/scenario.js';
import { displayPath, readSource } from '../documents/source-file.js';
import { notAMapping, parseYaml, wholeFileProblem } from '../documents/yaml-file.js';

/** Settings of the command line, which override those of the file. */
export interface LoadOptions {
  /** Folder to which paths are relative. */
  cwd: string;
  /** Name of a shipped policy, or a path relative to `cwd`. */
  policy?: string | undefined;
  seed?: string | undefined;
  wire?: ScenarioPlan['wire'] | undefined;
  store?: ScenarioPlan['store'] | undefined;
  /** Path of the module of an external sender, relative to `cwd`. */
  sender?: string | undefined;
  /** Leaves out the audience, its files included: the plan has no contacts and cannot be played. */
  withoutAudience?: boolean | undefined;
}

/** A scenario file after loading. `source` is empty when it could not be read. */
type LoadResult = {
  file: string;
  source: string;
  /** The first bad rows of an audience file that were left out, since the scenario sets `onBadLine: skip`. */
  warnings?: readonly Problem[];
  /** Number of all rows that were left out. */
  leftOut?: number;
  /** What the files of the audience were taken for. */
  taken?: TakenFiles;
} & LoadedPlan;

/** The plan of a scenario, or its problems. */
export type LoadedPlan =
  | { plan: ScenarioPlan; problems?: undefined; skipped?: undefined }
  | {
      plan?: undefined;
      problems: Problem[];
      /** Present when the one problem is that the sender of the command line cannot play it: a run skips it. */
      skipped?: Skipped;
    };

export interface Skipped {
  plan: ScenarioPlan;
  /** A clause that names the sender. */
  reason: string;
}

/**
 * Loads one scenario.
 *
 * @param path of the file, relative to `options.cwd`
 */
export function loadScenario(path: string, options: LoadOptions): LoadResult {
  const { cwd } = options;
  const absolute = resolve(cwd, path);
  const file = displayPath(absolute, cwd);
  const text = readSource(absolute);
  if ('message' in text) return { file, source: '', problems: [wholeFileProblem(file, text)] };
  return loadScenarioText(path, text.text, options);
}

/**
 * Loads a scenario from its text.
 *
 * @param path of its file, relative to `options.cwd`; the file need not exist. Paths in the text are
 *   relative to its folder
 */
export function loadScenarioText(path: string, source: string, options: LoadOptions): LoadResult {
  const { cwd } = options;
  const absolute = resolve(cwd, path);
  const file = displayPath(absolute, cwd);
  const yaml = parseYaml(file, source);
  const wrong = notAMapping(yaml, 'scenario');
  if (wrong)
    return { file, source, problems: arrangeProblems(yaml.problems.length > 0 ? yaml.problems : [wrong]) };

  const reader = new Reader(yaml);
  const read = reader.reading(() => readParts(reader, absolute, options));
  const found = [...yaml.problems, ...reader.problems];
  if (!read) return { file, source, problems: reader.framed(arrangeProblems(found)) };
  const { body, audience, policy, sender } = read;
  const misfit = sender && body && misfitOf({ ...body, store: options.store ?? body.store }, sender);
  const all = misfit ? [...found, wholeFileProblem(file, misfit)] : found;
  const problems = reader.framed(arrangeProblems(all));
  const taken = audience.files;
  if (!body || !policy || found.length > 0) return { file, source, problems, taken };
  const { seed = body.seed, wire = body.wire, store = body.store } = options;
  const plan = { ...body, policy, seed, wire, store, ...(sender ? { sender } : {}) };
  if (misfit) {
    // A scenario that names the sender itself is wrong. One that was written for another sender is skipped.
    const skipped = { plan, reason: misfit.message };
    return { file, source, problems, taken, ...(options.sender === undefined ? {} : { skipped }) };
  }
  const warnings = reader.framed(reader.warnings);
  return {
    file,
    source,
    plan,
    ...(warnings.length > 0 ? { warnings } : {}),
    leftOut: audience.leftOut,
    taken,
  };
}

/** The scenario itself, and what it names; undefined, and problems, for each that is wrong. */
function readParts(
  reader: Reader,
  absolute: string,
  options: LoadOptions,
): ReturnType<typeof readScenario> & { policy: RetryPolicy | undefined; sender: SenderPlan | undefined } {
  const { cwd, withoutAudience } = options;
  const { body, audience } = readScenario(reader, absolute, { cwd, withoutAudience });
  const own = readPolicy(reader, dirname(absolute), cwd);
  const policy = options.policy === undefined ? own : overridingPolicy(reader, options.policy, cwd);
  const sender = readSender(reader, dirname(absolute), options);
  if (body?.store === 'sqlite' && options.store === undefined) {
    const { message, hint } = sqliteProblem() ?? {};
    if (message !== undefined) reader.problem(['store'], message, { hint });
  }
  return { body, audience, policy, sender };
}

/** The external sender that the file or the command line names. Its module is not loaded here. */
function readSender(reader: Reader, folder: string, { sender, cwd }: LoadOptions): SenderPlan | undefined {
  const path = ['sender'];
  const own = reader.readGiven(scenarioSchema.shape.sender, path);
  const name = sender ?? own;
  if (name === undefined) return undefined;
  const file = resolve(sender === undefined ? folder : cwd, name);
  const location = sender === undefined ? reader.place(path) : { file: reader.file, line: 1, column: 1 };
  const wrong = senderProblem(name, file);
  if (!wrong) return { file, name, location };
  const { message, hint } = wrong;
  if (sender === undefined) reader.shape(path, message, { hint });
  else
    reader.foreign(
      wholeFileProblem(reader.file, { message: `${message} (given on the command line)`, hint }),
    );
  return undefined;
}

/**
 * Why the module of an external sender cannot be read; undefined when it can.
 *
 * @param file absolute path
 */
export function senderProblem(name: string, file: string): { message: string; hint: string } | undefined {
  // A program bundled with its dependencies may be large.
  const source = readSource(file, Infinity);
  if ('text' in source) return undefined;
  return {
    message: `the sender ${quoted(name)} cannot be read: ${source.message}`,
    hint: source.hint ?? 'it is a module in JavaScript or TypeScript that exports `createSender`',
  };
}

/** Why an external sender cannot play a scenario; undefined when it can. */
function misfitOf(
  { events, mailings, store }: Pick<ScenarioPlan, 'events' | 'mailings' | 'store'>,
  { name }: SenderPlan,
): { message: string; hint: string } | undefined {
  if (events.some(({ action }) => action === 'crash'))
    return {
      message: `the scenario has a \`crash\` event, and the sender ${quoted(name)} cannot be restarted on a store`,
      hint: 'leave out `sender`, or the event `crash`',
    };
  if (mailings.some(({ trigger }) => trigger))
    return {
      message: `the scenario has an automated mailing, and the sender ${quoted(name)} can send only standard mailings`,
      hint: 'leave out `sender`, or write each occurrence as a standard mailing',
    };
  if (store !== 'memory')
    return {
      message: `\`store\` keeps the state of the built-in sender, and ${quoted(name)} keeps its own`,
      hint: 'leave out `store`, or `sender`',
    };
  return undefined;
}

/** The policy that the file names or contains. */
function readPolicy(reader: Reader, folder: string, cwd: string): RetryPolicy | undefined {
  const path = ['policy'];
  const value = reader.get(path);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return readInlinePolicy(reader, path, folder, cwd);
  const name = value === undefined ? DEFAULT_POLICY : reader.read(scenarioSchema.shape.policy, path);
  if (typeof name !== 'string') return undefined;
  const result = loadPolicy(name, folder, cwd);
  if (result && 'policy' in result) return result.policy;
  if (result) for (const problem of result.problems) reader.foreign(problem);
  else {
    const { message, hint } = unknownPolicy(name);
    reader.shape(path, message, { hint });
  }
  return undefined;
}

/** The policy of the command line. Its problems have no location in the file. */
function overridingPolicy(reader: Reader, name: string, cwd: string): RetryPolicy | undefined {
  const result = loadPolicy(name, cwd, cwd);
  if (result && 'policy' in result) return result.policy;
  const problems = result?.problems ?? [wholeFileProblem(reader.file, overridingProblem(name))];
  for (const problem of problems) reader.foreign(problem);
  return undefined;
}

function overridingProblem(name: string): { message: string; hint: string } {
  const { message, hint } = unknownPolicy(name);
  return { message: `${message} (given on the command line)`, hint };
}
