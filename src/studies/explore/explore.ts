// Explores: draws and plays experiments on all workers until the given number has run, time is up, or one
// fails. The result is the experiment that failed, made as small as possible.

import { wallNow } from '../../clock/system.js';
import type { ScenarioDocument } from './document.js';
import { drawExperiment, type ExperimentOptions } from './experiment.js';
import { ExploreLane } from './lane.js';
import type { ExploreJob } from './messages.js';
import type { TrialFinding } from './trial.js';

interface ExploreOptions extends ExperimentOptions {
  runs: number;
  /** Real ms after which no further experiment is started. */
  timeMs: number;
  workers: number;
  /** Folder to which paths in an experiment are relative. */
  folder: string;
  onProgress?: (progress: ExploreFigures) => void;
  /** Called when an experiment failed and is about to be made smaller. */
  onFinding?: (index: number, finding: TrialFinding) => void;
  /** Ends the exploration early; the figures until then are returned. */
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
  finding: TrialFinding;
  document: ScenarioDocument;
  /** Numbers of values in the scenario as drawn and in `document`; both 0 when it was not made smaller. */
  sizeBefore: number;
  size: number;
}

export interface ExploreResult extends ExploreFigures {
  /** The failure with the lowest number among those found. */
  discovery?: Discovery;
  interrupted: boolean;
}

/** Never rejects because of what an experiment does: that is its finding. */
export async function explore(options: ExploreOptions): Promise<ExploreResult> {
  const { runs, timeMs, workers, signal } = options;
  const started = wallNow();
  const figures = { runs: 0, attempts: 0, virtualMs: 0, wallMs: 0 };
  const findings: { index: number; finding: TrialFinding }[] = [];
  let next = 0;
  const isInterrupted = (): boolean => signal?.aborted ?? false;
  const goesOn = (): boolean =>
    next < runs && findings.length === 0 && !isInterrupted() && wallNow() - started < timeMs;

  const playOn = async (lane: ExploreLane): Promise<void> => {
    while (goesOn()) {
      const index = next++;
      const answer = await lane.carryOut(jobFor('try', index, options));
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

  const lanes = Array.from({ length: Math.min(workers, runs) }, () => new ExploreLane());
  try {
    await Promise.all(lanes.map(playOn));
    const [first] = findings.sort((a, b) => a.index - b.index);
    if (!first) return { ...figures, interrupted: isInterrupted() };
    options.onFinding?.(first.index, first.finding);
    const discovery = await discover(first, lanes[0]!, options);
    return { ...figures, interrupted: isInterrupted(), discovery };
  } finally {
    await Promise.all(lanes.map((lane) => lane.stop()));
  }
}

async function discover(
  { index, finding }: { index: number; finding: TrialFinding },
  lane: ExploreLane,
  options: ExploreOptions,
): Promise<Discovery> {
  const asDrawn = { index, finding, document: drawExperiment(index, options), sizeBefore: 0, size: 0 };
  // An experiment that ends its thread would end it again at every step.
  if (finding.kind === 'broken' || options.signal?.aborted) return asDrawn;
  const answer = await lane.carryOut(jobFor('shrink', index, options, finding.kind), options.signal);
  if (answer.kind !== 'shrunk') return asDrawn;
  const { document, size, sizeBefore } = answer;
  return { index, finding: answer.finding, document, size, sizeBefore };
}

function jobFor(kind: ExploreJob['kind'], index: number, from: ExploreOptions, failsWith = ''): ExploreJob {
  const { seed, policies, drawsPolicies = false, faults, folder } = from;
  const options = { seed, policies, drawsPolicies, faults };
  return kind === 'try' ? { kind, index, options, folder } : { kind, index, failsWith, options, folder };
}

function broken(message: string): TrialFinding {
  const failure = { file: 'experiment.yaml', line: 1, column: 1, message, expected: '', actual: '' };
  return { kind: 'broken', failure };
}
