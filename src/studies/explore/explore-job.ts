// The module that worker threads load to explore: draws, plays and shrinks experiments. The virtual clock
// is installed in the worker's thread.

import { invariant } from '../../base/errors.js';
import { sizeOf, type ScenarioDocument } from './document.js';
import { INVARIANTS } from '../../judge/invariants/index.js';
import { drawExperiment, endsInCalm } from './experiment.js';
import type { CarryOut } from '../../runner/executors/messages.js';
import type { ExploreAnswer, ExploreJob } from './messages.js';
import { shrink } from './shrink.js';
import { planOf, playTrial, type TrialFinding, type TrialResult } from './trial.js';

/** Smaller scenarios tried for one that failed; each takes a few milliseconds. */
const TRIES_MAX = 3000;

export const carryOut: CarryOut<ExploreJob, never, ExploreAnswer> = async (job) => {
  const document = drawExperiment(job.index, job.options);
  if (job.kind === 'try') return { kind: 'tried', ...(await tried(document, job)) };
  // An invariant must hold at any time. What is expected at the end holds only after a calm.
  const isInvariant = INVARIANTS.some(({ name }) => name === job.failsWith);
  const smallest = await shrink(document, {
    triesMax: TRIES_MAX,
    fails: async (candidate) =>
      (isInvariant || endsInCalm(candidate, document)) &&
      (await findingOf(candidate, job.folder))?.kind === job.failsWith,
  });
  const finding = await findingOf(smallest, job.folder);
  invariant(finding, `experiment ${job.index} failed when it was drawn and passes now`);
  return {
    kind: 'shrunk',
    document: smallest,
    finding,
    sizeBefore: sizeOf(document),
    size: sizeOf(smallest),
  };
};

async function tried(document: ScenarioDocument, { index, folder }: ExploreJob): Promise<TrialResult> {
  const plan = planOf(document, folder);
  invariant(plan, `experiment ${index} is not a valid scenario: this is a fault of the generator`);
  return playTrial(plan);
}

async function findingOf(document: ScenarioDocument, folder: string): Promise<TrialFinding | undefined> {
  const plan = planOf(document, folder);
  return plan && (await playTrial(plan)).finding;
}
