// The entry of every worker thread: loads the module that it was started with and lets it carry out jobs,
// one at a time.

import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '../../../base/errors.js';
import { failureOf, type CarryOut, type WorkerMessage } from '../messages.js';

invariant(parentPort, 'entry.js was started outside a worker thread');

const port = parentPort;
const post = (message: WorkerMessage<unknown, unknown>): void => port.postMessage(message);

const { module } = workerData as { module: string };
const { carryOut } = (await import(module)) as { carryOut: CarryOut<unknown, unknown, unknown> };

port.on('message', (job: unknown) => {
  carryOut(job, (report) => post({ kind: 'report', report })).then(
    (result) => post({ kind: 'done', result }),
    (error: unknown) => post(failureOf(error)),
  );
});
post({ kind: 'ready' });
