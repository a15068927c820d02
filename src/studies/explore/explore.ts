// Explores: draws and plays experiment after experiment on all workers until enough are done, time
// is up, or one fails. What failed is made small, and is the result.

import { wallNow } from '../../clock/system.js';
import type { ScenarioDocument } from './document.js';
import { drawExperiment, type ExperimentOptions } from './experiment.js';
import type { ExploreOrder } from './messages.js';
import { ExploreSeat } from './thread.js';
import type { Finding } from './trial.js';

export interface ExploreOptions extends ExperimentOptions {
  runs: number;
  /** Real ms after which no further experiment is begun. */
  timeMs: number;
  workers: number;
  /** Folder that paths in an experiment are relative to. */
  folder: string;
  onProgress?: (progress: ExploreFigures) => void;
  /** Told when something was found and is about to be made smaller. */
  onFinding?: (index: number, finding: Finding) => void;
  /** Ends it early; what was done until then counts. */
  signal?: AbortSignal | undefined;
}

export interface ExploreFigures {
  runs: number;
  attempts: number;
  virtualMs: number;
  wallMs: number;
}

/** An experiment that failed, as small as it could be made. */
export interface Discovery {
  /** Number of the experiment. */
  index: number;
  finding: Finding;
  document: ScenarioDocument;
  /** Values in the scenario as drawn, and in the one above; both 0 when it is the one that was drawn. */
  sizeBefore: number;
  size: number;
}

export interface ExploreResult extends ExploreFigures {
  /** The failure with the lowest number among those found. */
  discovery?: Discovery;
  interrupted: boolean;
}

/** Never rejects for what an experiment does: that is its finding. */
export async function explore(options: ExploreOptions): Promise<ExploreResult> {
  const { runs, timeMs, workers, signal } = options;
  const started = wallNow();
  const figures = { runs: 0, attempts: 0, virtualMs: 0, wallMs: 0 };
  const findings: { index: number; finding: Finding }[] = [];
  let next = 0;
  const isInterrupted = (): boolean => signal?.aborted ?? false;
  const goesOn = (): boolean =>
    next < runs && findings.length === 0 && !isInterrupted() && wallNow() - started < timeMs;

  const lane = async (seat: ExploreSeat): Promise<void> => {
    while (goesOn()) {
      const index = next++;
      const answer = await seat.ask(orderFor('try', index, options));
      figures.runs++;
      figures.wallMs = wallNow() - started;
      if (answer.kind === 'tried') {
        figures.attempts += answer.attempts;
        figures.virtualMs += answer.virtualMs;
      }
      const finding =
        answer.kind === 'tried' ? answer.finding : broken(answer.kind === 'broken' ? answer.message : '');
      if (finding) findings.push({ index, finding });
      options.onProgress?.(figures);
    }
  };

  const seats = Array.from({ length: Math.min(workers, runs) }, () => new ExploreSeat());
  try {
    await Promise.all(seats.map(lane));
    const [first] = findings.sort((a, b) => a.index - b.index);
    if (!first) return { ...figures, interrupted: isInterrupted() };
    options.onFinding?.(first.index, first.finding);
    const discovery = await discover(first, seats[0]!, options);
    return { ...figures, interrupted: isInterrupted(), discovery };
  } finally {
    await Promise.all(seats.map((seat) => seat.stop()));
  }
}

async function discover(
  { index, finding }: { index: number; finding: Finding },
  seat: ExploreSeat,
  options: ExploreOptions,
): Promise<Discovery> {
  const asDrawn = { index, finding, document: drawExperiment(index, options), sizeBefore: 0, size: 0 };
  // What kills its thread would kill it again at every step.
  if (finding.kind === 'broken' || options.signal?.aborted) return asDrawn;
  const answer = await seat.ask(orderFor('shrink', index, options, finding.kind), options.signal);
  if (answer.kind !== 'shrunk') return asDrawn;
  const { document, size, sizeBefore } = answer;
  return { index, finding: answer.finding, document, size, sizeBefore };
}

function orderFor(kind: 'try' | 'shrink', index: number, from: ExploreOptions, failsWith = ''): ExploreOrder {
  const { seed, policies, drawsPolicies = false, faults, folder } = from;
  const options = { seed, policies, drawsPolicies, faults };
  return kind === 'try' ? { kind, index, options, folder } : { kind, index, failsWith, options, folder };
}

function broken(message: string): Finding {
  const failure = { file: 'experiment.yaml', line: 1, column: 1, message, expected: '', actual: '' };
  return { kind: 'broken', failure };
}
