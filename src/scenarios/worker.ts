// The worker thread: plays the scenarios that it is sent, one at a time. The virtual clock lives
// in this thread, so the main thread keeps real time and can watch over it.

import { parentPort } from 'node:worker_threads';
import { BouncelabError, invariant } from '../errors.js';
import { runTwice } from './determinism.js';
import { runScenario } from './run.js';
import type { PlayOrder, WorkerMessage } from './worker-messages.js';

invariant(parentPort, 'worker.js was started outside a worker thread');
const port = parentPort;
const tell = (message: WorkerMessage): void => port.postMessage(message);

async function play({ plan, eventsFile, wallLimitMs, checkDeterminism }: PlayOrder): Promise<void> {
  try {
    const onProgress = (progress: { virtualMs: number; attempts: number }): void =>
      tell({ kind: 'progress', progress });
    const player = checkDeterminism ? runTwice : runScenario;
    tell({ kind: 'result', result: await player(plan, { eventsFile, wallLimitMs, onProgress }) });
  } catch (error) {
    const hint = error instanceof BouncelabError ? error.hint : undefined;
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
    // A disk that is full is nobody's fault; anything else that the player throws is ours.
    const known = error instanceof BouncelabError && error.code !== 'E_HARNESS';
    const told = known ? message : `the harness failed: ${message}`;
    tell({ kind: 'failed', message: told, stack, ...(hint === undefined ? {} : { hint }) });
  }
}

port.on('message', (order: PlayOrder) => void play(order));
tell({ kind: 'ready' });
