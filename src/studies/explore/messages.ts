// Jobs of an exploration and their answers. Plain data: they are cloned on the way to and from a worker thread.

import type { ScenarioDocument } from './document.js';
import type { ExperimentOptions } from './experiment.js';
import type { TrialFinding } from './trial.js';

export type ExploreJob =
  /** Draw the experiment of this number and play it. */
  | { kind: 'try'; index: number; options: ExperimentOptions; folder: string }
  /** Make the experiment of this number smaller, as long as it fails in the same way. */
  | { kind: 'shrink'; index: number; failsWith: string; options: ExperimentOptions; folder: string };

export type ExploreAnswer =
  | { kind: 'tried'; attempts: number; virtualMs: number; finding?: TrialFinding }
  | { kind: 'shrunk'; document: ScenarioDocument; finding: TrialFinding; sizeBefore: number; size: number }
  /** The job threw, its thread ended, or it took too long. */
  | { kind: 'broken'; message: string };
