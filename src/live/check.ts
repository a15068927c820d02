// The verdict on a live fleet, in the form of a scenario's result: events from its servers, judged by the scenario.

import { formatDuration } from '../base/units.js';
import { EventLog } from '../events/log.js';
import type { Fact, RunEvent } from '../events/types.js';
import { ServerJudge } from '../judge/server-judge.js';
import type { Failure, ScenarioResult, ScenarioStatus } from '../results/result.js';
import type { ScenarioPlan } from '../scenarios/plan.js';

/** Wire in events and results. */
const WIRE = 'live';

interface LiveCheckOptions {
  plan: ScenarioPlan;
  /** How far times may be off, ms of the fleet. */
  toleranceMs: number;
  speed: number;
  /** Called with every event. */
  onEvent?: (event: RunEvent) => void;
  /** Called with the events as NDJSON, in blocks of whole lines. */
  write?: (ndjson: string) => void;
}

export class LiveCheck {
  private readonly judge: ServerJudge;
  private readonly log: EventLog;
  private now = 0;

  constructor(private readonly options: LiveCheckOptions) {
    const { plan, toleranceMs, onEvent, write } = options;
    this.judge = new ServerJudge(plan, toleranceMs);
    this.log = new EventLog({
      now: () => this.now,
      readers: [this.judge.read, ...(onEvent ? [onEvent] : [])],
      ...(write ? { write } : {}),
    });
    const { name: scenario, seed, policy, mailings } = plan;
    this.log.emit({ type: 'run.started', format: 1, scenario, seed, policy: policy.name, wire: WIRE });
    // Which one a message belongs to is seen by its return path.
    for (const { name, kind } of mailings) this.log.emit({ type: 'mailing.building', mailing: name, kind });
  }

  /** Reads one fact of the fleet. Bound, so that it can be passed on. */
  readonly read = (fact: Fact, t: number): void => {
    this.now = Math.max(this.now, t);
    this.log.emit(fact);
  };

  /**
   * Ends the check.
   *
   * @param elapsedMs how long the fleet was open, ms of the fleet
   * @param lagMs the most that it was late, ms of real time
   * @param wallMs how long it was open, ms of real time
   */
  end({ elapsedMs, lagMs, wallMs }: { elapsedMs: number; lagMs: number; wallMs: number }): ScenarioResult {
    const { plan } = this.options;
    this.now = Math.max(this.now, Math.round(elapsedMs));
    this.log.emit({ type: 'run.ended', reason: 'idle' });
    const { failures, notJudged, judged, hasClients } = this.judge.verdict();
    const doubt = this.doubtOf({ lagMs, judged, hasClients });
    const failed: ScenarioStatus = failures.length > 0 ? 'failed' : 'passed';
    return {
      file: plan.file,
      name: plan.name,
      status: doubt ? 'inconclusive' : failed,
      seed: plan.seed,
      policy: plan.policy.name,
      wire: WIRE,
      wallMs: Math.round(wallMs),
      virtualMs: this.now,
      fingerprint: this.log.close(),
      failures: doubt ? [...failures, { file: plan.file, line: 1, column: 1, ...doubt }] : failures,
      // A fleet is served for as long as its sender takes: a behavior that did not act may act next time.
      warnings: [],
      ...(notJudged.length > 0 ? { notJudged } : {}),
      ...this.judge.figures(),
    };
  }

  /** Why there is no verdict. */
  private doubtOf(seen: {
    lagMs: number;
    judged: number;
    hasClients: boolean;
  }): Omit<Failure, 'file' | 'line' | 'column'> | undefined {
    const { speed, toleranceMs } = this.options;
    if (seen.judged === 0) {
      const hint = 'servers can judge `seen`, `servers`, `placement`, and addresses that are not to be seen';
      return {
        message: 'nothing that this scenario expects can be judged by its servers',
        expected: '',
        actual: '',
        hint,
      };
    }
    if (!seen.hasClients) {
      const hint = 'check that the sender is led to the addresses that are printed at the start';
      return { message: 'no client came', expected: 'a sender', actual: 'no connection and no lookup', hint };
    }
    const late = seen.lagMs * speed;
    if (speed === 1 || late <= toleranceMs) return undefined;
    const better = Math.max(1, Math.floor(toleranceMs / seen.lagMs));
    return {
      message: `this machine was ${Math.ceil(seen.lagMs)} ms late, which is ${formatDuration(late)} at speed ${speed}`,
      expected: `at most ${formatDuration(toleranceMs)}`,
      actual: formatDuration(late),
      hint: `--speed ${better} would do, or a larger --tolerance`,
    };
  }
}
