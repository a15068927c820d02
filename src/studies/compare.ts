// Plays the same scenarios under several policies and compares the results. When a scenario has ended under
// the last policy its contacts are compared and its events removed, so that memory and disk use do not grow
// with the suite.

import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BouncelabError } from '../base/errors.js';
import { temporaryFolder } from '../base/temporary-folder.js';
import type { Executor, Job } from '../runner/executors/executor.js';
import { FileOutput } from '../runner/executors/file-output.js';
import type { ScenarioPlan } from '../scenarios/plan.js';
import type { ScenarioResult } from '../results/result.js';
import type { SuiteEntry } from '../suite/select.js';
import { runSuite } from '../suite/suite.js';
import type {
  ComparedScenario,
  Comparison,
  SkippedScenario,
  Trouble,
} from '../results/comparison/comparison.js';
import type { ContactsFile } from '../results/contacts-file.js';
import { differencesCsv, differencesHeader } from '../results/comparison/differences-csv.js';
import { Ends } from '../results/comparison/ends.js';
import { scenarioFigures, sumOf } from '../results/comparison/figures.js';
import { comparedSites } from '../results/comparison/sites.js';
import { PaceSum } from '../results/comparison/pace.js';
import { checkThreshold, type Threshold } from '../results/comparison/threshold.js';

const BLOCK_SIZE = 256 * 1024;

interface CompareOptions {
  /** Names, in their order. */
  policies: readonly string[];
  /** Plans of each scenario: one for each policy. */
  scenarios: readonly (readonly ScenarioPlan[])[];
  /** Scenarios that are left out of the comparison. */
  skipped?: readonly SkippedScenario[];
  version: string;
  executor: Executor;
  thresholds: readonly Threshold[];
  signal?: AbortSignal;
  /** Takes the contacts that end differently. The caller closes it. */
  differences?: ContactsFile;
  /** Called when a scenario has ended under all policies. */
  onScenario?: (ended: number) => void;
}

function folderForRuns(): string {
  try {
    return temporaryFolder('compare');
  } catch (error) {
    throw new BouncelabError('E_OUTPUT', `no temporary folder can be made: ${(error as Error).message}`, {
      hint: 'set TMPDIR to a folder that can be written',
      cause: error,
    });
  }
}

/**
 * Plays and compares. Invariants are checked; expectations are not, since a policy changes the outcome of a
 * scenario.
 *
 * @throws BouncelabError E_OUTPUT when the temporary folder cannot be written
 */
export async function compare(options: CompareOptions): Promise<Comparison> {
  const { policies, scenarios, skipped = [], version, thresholds, signal } = options;
  const folder = folderForRuns();
  const player = new ComparingExecutor(options, folder);
  try {
    const run = await runSuite({
      entries: scenarios.flatMap((plans, index) =>
        plans.map((plan, policy) => player.entry(plan, index, policy)),
      ),
      version,
      outputDir: folder,
      outputName: folder,
      bail: false,
      reporters: [],
      executor: player,
      ...(signal ? { signal } : {}),
    });
    const compared = player.compared();
    if (options.differences) player.writeDifferences(options.differences);
    const sum = policies.map((_, policy) => sumOf(compared.map(({ figures }) => figures[policy]!)));
    const differing = compared.reduce((total, { ends }) => total + ends.contacts, 0);
    return {
      version,
      policies: [...policies],
      sum,
      differing,
      scenarios: compared,
      skipped: [...skipped],
      troubles: player.troubles(),
      thresholds: thresholds.map((threshold) => checkThreshold(threshold, policies, sum, differing)),
      curves: player.pace.curves(),
      interrupted: run.interrupted,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Row {
  results: (ScenarioResult | undefined)[];
  ends: Ends;
  left: number;
  compared?: ComparedScenario;
}

/** Plays with the given executor, and reads the events of each run before it removes them. */
class ComparingExecutor implements Executor {
  readonly workers: number;
  readonly pace: PaceSum;
  private readonly places = new Map<ScenarioPlan, [index: number, policy: number]>();
  private readonly rows: (Row | undefined)[] = [];
  private readonly found: Trouble[] = [];
  private ended = 0;

  /** @param folder for the events of a run, until they are read */
  constructor(
    private readonly options: CompareOptions,
    private readonly folder: string,
  ) {
    this.workers = options.executor.workers;
    this.pace = new PaceSum(options.policies.length);
  }

  /** An entry of the suite for a scenario under one policy. */
  entry(plan: ScenarioPlan, index: number, policy: number): SuiteEntry {
    const played = { ...plan, expectations: [] };
    this.places.set(played, [index, policy]);
    return { file: `${index}/${policy}.yaml`, source: '', plan: played };
  }

  async play(job: Job): Promise<ScenarioResult | undefined> {
    const [index, policy] = this.places.get(job.plan)!;
    const file = join(this.folder, `${index}-${policy}.ndjson`);
    const result = await this.options.executor.play(job, { events: new FileOutput(file) });
    if (!result) return undefined;
    const row = (this.rows[index] ??= this.newRow());
    row.results[policy] = result;
    if (isOver(result)) await row.ends.readFile(policy, file);
    await rm(file, { force: true });
    if (result.status !== 'passed') this.found.push(this.troubleOf(result, policy));
    if (--row.left === 0) this.finish(index, row);
    return result;
  }

  /** Writes the contacts that end differently, in the order in which the scenarios were given. */
  writeDifferences(file: ContactsFile): void {
    file.write(differencesHeader(this.options.policies));
    for (const [index, row] of this.rows.entries()) {
      if (!row?.compared) continue;
      const part = openSync(this.partOf(index), 'r');
      try {
        const block = Buffer.allocUnsafe(BLOCK_SIZE);
        for (let size = readSync(part, block); size > 0; size = readSync(part, block))
          file.write(block.subarray(0, size));
      } finally {
        closeSync(part);
      }
    }
  }

  stop(): Promise<void> {
    return this.options.executor.stop();
  }

  /** In the order in which the scenarios were given. */
  compared(): ComparedScenario[] {
    return this.rows.flatMap((row) => row?.compared ?? []);
  }

  troubles(): Trouble[] {
    return this.found.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
  }

  private keepDifferences(index: number, scenario: string, ends: Ends): void {
    const part = openSync(this.partOf(index), 'w');
    try {
      for (const block of differencesCsv(scenario, ends.differing())) writeFileSync(part, block);
    } finally {
      closeSync(part);
    }
  }

  private partOf(index: number): string {
    return join(this.folder, `${index}.csv`);
  }

  private newRow(): Row {
    const { length } = this.options.policies;
    return { results: [], ends: new Ends(length), left: length };
  }

  private finish(index: number, { results, ends }: Row): void {
    const all = results as ScenarioResult[];
    const { file, name, seed } = all[0]!;
    // A scenario is compared only if it ended under all policies: the others have no figures.
    if (all.every(isOver)) {
      const compared = {
        file,
        name,
        seed,
        figures: all.map(scenarioFigures),
        sites: comparedSites(all),
        ends: ends.differences(),
      };
      this.pace.add(ends.paces);
      // Scenarios end in any order: each has a file until all have ended.
      if (this.options.differences) this.keepDifferences(index, file, ends);
      this.rows[index] = { results: [], ends: new Ends(0), left: 0, compared };
    } else this.rows[index] = undefined;
    this.options.onScenario?.(++this.ended);
  }

  private troubleOf({ file, name, status, failures }: ScenarioResult, policy: number): Trouble {
    return {
      file,
      name,
      policy: this.options.policies[policy]!,
      status: status as Trouble['status'],
      failures,
    };
  }
}

function isOver({ status }: ScenarioResult): boolean {
  return status === 'passed' || status === 'failed';
}
