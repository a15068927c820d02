// Plays a scenario a second time and compares its event stream with that of the first run, byte by byte. The
// second run stops at the first event that differs, and the failure shows both versions of that event.

import { closeSync, openSync, readSync } from 'node:fs';
import type { ScenarioPlan } from '../scenarios/plan.js';
import type { Failure, ScenarioResult } from '../results/result.js';
import { runScenario, type RunScenarioOptions } from './run.js';

/** The first difference of two event streams. */
export interface Difference {
  /** Number of the event, from 0. */
  seq: number;
  /** The line of the event in each stream; undefined where the stream ended before it. */
  first: string | undefined;
  second: string | undefined;
}

/** Compares a stream that is being written with one in a file. */
export class StreamComparison {
  difference: Difference | undefined;
  private readonly fd: number;
  private position = 0;
  private seq = 0;

  /** @param file events of the first run, NDJSON */
  constructor(file: string) {
    this.fd = openSync(file, 'r');
  }

  /** Compares the next whole lines of the second stream. */
  write(ndjson: string): void {
    if (this.difference) return;
    const second = Buffer.from(ndjson);
    const first = this.read(second.length);
    if (first.equals(second)) {
      this.position += second.length;
      for (const byte of second) if (byte === NEWLINE) this.seq++;
      return;
    }
    const lines = ndjson.split('\n').slice(0, -1);
    for (const line of lines) {
      const known = this.line();
      if (known !== line) {
        this.difference = { seq: this.seq, first: known, second: line };
        return;
      }
      this.position += Buffer.byteLength(line) + 1;
      this.seq++;
    }
  }

  /** Called when the second stream has ended. @returns the difference; the first stream may have more events */
  end(): Difference | undefined {
    const first = this.difference ? undefined : this.line();
    if (first !== undefined) this.difference = { seq: this.seq, first, second: undefined };
    closeSync(this.fd);
    return this.difference;
  }

  private read(length: number): Buffer {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(this.fd, buffer, 0, length, this.position));
  }

  /** The next line of the first stream. */
  private line(): string | undefined {
    for (let length = 4096; ; length *= 2) {
      const text = this.read(length);
      if (text.length === 0) return undefined;
      const end = text.indexOf(NEWLINE);
      if (end >= 0) return text.toString('utf8', 0, end);
      if (text.length < length) return text.toString('utf8');
    }
  }
}

const NEWLINE = 0x0a;

interface RunAgainOptions extends Pick<RunScenarioOptions, 'wallLimitMs' | 'staysGuarded'> {
  /** Result of the first run, which passed or failed. */
  first: ScenarioResult;
  /** Its events, NDJSON. */
  eventsFile: string;
}

/**
 * Runs a scenario a second time. Writes nothing.
 *
 * @returns the result of the first run, failed if the second one differs; that of the second run, if it was
 *   cut off before it differed
 * @throws what `runScenario` throws
 */
export async function runAgain(
  plan: ScenarioPlan,
  { first, eventsFile, wallLimitMs, staysGuarded }: RunAgainOptions,
): Promise<ScenarioResult> {
  const comparison = new StreamComparison(eventsFile);
  let difference: Difference | undefined;
  let again: ScenarioResult;
  try {
    again = await runScenario(plan, {
      ...(wallLimitMs === undefined ? {} : { wallLimitMs }),
      ...(staysGuarded === undefined ? {} : { staysGuarded }),
      onText: (ndjson) => comparison.write(ndjson),
      stop: () => comparison.difference !== undefined,
    });
  } finally {
    difference = comparison.end();
  }
  if (!difference) return first;
  const isCutOff = again.status === 'inconclusive' && difference.second === undefined;
  return isCutOff ? again : differingResult(first, difference, plan);
}

/** The result of the first run, with the difference as a failure. */
function differingResult(
  result: ScenarioResult,
  { seq, first, second }: Difference,
  { file, seed }: ScenarioPlan,
): ScenarioResult {
  const ended = '(the run had ended)';
  const failure: Failure = {
    file,
    line: 1,
    column: 1,
    invariant: 'determinism',
    message: `two runs with seed ${seed} differ from event ${seq} on`,
    expected: first ?? ended,
    actual: second ?? ended,
    hint: 'something in this run depends on real time, on chance without the seed, or on an earlier run',
  };
  return { ...result, status: 'failed', failures: [...result.failures, failure] };
}
