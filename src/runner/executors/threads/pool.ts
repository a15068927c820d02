// The executor: a pool of worker threads. It turns whatever happens to a worker into a result of
// the one scenario that it played, and watches over real time from outside, since a scenario that
// spins cannot watch over itself.

import { availableParallelism } from 'node:os';
import type { ResourceLimits } from 'node:worker_threads';
import { wallNow } from '../../../clock/system.js';
import { builtModule } from '../../../base/package-root.js';
import { formatDuration } from '../../../base/units.js';
import type { ScenarioPlan, SenderPlan } from '../../../scenarios/plan.js';
import type { ScenarioResult } from '../../../results/result.js';
import { endedResult, faultedResult, type Used } from '../../unplayed.js';
import type { Order, Progress } from './messages.js';
import { WorkerSeat, type SeatEnd } from './thread.js';

/** One scenario to play. */
export interface Job {
  plan: ScenarioPlan;
  /** Where its events are written, NDJSON. */
  eventsFile: string;
  /** Where what they come to is left for the page of the run; absent: nowhere. */
  viewFile?: string;
  onProgress(progress: Progress): void;
}

/** Plays scenarios somewhere. */
export interface Executor {
  /** How many scenarios it plays at once; more calls of `play` than this are a mistake. */
  readonly workers: number;
  /** Never rejects. @returns undefined when it was stopped before the scenario ended */
  play(job: Job): Promise<ScenarioResult | undefined>;
  /** Ends at once what is running, and frees everything. */
  stop(): Promise<void>;
}

export interface WorkerPoolOptions {
  workers: number;
  /** Real time that one scenario may use, ms. */
  wallLimitMs: number;
  /** Real time that a scenario gets beyond its limit to end by itself and explain why, ms. */
  graceMs?: number;
  /** CSV file for the contacts after the run, when there is one scenario. */
  contactsFile?: string;
  /** Play each scenario twice, and fail it when the two differ. */
  checkDeterminism?: boolean;
  /** The worker's module; default: the one that plays scenarios. */
  workerUrl?: URL;
  resourceLimits?: ResourceLimits;
  /** Told what workers print and the stack traces of their failures, for debugging. */
  log?: (text: string) => void;
}

const OUR_FAULT = 'this is a fault of Bouncelab, not of the scenario; --debug shows more';
const MORE_MEMORY =
  'give Node more memory, such as NODE_OPTIONS=--max-old-space-size=8192, or use fewer --workers';

/** One worker a core. */
export function defaultWorkers(): number {
  return availableParallelism();
}

/** Worker threads that play one scenario at a time each, started when they are needed. */
export class WorkerPool implements Executor {
  readonly workers: number;
  readonly #options: WorkerPoolOptions;
  readonly #idle: WorkerSeat[] = [];
  readonly #all = new Set<WorkerSeat>();
  #stopped = false;

  constructor(options: WorkerPoolOptions) {
    this.workers = options.workers;
    this.#options = options;
  }

  async play(job: Job): Promise<ScenarioResult | undefined> {
    const { plan, eventsFile, viewFile } = job;
    const startedAt = wallNow();
    let virtualMs = 0;
    const used = (): Used => ({ wallMs: wallNow() - startedAt, virtualMs });
    const { wallLimitMs, contactsFile, checkDeterminism = false } = this.#options;
    const order: Order = {
      kind: 'play',
      plan,
      eventsFile,
      wallLimitMs,
      ...(viewFile && { viewFile }),
      ...(contactsFile && { contactsFile }),
    };
    const first = await this.#carryOut(order, (progress) => {
      virtualMs = progress.virtualMs;
      job.onProgress(progress);
    });
    if (!checkDeterminism || !isOver(first)) return this.#result(plan, first, used());
    const repeat: Order = { kind: 'repeat', plan, first: first.result, eventsFile, wallLimitMs };
    return this.#result(plan, await this.#carryOut(repeat), used());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#all].map((seat) => this.#dismiss(seat)));
  }

  async #carryOut(order: Order, onProgress: (progress: Progress) => void = () => {}): Promise<SeatEnd> {
    if (this.#stopped) return { kind: 'stopped' };
    const seat = this.#takeSeat();
    const end = await seat.carryOut(order, onProgress);
    // After anything unusual the thread may hold leftovers, so that the next scenario gets a new one. So may
    // it after a sender that is not ours: the modules that it brought along, and whatever they changed.
    const isClean = isOver(end) && !order.plan.sender;
    if (isClean && !seat.broken) this.#idle.push(seat);
    else await this.#dismiss(seat);
    return end;
  }

  #takeSeat(): WorkerSeat {
    for (let seat = this.#idle.pop(); seat; seat = this.#idle.pop()) {
      if (!seat.broken) return seat;
      this.#all.delete(seat);
    }
    const {
      workerUrl = builtModule('runner/executors/threads/worker.js'),
      wallLimitMs,
      graceMs = 1000,
      resourceLimits,
      log,
    } = this.#options;
    const seat = new WorkerSeat(workerUrl, { limitMs: wallLimitMs + graceMs, resourceLimits, log });
    this.#all.add(seat);
    return seat;
  }

  async #dismiss(seat: WorkerSeat): Promise<void> {
    this.#all.delete(seat);
    await seat.stop();
  }

  #result(plan: ScenarioPlan, end: SeatEnd, used: Used): ScenarioResult | undefined {
    const { sender } = plan;
    switch (end.kind) {
      case 'result':
        return end.result;
      case 'stopped':
        return undefined;
      case 'failed': {
        this.#options.log?.(end.stack);
        const hint = end.hint ?? (sender ? faultOf(sender) : OUR_FAULT);
        return endedResult(plan, { status: 'error', message: end.message, hint, ...used });
      }
      case 'crashed': {
        this.#options.log?.(end.stack);
        const memory = end.outOfMemory ? { hint: MORE_MEMORY } : {};
        const message = `the worker that played it ended: ${end.message}`;
        return sender
          ? faultedResult(plan, sender, { message, details: [], ...memory }, used)
          : endedResult(plan, { status: 'error', message, hint: OUR_FAULT, ...memory, ...used });
      }
      case 'timeout':
        return endedResult(plan, {
          status: 'inconclusive',
          message:
            `${sender ? `the sender ${sender.name} kept its thread busy: ` : ''}` +
            `it used more than ${formatDuration(this.#options.wallLimitMs)} of real time and was stopped; ` +
            `its virtual time was at ${formatDuration(used.virtualMs)} when last heard of`,
          hint: 'if it only needs longer, allow it with --timeout, such as --timeout 10m',
          ...used,
        });
    }
  }
}

/** Whether the scenario came to its end, whatever is thought of it. */
function isOver(end: SeatEnd): end is SeatEnd & { kind: 'result' } {
  return end.kind === 'result' && (end.result.status === 'passed' || end.result.status === 'failed');
}

/** A failure of ours in a thread in which somebody else's module plays too. */
function faultOf({ name }: SenderPlan): string {
  return (
    `the sender ${name} plays in the same thread and may have changed what belongs to JavaScript or Node; ` +
    'if it has not, this is a fault of Bouncelab; --debug shows more'
  );
}
