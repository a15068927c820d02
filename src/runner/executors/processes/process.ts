// A worker that is a process of its own, for a job with code that is not ours: whatever that code does to its
// process, this one goes on. Node itself refuses to let it start processes and threads.

import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { builtModule } from '../../../base/package-root.js';
import type { WorkerMessage } from '../messages.js';
import { JobWorker, type WorkerOptions } from '../worker.js';
import { endWithUs } from './ending.js';
import { FrameReader, frameOf, PIPE_FD, TAG_BYTES } from './frames.js';
import { nodeEnvironment, nodeOptions } from './node-options.js';

/** The end of what a process wrote to its standard error that is kept to explain its end, characters. */
const LAST_WORDS_MAX = 4000;

export class WorkerProcess<Job, Report, Result> extends JobWorker<Job, Report, Result> {
  private readonly child: ChildProcess;
  private readonly pipe: Duplex;
  private readonly closed: Promise<void>;
  private readonly tag = randomBytes(TAG_BYTES);
  private lastWords = '';

  constructor(options: WorkerOptions) {
    super(options);
    this.child = start(options);
    this.pipe = this.child.stdio[PIPE_FD] as Duplex;
    this.closed = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        this.onClose(code, signal);
        resolve();
      });
      this.child.once('error', (error) => {
        this.crash(`it could not be started: ${error.message}`);
        // Without a process there is no `close`.
        if (this.child.pid === undefined) resolve();
      });
    });
    this.listen();
  }

  protected override post(job: Job): void {
    this.pipe.write(frameOf(this.tag, job));
  }

  protected override async terminate(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.closed;
  }

  private listen(): void {
    const { log } = this.options;
    const reader = new FrameReader(this.tag);
    // It may end while the job is written to it; `close` says how it ended.
    this.pipe.on('error', () => undefined);
    this.pipe.on('data', (chunk: Buffer) => {
      if (this.broken) return;
      try {
        for (const message of reader.push(chunk)) this.onMessage(message as WorkerMessage<Report, Result>);
      } catch {
        this.crash('something other than Bouncelab wrote to the pipe over which its result is sent');
      }
    });
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => log?.(text));
    this.child.stderr!.on('data', (text: string) => {
      this.lastWords = (this.lastWords + text).slice(-LAST_WORDS_MAX);
    });
  }

  private onClose(code: number | null, signal: NodeJS.Signals | null): void {
    const outOfMemory = /heap out of memory/.test(this.lastWords);
    const how = signal === null ? `it exited with code ${code}` : `it was ended by the signal ${signal}`;
    this.crash(outOfMemory ? 'it ran out of memory' : how, this.lastWords, outOfMemory);
  }
}

function start({ module, resourceLimits }: WorkerOptions): ChildProcess {
  const entry = fileURLToPath(builtModule('runner/executors/processes/entry.js'));
  const options = nodeOptions(resourceLimits?.maxOldGenerationSizeMb);
  const child = spawn(process.execPath, [...options, entry, module.href], {
    env: nodeEnvironment(),
    // Its output is captured, so that our standard output stays clean for programs that read it.
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C in a terminal is for this process, which decides what becomes of the other.
    detached: process.platform !== 'win32',
  });
  endWithUs(child);
  return child;
}
