// The worker thread: plays the scenarios that it is sent, one at a time. The virtual clock lives
// in this thread, so the main thread keeps real time and can watch over it.

import { writeFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { BouncelabError, invariant } from '../errors.js';
import { ViewFold } from '../reporters/html/fold.js';
import { runTwice } from './determinism.js';
import { runScenario } from './run.js';
import { unwritable } from './unwritable.js';
import type { PlayOrder, WorkerMessage } from './worker-messages.js';

invariant(parentPort, 'worker.js was started outside a worker thread');
const port = parentPort;
const tell = (message: WorkerMessage): void => port.postMessage(message);

async function play({ plan, viewFile, checkDeterminism, ...options }: PlayOrder): Promise<void> {
  try {
    const onProgress = (progress: { virtualMs: number; attempts: number }): void =>
      tell({ kind: 'progress', progress });
    const player = checkDeterminism ? runTwice : runScenario;
    const view = viewFile === undefined ? undefined : new ViewFold({ policy: plan.policy });
    const watching = view ? { onEvent: view.read } : {};
    const result = await player(plan, { ...options, onProgress, ...watching });
    if (view) writeOutput(viewFile!, JSON.stringify(view.result));
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

function writeOutput(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw unwritable(`cannot write ${file}`, 'choose another folder with --output', error);
  }
}

port.on('message', (order: PlayOrder) => void play(order));
tell({ kind: 'ready' });
