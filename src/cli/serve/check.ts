// `bouncelab serve --check`: serves the fleet of a scenario, and ends with a verdict in the reports of a run.

import { resolve } from 'node:path';
import { BouncelabError, EXIT, type ExitCode } from '../../base/errors.js';
import { formatDuration } from '../../base/units.js';
import { wallNow } from '../../clock/system.js';
import { LiveCheck } from '../../live/check.js';
import { createReporters, FOR_PROGRAMS } from '../../reporters/index.js';
import { plural } from '../../reporters/figures.js';
import type { Screen } from '../../reporters/terminal/screen.js';
import { terminalLine } from '../../reporters/text.js';
import { exitCodeOf } from '../../results/exit-code.js';
import type { NotJudged, ScenarioResult } from '../../results/result.js';
import { ViewFold } from '../../results/view/fold.js';
import type { Executor, JobOutputs, TextOutput } from '../../runner/executors/executor.js';
import { endedResult } from '../../runner/unplayed.js';
import type { ScenarioPlan } from '../../scenarios/plan.js';
import { selectScenarios } from '../../suite/select.js';
import { runSuite, shellWord } from '../../suite/suite.js';
import { printProblems, printWarnings } from '../errors.js';
import type { Io } from '../io.js';
import { version } from '../options.js';
import { reporterOutputs, reportersFor } from '../reporting.js';
import { Serving, type ServeOptions } from './serving.js';
import { warnOfUnplayed } from './unplayed-events.js';

/** @throws BouncelabError E_USAGE without a scenario, and for what `serve` throws; E_OUTPUT for the report folder */
export async function serveCheck(file: string | undefined, options: ServeOptions, io: Io): Promise<ExitCode> {
  const { seed, output, html, keep, tolerance, speed } = options;
  const names = reportersFor(options.reporter, io);
  const entries = file === undefined ? [] : selectScenarios({ inputs: [file], cwd: io.cwd, seed });
  const [entry] = entries;
  if (!entry || entries.length > 1) {
    const what = entry ? `there are ${entries.length} scenarios` : 'there is no scenario';
    throw new BouncelabError('E_USAGE', `--check is for one scenario, and ${what}`, {
      hint: 'name its file: `bouncelab serve FILE --check`',
    });
  }
  if (!entry.plan) {
    printProblems(entry.problems, entry.source, io.stderr);
    return EXIT.invalidScenario;
  }
  printWarnings(entry.warnings ?? [], entry.leftOut ?? 0, entry.source, io.stderr);
  warnOfUnplayed(entry.plan.events, io.stderr);
  const people = names.some((name) => FOR_PROGRAMS.includes(name)) ? io.stderr : io.stdout;
  const executor = new LiveExecutor(entry.plan, { toleranceMs: tolerance, speed, html });
  executor.serving = await Serving.open(entry.plan, options, { ...io, people }, executor.read);
  const run = await runSuite({
    entries,
    version: version(),
    outputDir: resolve(io.cwd, output),
    outputName: output,
    seed,
    bail: false,
    html,
    keep,
    reporters: createReporters(names, reporterOutputs(io)),
    executor,
    repeat: ({ seed: played }) => repeatCommand(entry.file, played, options),
  });
  for (const { notJudged = [] } of run.scenarios) printNotJudged(notJudged, people);
  return exitCodeOf(run);
}

/** "Plays" a scenario by serving its fleet until the end. */
class LiveExecutor implements Executor {
  readonly workers = 1;
  serving: Serving | undefined;
  private readonly view: ViewFold | undefined;
  private readonly check: LiveCheck;
  /** Events before the report folder is there. */
  private early = '';
  private events: TextOutput | undefined;
  private failure: BouncelabError | undefined;
  private readonly since = wallNow();

  constructor(
    private readonly plan: ScenarioPlan,
    { toleranceMs, speed, html }: { toleranceMs: number; speed: number; html: boolean },
  ) {
    if (html) this.view = new ViewFold({ policy: plan.policy });
    this.check = new LiveCheck({
      plan,
      toleranceMs,
      speed,
      ...(this.view ? { onEvent: this.view.read } : {}),
      write: (text) => this.write(text),
    });
  }

  get read(): LiveCheck['read'] {
    return this.check.read;
  }

  async play(_job: unknown, outputs: JobOutputs): Promise<ScenarioResult> {
    this.events = outputs.events;
    this.write('');
    try {
      const elapsedMs = await this.serving!.toEnd();
      const result = this.check.end({
        elapsedMs,
        lagMs: this.serving!.fleet.lagMs,
        wallMs: wallNow() - this.since,
      });
      if (this.failure) throw this.failure;
      outputs.events.close(true);
      if (this.view && outputs.view) {
        outputs.view.write(JSON.stringify(this.view.result));
        outputs.view.close(true);
      }
      return result;
    } catch (error) {
      return this.failedWith(error);
    }
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  /** A disk that is full ends the check, not the process: this is called while a server answers. */
  private write(text: string): void {
    this.early += text;
    if (!this.events || this.failure) return;
    try {
      this.events.write(this.early);
    } catch (error) {
      this.failure = error as BouncelabError;
      this.serving?.stop();
    }
    this.early = '';
  }

  private failedWith(error: unknown): ScenarioResult {
    const { code, message, hint } = error as Partial<BouncelabError>;
    const used = { wallMs: wallNow() - this.since, virtualMs: this.serving?.fleet.now() ?? 0 };
    return endedResult(this.plan, {
      status: 'error',
      code,
      message: message ?? String(error),
      ...(hint === undefined ? {} : { hint }),
      ...used,
    });
  }
}

function printNotJudged(notJudged: readonly NotJudged[], people: Screen): void {
  if (notJudged.length === 0) return;
  people.write(`\nNot judged: ${plural(notJudged.length, 'expectation')}\n`);
  for (const { file, line, subject, reason } of notJudged)
    people.write(`  ${terminalLine(`${file}:${line}  ${subject}: ${reason}`)}\n`);
}

function repeatCommand(file: string, seed: string, options: ServeOptions): string {
  const words = ['bouncelab', 'serve', file.startsWith('-') ? `./${file}` : file, '--check', '--seed', seed];
  if (options.speed !== 1) words.push('--speed', String(options.speed));
  if (options.for !== undefined) words.push('--for', formatDuration(options.for));
  if (options.isolate) words.push('--isolate');
  if (options.command.length > 0) words.push('--', ...options.command);
  return words.map(shellWord).join(' ');
}
