#!/usr/bin/env node
// The entry of the command line: one process, one command, one exit code.

import { EXIT } from '../base/errors.js';
import { processIo } from './io.js';
import { main } from './program.js';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The first lets the run report what has ended, the second does not wait for that.
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
    interrupt.abort();
  });
}

let unwritable: NodeJS.ErrnoException | undefined;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads our output may stop reading (`bouncelab list | head -1`); a run goes on, since
    // its report and its exit code are read elsewhere.
    if (error.code !== 'EPIPE') unwritable ??= error;
  });
}

const exitCode = await main(process.argv.slice(2), processIo(interrupt.signal));
// What was written leaves the process first.
await Promise.all(
  [process.stdout, process.stderr].map(
    (stream) => new Promise<void>((done) => stream.write('', () => done())),
  ),
);
if (unwritable) process.stderr.write(`error: the output cannot be written: ${unwritable.message}\n`);
process.exit(unwritable && exitCode === EXIT.passed ? EXIT.usage : exitCode);
