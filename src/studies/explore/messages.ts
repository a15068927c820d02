// What an exploration and its workers say to each other. Plain data: it is cloned on the way.

import type { ScenarioDocument } from './document.js';
import type { ExperimentOptions } from './experiment.js';
import type { Finding } from './trial.js';

/** To a worker, which does one at a time. */
export type ExploreOrder =
  | { kind: 'try'; index: number; options: ExperimentOptions; folder: string }
  /** Make the experiment of this number smaller while it fails in the same way. */
  | { kind: 'shrink'; index: number; failsWith: string; options: ExperimentOptions; folder: string };

/** From a worker: the end of what it was told to do. */
export type ExploreAnswer =
  | { kind: 'tried'; attempts: number; virtualMs: number; finding?: Finding }
  | { kind: 'shrunk'; document: ScenarioDocument; finding: Finding; sizeBefore: number; size: number }
  | { kind: 'broken'; message: string };
