// A worker of an exploration: draws, plays and shrinks experiments, one after the other. The virtual
// clock lives in this thread.

import { parentPort } from 'node:worker_threads';
import { invariant } from '../../base/errors.js';
import { sizeOf, type ScenarioDocument } from './document.js';
import { INVARIANTS } from '../../judge/invariants/index.js';
import { drawExperiment, endsInCalm } from './experiment.js';
import type { ExploreAnswer, ExploreOrder } from './messages.js';
import { shrink } from './shrink.js';
import { planOf, play, type Finding, type TrialResult } from './trial.js';

/** Smaller scenarios tried for one that failed; each takes a few milliseconds. */
const TRIES_MAX = 3000;

invariant(parentPort, 'worker.js was started outside a worker thread');
const port = parentPort;

async function answer(order: ExploreOrder): Promise<ExploreAnswer> {
  const document = drawExperiment(order.index, order.options);
  if (order.kind === 'try') return { kind: 'tried', ...(await tried(document, order)) };
  // What must hold always needs no calm to be judged by; what is expected in the end does.
  const isInvariant = INVARIANTS.some(({ name }) => name === order.failsWith);
  const smallest = await shrink(document, {
    triesMax: TRIES_MAX,
    fails: async (candidate) =>
      (isInvariant || endsInCalm(candidate, document)) &&
      (await findingOf(candidate, order.folder))?.kind === order.failsWith,
  });
  const finding = await findingOf(smallest, order.folder);
  invariant(finding, `experiment ${order.index} failed when it was drawn and passes now`);
  return {
    kind: 'shrunk',
    document: smallest,
    finding,
    sizeBefore: sizeOf(document),
    size: sizeOf(smallest),
  };
}

async function tried(document: ScenarioDocument, { index, folder }: ExploreOrder): Promise<TrialResult> {
  const plan = planOf(document, folder);
  invariant(plan, `experiment ${index} is not a valid scenario: what draws it is at fault`);
  return play(plan);
}

async function findingOf(document: ScenarioDocument, folder: string): Promise<Finding | undefined> {
  const plan = planOf(document, folder);
  return plan && (await play(plan)).finding;
}

port.on('message', (order: ExploreOrder) => {
  void answer(order)
    .catch((error: unknown) => ({
      kind: 'broken' as const,
      message: error instanceof Error ? error.message : String(error),
    }))
    .then((reply) => port.postMessage(reply));
});
