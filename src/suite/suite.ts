// Plays many scenarios: opens the report folder, gives scenarios to the executor, calls the reporters, and
// sums up. An error in one scenario does not stop the others.

import { BouncelabError } from '../base/errors.js';
import { reason } from '../base/os-error.js';
import { unwritable } from '../base/unwritable.js';
import { wallDate, wallNow } from '../clock/system.js';
import { HtmlReport, type HtmlReportOptions } from '../reporters/html/report.js';
import type { Reporter } from '../reporters/reporter.js';
import type { Executor, JobOutputs } from '../runner/executors/executor.js';
import { FileOutput } from '../runner/executors/file-output.js';
import { removeOldRuns } from './retention.js';
import { RunOutput } from './report-folder.js';
import { ContactsFile } from '../results/contacts-file.js';
import type { RunResult, ScenarioResult, Unfinished } from '../results/result.js';
import type { SuiteEntry } from './select.js';
import { invalidResult, skippedResult } from '../runner/unplayed.js';

export interface SuiteOptions {
  /** The scenarios, in the order in which they are reported. */
  entries: readonly SuiteEntry[];
  /** Version of bouncelab, for run.json. */
  version: string;
  /** Folder under which the folder of this run is made. */
  outputDir: string;
  /** The same folder as it was given, for messages. */
  outputName: string;
  /** Write the page of the run, index.html. */
  html?: boolean;
  /** CSV file for the contacts after the run, when there is one scenario. */
  contactsFile?: string;
  /** Finished runs that are kept in the folder, this one included; without it all of them. */
  keep?: number;
  /** Settings of the command line that apply to all scenarios. */
  seed?: string | undefined;
  policy?: string | undefined;
  sender?: string | undefined;
  wire?: string | undefined;
  store?: string | undefined;
  /** Start no further scenario once one did not pass. Those that already run are finished. */
  bail: boolean;
  reporters: readonly Reporter[];
  executor: Executor;
  /** The command that repeats a scenario; absent: `bouncelab run` with these settings. */
  repeat?: (result: ScenarioResult) => string;
  /** Ends the run early; the scenarios that ended before are reported. */
  signal?: AbortSignal;
}

/**
 * Plays scenarios and reports them.
 *
 * @throws BouncelabError E_OUTPUT when the report folder cannot be written: before anything runs if that is
 *   known by then, else after the reporters have reported
 */
export async function runSuite(options: SuiteOptions): Promise<RunResult> {
  const output = await RunOutput.create(options.outputDir);
  try {
    return await playAndReport(options, output);
  } finally {
    output.end();
  }
}

async function playAndReport(options: SuiteOptions, output: RunOutput): Promise<RunResult> {
  const startedAt = wallDate().toISOString();
  const wallStart = wallNow();
  const { executor, entries } = options;
  const page = options.html ? new HtmlReport(pageOptions(output)) : undefined;
  const reporters = page ? [page, ...options.reporters] : options.reporters;
  const workers = Math.max(1, Math.min(executor.workers, entries.filter(({ plan }) => plan).length));
  const reportDir = `${options.outputName.replace(/[\\/]+$/, '')}/${output.runId}`;
  for (const reporter of reporters) {
    reporter.onRunStart?.({ total: entries.length, workers, seed: options.seed ?? null, reportDir });
  }
  const play = new Play({ ...options, reporters }, output);
  const results = await play.run(workers);
  const run: RunResult = {
    version: options.version,
    seed: options.seed ?? null,
    startedAt,
    wallMs: Math.round(wallNow() - wallStart),
    virtualMs: results.reduce((sum, { virtualMs }) => sum + virtualMs, 0),
    passed: results.filter(({ status }) => status === 'passed').length,
    failed: results.filter(({ status }) => status === 'failed').length,
    errors: results.filter(({ status }) => !['passed', 'failed', 'skipped'].includes(status)).length,
    skipped: results.filter(({ status }) => status === 'skipped').length,
    interrupted: options.signal?.aborted ?? false,
    unfinished: play.unfinished,
    scenarios: results,
  };
  // The figures are written first, since reporters name their place. They report also when that fails. The page
  // comes last: whatever happens to it, the verdict stands.
  const [written] = await Promise.allSettled([output.write(run)]);
  for (const reporter of options.reporters) await reporter.onRunEnd?.(run);
  if (written.status === 'rejected') throw written.reason;
  await page?.onRunEnd(run).catch((error: unknown) => pageFailed(output, error));
  output.end();
  if (options.keep !== undefined) await removeOldRuns(options.outputDir, options.keep);
  return run;
}

/** @throws BouncelabError E_OUTPUT when the file system refused the page, else E_HARNESS */
function pageFailed({ page, dir }: RunOutput, error: unknown): never {
  if (error instanceof BouncelabError) throw error;
  if ((error as NodeJS.ErrnoException).syscall !== undefined)
    throw unwritable(`the page ${page} cannot be written`, 'choose another folder with --output', error);
  throw new BouncelabError('E_HARNESS', `the page of the run could not be made: ${reason(error)}`, {
    hint: `the verdict stands, and run.json in ${dir} has its figures`,
    cause: error,
  });
}

function pageOptions(output: RunOutput): HtmlReportOptions {
  return {
    file: output.page,
    runId: output.runId,
    eventsFile: (scenario) => output.eventsFile(scenario),
    viewFile: (scenario) => output.viewFile(scenario),
  };
}

/** The part of a run in which scenarios are started and end. */
class Play {
  private readonly results = new Map<SuiteEntry, ScenarioResult>();
  private readonly cutOff = new Map<SuiteEntry, Unfinished>();
  private next = 0;
  private stopped = false;

  constructor(
    private readonly options: SuiteOptions,
    private readonly output: RunOutput,
  ) {}

  /** @returns the results of the scenarios that ended, in the order of the entries */
  async run(workers: number): Promise<ScenarioResult[]> {
    const { entries, signal, executor } = this.options;
    const interrupt = (): void => {
      this.stopped = true;
      void executor.stop();
    };
    if (signal?.aborted) interrupt();
    signal?.addEventListener('abort', interrupt, { once: true });
    for (const entry of entries) {
      const result = withoutPlaying(entry);
      if (result && !signal?.aborted) this.finish(entry, result);
    }
    try {
      await Promise.all(Array.from({ length: workers }, () => this.lane()));
    } finally {
      signal?.removeEventListener('abort', interrupt);
      await executor.stop();
    }
    return entries.flatMap((entry) => this.results.get(entry) ?? []);
  }

  /** The scenarios that were cut off, in the order of the entries. */
  get unfinished(): Unfinished[] {
    return this.options.entries.flatMap((entry) => this.cutOff.get(entry) ?? []);
  }

  private async lane(): Promise<void> {
    for (let entry = this.take(); entry; entry = this.take()) {
      const result = await this.play(entry);
      if (result) this.finish(entry, result);
      else this.cutOff.set(entry, { file: entry.file, name: entry.plan.name });
    }
  }

  private take(): (SuiteEntry & { plan: object }) | undefined {
    const { entries } = this.options;
    while (!this.stopped && this.next < entries.length) {
      const entry = entries[this.next++]!;
      if (entry.plan) return entry;
    }
    return undefined;
  }

  private async play({
    file,
    plan,
  }: SuiteEntry & { plan: NonNullable<SuiteEntry['plan']> }): Promise<ScenarioResult | undefined> {
    const { reporters, executor } = this.options;
    const { name } = plan;
    const since = wallNow();
    for (const reporter of reporters) reporter.onScenarioStart?.({ file, name });
    return executor.play({ plan }, this.outputs(file), (progress) => {
      const report = { file, name, wallMs: wallNow() - since, ...progress };
      for (const reporter of reporters) reporter.onProgress?.(report);
    });
  }

  private outputs(file: string): JobOutputs {
    const { html, contactsFile } = this.options;
    return {
      events: new FileOutput(this.output.eventsFile(file)),
      ...(html ? { view: new FileOutput(this.output.viewFile(file)) } : {}),
      ...(contactsFile === undefined ? {} : { contacts: new ContactsFile(contactsFile) }),
    };
  }

  private finish(entry: SuiteEntry, result: ScenarioResult): void {
    const { bail, reporters } = this.options;
    this.results.set(entry, result);
    if (bail && !['passed', 'skipped'].includes(result.status)) this.stopped = true;
    // A disk that is full is full for every scenario.
    if (result.failures.some(({ code }) => FULL.has(code ?? ''))) this.stopped = true;
    const repeat = this.options.repeat?.(result) ?? repeatCommand(result, this.options);
    const end = { result, sources: sourcesOf(entry), repeat };
    for (const reporter of reporters) reporter.onScenarioEnd?.(end);
  }
}

/** Codes of failures that are the same for every scenario after it. */
const FULL = new Set(['E_OUTPUT', 'E_STORE_FULL']);

/** The result of a scenario that is not played; undefined for one that is. */
function withoutPlaying({ file, problems, skipped }: SuiteEntry): ScenarioResult | undefined {
  if (skipped) return skippedResult(skipped.plan, skipped.reason);
  return problems && invalidResult(file, problems);
}

function sourcesOf({ file, source, problems = [] }: SuiteEntry): Map<string, string> {
  const sources = new Map([[file, source]]);
  for (const problem of problems) {
    if (problem.source !== undefined) sources.set(problem.location.file, problem.source);
  }
  return sources;
}

/** The command that repeats one scenario as it was played; empty for one that was skipped. */
function repeatCommand(
  { file, seed, status, failures }: ScenarioResult,
  { policy, sender, wire, store }: SuiteOptions,
): string {
  if (status === 'skipped') return '';
  const words = ['bouncelab', 'run', file.startsWith('-') ? `./${file}` : file];
  if (seed !== '') words.push('--seed', seed);
  if (policy !== undefined) words.push('--policy', policy);
  if (sender !== undefined) words.push('--sender', sender);
  if (wire !== undefined) words.push('--wire', wire);
  if (store !== undefined) words.push('--store', store);
  if (failures.some(({ invariant }) => invariant === 'determinism')) words.push('--check-determinism');
  return words.map(shellWord).join(' ');
}

/** A word of a command line, quoted where the shell needs it. */
export function shellWord(word: string): string {
  return /^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
