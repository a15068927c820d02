// The entry of every worker process: reads one job from the pipe, loads the module that the process was started
// for, and lets it carry out the job. It reads and writes the pipe synchronously, so that nothing that is
// reported is lost when the process ends a moment later, and so that the pipe is no part of the event loop.

import fs from 'node:fs';
import { deserialize } from 'node:v8';
import { failureOf, type CarryOut, type WorkerMessage } from '../messages.js';
import { frameOf, HEAD_BYTES, lengthOf, PIPE_FD, TAG_BYTES } from './frames.js';

// Kept here: a module that plays in this process may replace functions of node:fs.
const { readSync, writeSync } = fs;

const head = read(HEAD_BYTES);
// Not exported: only this file can write frames that are taken.
const tag = Uint8Array.from(head.subarray(0, TAG_BYTES));
const job: unknown = deserialize(read(lengthOf(head)));

const { carryOut } = (await import(process.argv[2]!)) as { carryOut: CarryOut<unknown, unknown, unknown> };
post({ kind: 'ready' });
carryOut(job, (report) => post({ kind: 'report', report })).then(
  (result) => post({ kind: 'done', result }),
  (error: unknown) => post(failureOf(error)),
);

function read(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length;) {
    const count = readSync(PIPE_FD, bytes, done, length - done, null);
    if (count === 0) throw new Error('Bouncelab ended before it gave this process a job');
    done += count;
  }
  return bytes;
}

function post(message: WorkerMessage<unknown, unknown>): void {
  const frame = frameOf(tag, message);
  for (let done = 0; done < frame.length;) done += writeSync(PIPE_FD, frame, done);
}
