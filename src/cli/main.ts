#!/usr/bin/env node
// The entry point of the command line: connects the process (arguments, signals, streams, exit code) with
// `program.ts`.

import { writeSync } from 'node:fs';
import { EXIT, type ExitCode } from '../base/errors.js';
import { openFilesProblem } from '../base/open-files.js';
import { processIo } from './io.js';

// Until a command has its exit code, anything that ends the process is a failure, whatever code it ends with.
let isOver = false;
process.exitCode = EXIT.harness;
process.on('exit', () => {
  if (isOver) return;
  process.exitCode = EXIT.harness;
  sayThatItWasCut();
});

const tooFew = openFilesProblem();
if (tooFew) {
  process.stderr.write(`error: ${tooFew.message}\n  ${tooFew.hint}\n`);
  end(tooFew.exitCode);
}
// Loaded only now: with too few open files it cannot be.
const { main } = await import('./program.js');

function catchSignals(): AbortSignal {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // After the first signal a run still reports the scenarios that have ended; the second ends it at once.
      if (interrupt.signal.aborted) end(EXIT.interrupted);
      interrupt.abort();
    });
  }
  return interrupt.signal;
}

let unwritable: NodeJS.ErrnoException | undefined;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A reader may close the pipe (`bouncelab list | head -1`). The run goes on, because its report and its
    // exit code do not depend on the pipe.
    if (error.code !== 'EPIPE') unwritable ??= error;
  });
}

const exitCode = await main(process.argv.slice(2), processIo(catchSignals));
// Wait until all output is flushed.
await Promise.all(
  [process.stdout, process.stderr].map(
    (stream) => new Promise<void>((done) => stream.write('', () => done())),
  ),
);
if (unwritable) process.stderr.write(`error: the output cannot be written: ${unwritable.message}\n`);
end(unwritable && exitCode === EXIT.passed ? EXIT.usage : exitCode);

function end(code: ExitCode): never {
  isOver = true;
  process.exit(code);
}

/** Written at once: nothing that is asynchronous is done any more. */
function sayThatItWasCut(): void {
  try {
    writeSync(2, 'error: the process was ended before the command was over, so that there is no verdict\n');
  } catch {
    // Standard error is closed; the exit code says the same.
  }
}
