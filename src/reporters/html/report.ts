// The HTML report of a run: collects results and sources as scenarios end, then writes one self-contained
// page. The worker that played a scenario wrote its view to a file; for a scenario that was stopped, the view
// is made here from the events in its file.

import { open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { BouncelabError } from '../../base/errors.js';
import { textBlocks } from '../../base/text-blocks.js';
import { readEventsFile } from '../../events/events-file.js';
import type { RunResult, ScenarioResult } from '../../results/result.js';
import type { Reporter, RunStart, ScenarioEnd } from '../reporter.js';
import { ViewFold } from '../../results/view/fold.js';
import { compactRunJson } from '../json.js';
import { dataBlock, dataParts, pageEnd, pageStart } from './page.js';
import type { PageRun, ScenarioView } from '../../results/view/view.js';

/** Characters of a source file that go into the page; an audience file may be far longer. */
const SOURCE_LENGTH_MAX = 200_000;
/** Bytes of the events of a stopped scenario that are read for its view. */
const CUT_OFF_BYTES_MAX = 64 * 1024 * 1024;

export interface HtmlReportOptions {
  /** Path of the page. */
  file: string;
  runId: string;
  /** Files of a scenario: its events, and its view where it was played to its end. */
  eventsFile(scenario: string): string;
  viewFile(scenario: string): string;
}

export class HtmlReport implements Reporter {
  private total = 0;
  private readonly ends = new Map<ScenarioResult, ScenarioEnd>();

  constructor(private readonly options: HtmlReportOptions) {}

  onRunStart({ total }: RunStart): void {
    this.total = total;
  }

  onScenarioEnd(end: ScenarioEnd): void {
    this.ends.set(end.result, end);
  }

  async onRunEnd(run: RunResult): Promise<void> {
    const { file } = this.options;
    const temporary = `${file}.tmp`;
    try {
      const handle = await open(temporary, 'w');
      try {
        await this.write(handle, run);
      } finally {
        await handle.close();
      }
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    for (const { file: scenario } of run.scenarios) {
      await rm(this.options.viewFile(scenario), { force: true });
    }
  }

  private async write(handle: FileHandle, run: RunResult): Promise<void> {
    const { runId } = this.options;
    const { scenarios } = run;
    const repeat = scenarios.map((result) => this.ends.get(result)?.repeat ?? '');
    const page: Omit<PageRun, 'run'> = { runId, total: Math.max(this.total, scenarios.length), repeat };
    // Not `write`: on a nearly full disk it may write only a part without an error.
    await handle.appendFile(pageStart(runId));
    for (const part of textBlocks(dataParts('run', pageJson(page, run)))) await handle.appendFile(part);
    for (const [index, result] of scenarios.entries()) {
      await handle.appendFile(dataBlock(`source-${index}`, JSON.stringify(this.sources(result))));
      const view = await this.view(result);
      if (view !== undefined) await handle.appendFile(dataBlock(`view-${index}`, view));
    }
    await handle.appendFile(pageEnd());
  }

  private sources(result: ScenarioResult): Record<string, string> {
    const sources = [...(this.ends.get(result)?.sources ?? [])];
    return Object.fromEntries(sources.map(([file, text]) => [file, text.slice(0, SOURCE_LENGTH_MAX)]));
  }

  /** JSON of the view; undefined for a scenario that was not played, or whose view could not be made. */
  private async view({ file: scenario, fingerprint }: ScenarioResult): Promise<string | undefined> {
    const left = await readIfThere(this.options.viewFile(scenario));
    if (left !== undefined || fingerprint !== '') return left;
    const view = cutOffView(this.options.eventsFile(scenario));
    return view && JSON.stringify(view);
  }
}

/** A `PageRun`, in parts. */
function* pageJson(page: Omit<PageRun, 'run'>, run: RunResult): Generator<string, void, undefined> {
  yield `${JSON.stringify(page).slice(0, -1)},"run":`;
  yield* compactRunJson(run);
  yield '}';
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    return undefinedIfMissing(error);
  }
}

function undefinedIfMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}

/** The view of a scenario that was stopped, from its events up to the last whole line. */
function cutOffView(file: string): ScenarioView | undefined {
  const fold = new ViewFold();
  try {
    const cutOff = { bytesMax: CUT_OFF_BYTES_MAX };
    for (const event of readEventsFile(file, file, { cutOff })) fold.read(event);
  } catch (error) {
    // A file that was damaged while it was written still shows what came before.
    if (!(error instanceof BouncelabError)) return undefinedIfMissing(error);
  }
  return { ...fold.result, ended: 'cut off' };
}
