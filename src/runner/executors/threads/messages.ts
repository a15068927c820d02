// What the main thread and a worker say to each other. Plain data: it is cloned on the way.

import type { ScenarioPlan } from '../../../scenarios/plan.js';
import type { ScenarioResult } from '../../../results/result.js';

/** How far a scenario has come. */
export interface Progress {
  virtualMs: number;
  attempts: number;
}

/** From the main thread. A worker plays one scenario at a time. */
export type Order = PlayOrder | RepeatOrder;

/** Play this one. */
export interface PlayOrder {
  kind: 'play';
  plan: ScenarioPlan;
  eventsFile: string;
  /** Where what the events come to is left for the page of the run; absent: nowhere. */
  viewFile?: string;
  wallLimitMs: number;
  /** Where the contacts go as they are in the end, CSV. */
  contactsFile?: string;
}

/** Play this one again, and hold its events against those of the first run. */
export interface RepeatOrder {
  kind: 'repeat';
  plan: ScenarioPlan;
  /** What the first run came to, and where it wrote its events. */
  first: ScenarioResult;
  eventsFile: string;
  wallLimitMs: number;
}

/** From a worker. `ready` once, when it is loaded; then for each order progress and one end. */
export type WorkerMessage =
  | { kind: 'ready' }
  | { kind: 'progress'; progress: Progress }
  | { kind: 'result'; result: ScenarioResult }
  /** The player failed: a bug of ours, or a disk that is full. `message` is a whole sentence. */
  | { kind: 'failed'; message: string; hint?: string; stack: string };
