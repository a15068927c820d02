#!/usr/bin/env node
// The entry point of the command line: connects the process (arguments, signals, streams, exit code) with
// `program.ts`.

import { writeSync } from 'node:fs';
import { EXIT, type ExitCode } from '../base/errors.js';
import { openFilesProblem } from '../base/open-files.js';
import { setRealTimeout } from '../clock/system.js';
import { processIo } from './io.js';

/** Real time in which some output must be read after a signal, ms. */
const STUCK_MS = 1000;

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

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const interrupt = new AbortController();
let isCatching = false;

function interrupted(): void {
  // After the first signal a run still reports the scenarios that have ended; the second ends it at once.
  if (interrupt.signal.aborted) end(EXIT.interrupted);
  interrupt.abort();
}

function catchSignals(): AbortSignal {
  isCatching = true;
  for (const signal of SIGNALS) process.on(signal, interrupted);
  return interrupt.signal;
}

function uncaught<T>(work: () => T): T {
  if (!isCatching) return work();
  const { stdin } = process;
  const { isRaw } = stdin;
  // A terminal in raw mode makes a key of Ctrl-C, and not a signal.
  if (isRaw) stdin.setRawMode(false);
  for (const signal of SIGNALS) process.off(signal, interrupted);
  try {
    return work();
  } finally {
    for (const signal of SIGNALS) process.on(signal, interrupted);
    if (isRaw) stdin.setRawMode(true);
  }
}

/** Calls back when nothing of the output was read for a while. */
function whenStuck(stream: NodeJS.WriteStream, then: () => void): void {
  const waiting = stream.writableLength;
  setRealTimeout(() => {
    if (stream.writableLength < waiting) return whenStuck(stream, then);
    if (waiting > 0) unwritable ??= new Error('it is not read');
    then();
  }, STUCK_MS);
}

let unwritable: NodeJS.ErrnoException | undefined;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A reader may close the pipe (`bouncelab list | head -1`). The run goes on, because its report and its
    // exit code do not depend on the pipe.
    if (error.code !== 'EPIPE') unwritable ??= error;
  });
}

const exitCode = await main(process.argv.slice(2), processIo(catchSignals, uncaught));
// Wait until all output is read. After a signal, one that is not read is no reason to stay.
await Promise.all(
  [process.stdout, process.stderr].map(
    (stream) =>
      new Promise<void>((done) => {
        stream.write('', () => done());
        if (interrupt.signal.aborted) whenStuck(stream, done);
      }),
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
