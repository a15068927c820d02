// The worker thread: plays the scenarios that it is sent, one at a time. The virtual clock lives
// in this thread, so the main thread keeps real time and can watch over it.

import { writeFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { BouncelabError, invariant } from '../../../base/errors.js';
import { ViewFold } from '../../../results/view/fold.js';
import { runAgain } from '../../determinism.js';
import type { ScenarioResult } from '../../../results/result.js';
import { runScenario } from '../../run.js';
import { unwritable } from '../../../base/unwritable.js';
import type { Order, PlayOrder, Progress, WorkerMessage } from './messages.js';

invariant(parentPort, 'worker.js was started outside a worker thread');
const port = parentPort;
const tell = (message: WorkerMessage): void => port.postMessage(message);

async function carryOut(order: Order): Promise<void> {
  try {
    const result = order.kind === 'play' ? await play(order) : await runAgain(order.plan, order);
    tell({ kind: 'result', result });
  } catch (error) {
    const hint = error instanceof BouncelabError ? error.hint : undefined;
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
    // A disk that is full is nobody's fault; anything else that the player throws is ours.
    const known = error instanceof BouncelabError && error.code !== 'E_HARNESS';
    const told = known ? message : `the harness failed: ${message}`;
    tell({ kind: 'failed', message: told, stack, ...(hint === undefined ? {} : { hint }) });
  }
}

async function play({ plan, viewFile, ...options }: PlayOrder): Promise<ScenarioResult> {
  const onProgress = (progress: Progress): void => tell({ kind: 'progress', progress });
  const view = viewFile === undefined ? undefined : new ViewFold({ policy: plan.policy });
  const watching = view ? { onEvent: view.read } : {};
  const result = await runScenario(plan, { ...options, onProgress, ...watching });
  if (view) writeOutput(viewFile!, JSON.stringify(view.result));
  return result;
}

function writeOutput(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw unwritable(`cannot write ${file}`, 'choose another folder with --output', error);
  }
}

port.on('message', (order: Order) => void carryOut(order));
tell({ kind: 'ready' });
