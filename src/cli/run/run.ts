// `bouncelab run`: selects scenarios, plays them, and reports their results.

import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { BouncelabError, EXIT, type ExitCode } from '../../base/errors.js';
import { createReporters, FOR_PROGRAMS, type ReporterName } from '../../reporters/index.js';
import { plural } from '../../reporters/figures.js';
import { ContactsFile, tryContactsFile } from '../../results/contacts-file.js';
import { defaultWorkers, WorkerPool } from '../../runner/executors/pool.js';
import { exitCodeOf } from '../../results/exit-code.js';
import { readLatest } from '../../suite/report-folder.js';
import { loadPolicy, unknownPolicy } from '../../policy/policy-file.js';
import { selectScenarios, type SuiteEntry } from '../../suite/select.js';
import { runSuite } from '../../suite/suite.js';
import { BaselineCheck } from './baseline.js';
import { printProblems, printWarnings } from '../errors.js';
import { inputsOr } from '../inputs.js';
import type { Io } from '../io.js';
import { version, type RunOptions } from '../options.js';
import { reporterOutputs, reportersFor } from '../reporting.js';

/** @throws BouncelabError for wrong usage and for a report that cannot be written */
export async function run(files: string[], options: RunOptions, io: Io): Promise<ExitCode> {
  const reporters = reporterNames(options, io);
  const invalidPolicy = checkPolicy(options.policy, io);
  if (invalidPolicy !== undefined) return invalidPolicy;
  if (options.watch) {
    const { watch } = await import('./watch.js');
    return watch(files, options, io, (only, signal) =>
      runOnce(files, { ...options, lastFailed: false, only }, reporters, { ...io, signal }),
    );
  }
  return runOnce(files, options, reporters, io);
}

type OnceOptions = RunOptions & { only?: ReadonlySet<string> | undefined };

async function runOnce(
  files: string[],
  options: OnceOptions,
  names: ReporterName[],
  io: Io,
): Promise<ExitCode> {
  const outputDir = resolve(io.cwd, options.output);
  const only = options.only ?? (options.lastFailed ? lastFailed(outputDir, io) : undefined);
  if (only?.size === 0) {
    io.stderr.write('Everything passed in the last run: there is nothing to repeat.\n');
    return EXIT.passed;
  }
  const { grep, seed, policy, sender, wire, store, bail, timeout } = options;
  const inputs = only && files.length === 0 ? [...only] : inputsOr(files);
  const { uncaught = (work) => work() } = io;
  const entries = uncaught(() =>
    selectScenarios({ inputs, cwd: io.cwd, grep, only, seed, policy, sender, wire, store }),
  );
  const baseline = BaselineCheck.open(options, io.cwd);
  const contactsFile = options.exportContacts && exportTarget(options.exportContacts, entries, io);
  for (const { warnings = [], leftOut = 0, source } of entries)
    printWarnings(warnings, leftOut, source, io.stderr);
  const createExecutor = io.createExecutor ?? ((settings) => new WorkerPool(settings));
  const executor = createExecutor({
    workers: options.workers ?? defaultWorkers(),
    wallLimitMs: timeout,
    checkDeterminism: options.checkDeterminism,
    ...(options.debug || io.env.BOUNCELAB_DEBUG === '1'
      ? { log: (text) => io.stderr.write(`${text}\n`) }
      : {}),
  });
  const result = await runSuite({
    entries,
    version: version(),
    outputDir,
    outputName: options.output,
    seed,
    policy,
    sender,
    wire,
    store,
    bail,
    html: options.html,
    ...(contactsFile ? { contactsFile } : {}),
    keep: options.keep,
    reporters: createReporters(names, reporterOutputs(io)),
    executor,
    signal: io.signal,
  });
  const ended = exitCodeOf(result);
  if (!baseline) return ended;
  const isNarrowed =
    grep !== undefined || only !== undefined || (bail && result.scenarios.length < entries.length);
  const forPeople = names.some((name) => FOR_PROGRAMS.includes(name)) ? io.stderr : io.stdout;
  const held = baseline.settle(result, inputs, isNarrowed, forPeople);
  return ended === EXIT.passed ? held : ended;
}

/** Checks before anything is played that the contacts can be written to the file. @returns its path */
function exportTarget(name: string, entries: readonly SuiteEntry[], io: Io): string {
  const [{ file }, ...others] = entries as [SuiteEntry, ...SuiteEntry[]];
  if (others.length > 0) {
    throw new BouncelabError(
      'E_USAGE',
      `--export-contacts is for one scenario, and ${entries.length} are selected`,
      { hint: `name one of them, such as ${file}` },
    );
  }
  const target = resolve(io.cwd, name);
  const folder = dirname(target);
  if (!existsSync(folder)) {
    throw new BouncelabError(
      'E_OUTPUT',
      `the contacts cannot be written to ${name}: there is no folder ${folder}`,
      {
        hint: 'create the folder, or name another file',
      },
    );
  }
  if (existsSync(target) && !statSync(target).isFile()) {
    throw new BouncelabError('E_OUTPUT', `the contacts cannot be written to ${name}: it is not a file`, {
      hint: 'name a file',
    });
  }
  tryContactsFile(new ContactsFile(target));
  return target;
}

function reporterNames(options: RunOptions, io: Io): ReporterName[] {
  const names = reportersFor(options.reporter, io);
  const program = names.find((name) => FOR_PROGRAMS.includes(name));
  if (options.watch && program !== undefined) {
    throw new BouncelabError('E_USAGE', `--watch cannot be used with the reporter ${program}`, {
      hint: 'run.json and junit.xml are in the report folder of every run',
    });
  }
  return names;
}

/** Checks the policy of the command line, so that its problems are printed once, not once per scenario. */
function checkPolicy(name: string | undefined, io: Io): ExitCode | undefined {
  if (name === undefined) return undefined;
  const loaded = loadPolicy(name, io.cwd, io.cwd);
  if (!loaded) {
    const { message, hint } = unknownPolicy(name);
    throw new BouncelabError('E_USAGE', message, { hint });
  }
  if ('policy' in loaded) return undefined;
  printProblems(loaded.problems, '', io.stderr);
  return EXIT.invalidScenario;
}

function lastFailed(outputDir: string, io: Io): Set<string> {
  const last = readLatest(outputDir);
  if (!last) {
    throw new BouncelabError('E_NOT_FOUND', 'there is no last run', {
      hint: 'run once without --last-failed',
    });
  }
  const failed = last.scenarios
    .filter(({ status }) => status !== 'passed' && status !== 'skipped')
    .map(({ file }) => file);
  const here = failed.filter((file) => existsSync(resolve(io.cwd, file)));
  const gone = failed.length - here.length;
  if (here.length === 0 && gone > 0) {
    throw new BouncelabError('E_NOT_FOUND', 'no scenario that failed in the last run exists any more', {
      hint: 'run without --last-failed',
    });
  }
  if (gone > 0)
    io.stderr.write(
      `${gone} of ${plural(failed.length, 'failed scenario')} ${gone === 1 ? 'does' : 'do'} not exist any more.\n`,
    );
  return new Set(here);
}
