// Judges a run from its events: expectations at their times, invariants at every event, and whether the
// run came to its end.

import { addressKey } from '../base/addresses.js';
import type { BouncelabError } from '../base/errors.js';
import type { RunEvent } from '../events/types.js';
import { limitsOf } from '../sender/destination/options.js';
import type { MailingFigures } from '../sender/figures.js';
import type { Commit } from '../sender/store/store.js';
import { checkExpectation } from './expectations.js';
import { faultFailure, type SenderFault } from './fault.js';
import { figuresOf, type ResultFigures } from './figures.js';
import { violationFailure } from './invariants/failure.js';
import { InvariantChecker, INVARIANTS } from './invariants/index.js';
import type { ExpectationPlan, ScenarioPlan, SenderPlan } from '../scenarios/plan.js';
import type { Failure, ScenarioStatus } from '../results/result.js';
import { Tally } from '../results/tally/tally.js';

/** Deliveries that a deadlock names; the others are counted. */
const WAITING_NAMED_MAX = 10;

/** The result of judging a run. */
export interface Judgement {
  verdict: ScenarioStatus;
  failures: Failure[];
}

export class Judge {
  readonly tally: Tally;
  private readonly invariants: InvariantChecker;
  private readonly failures: Failure[] = [];
  /** Expectations at a time, earliest first. */
  private readonly timed: (ExpectationPlan & { at: number })[];
  private readonly atEnd: ExpectationPlan[];
  private next = 0;

  constructor(private readonly plan: ScenarioPlan) {
    const { expectations, policy, network, suppressed = [] } = plan;
    this.tally = new Tally(timedAddresses(expectations));
    const { latencyMs } = network;
    const invariants = plan.sender ? INVARIANTS.filter(({ anySender }) => anySender) : INVARIANTS;
    this.invariants = new InvariantChecker(
      { policy, limits: limitsOf(policy), latencyMs, servers: plan, suppressed: new Set(suppressed) },
      invariants,
    );
    this.timed = expectations
      .filter((expectation): expectation is ExpectationPlan & { at: number } => expectation.at !== 'end')
      .sort((a, b) => a.at - b.at);
    this.atEnd = expectations.filter(({ at }) => at === 'end');
  }

  read(event: RunEvent): void {
    // An event of a later time shows that all events of the last time are read.
    if (event.t > this.tally.now) this.tally.settlePeaks();
    while (this.next < this.timed.length && event.t > this.timed[this.next]!.at)
      this.check(this.timed[this.next++]!);
    this.tally.read(event);
    this.invariants.read(event);
  }

  /** Checks the figures that the sender itself gives of a mailing, at the end of the run. */
  onFigures(mailing: string, own: MailingFigures): void {
    this.invariants.onFigures(mailing, own);
  }

  /** Passes on what the store of the sender has committed, just after it has. */
  onCommit(change: Commit): void {
    this.invariants.onCommit(change);
  }

  verdict(): Judgement {
    this.tally.settlePeaks();
    while (this.next < this.timed.length) this.check(this.timed[this.next++]!);
    for (const expectation of this.atEnd) this.check(expectation);
    const failures = [...this.failures, ...this.violations()];
    return { verdict: failures.length > 0 ? 'failed' : 'passed', failures };
  }

  /** For a run that a fault of the sender ended: the fault, and the failures until then. */
  faulted(fault: SenderFault, sender: SenderPlan): Judgement {
    this.tally.settlePeaks();
    const failures = [faultFailure(fault, sender), ...this.failures, ...this.violations()];
    return { verdict: 'failed', failures };
  }

  /** For a run that did not come to its end: the failures until then, and why it stopped. */
  stopped(plan: ScenarioPlan, error: BouncelabError, waiting: string[]): Judgement {
    this.tally.settlePeaks();
    const named = waiting.slice(0, WAITING_NAMED_MAX);
    const rest = waiting.length - named.length;
    const failure: Failure = {
      file: plan.file,
      line: 1,
      column: 1,
      message: error.message,
      expected: 'every delivery ends',
      actual: waiting.length > 0 ? `${waiting.length} in progress` : 'events went on',
      details: rest > 0 ? [...named, `and ${rest} more`] : named,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    };
    return { verdict: 'inconclusive', failures: [...this.failures, ...this.violations(), failure] };
  }

  figures(): ResultFigures {
    return figuresOf(this.plan, this.tally);
  }

  private violations(): Failure[] {
    return this.invariants.violations.map((violation) => violationFailure(violation, this.plan.file));
  }

  private check(expectation: ExpectationPlan): void {
    this.failures.push(...checkExpectation(expectation, this.tally));
  }
}

/** Keys of the contacts whose times of attempts are compared: those of all others need not be kept. */
export function timedAddresses(expectations: readonly ExpectationPlan[]): Set<string> {
  const checks = expectations.flatMap((expectation) => expectation.checks);
  return new Set(
    checks.flatMap((check) =>
      check.kind === 'attempts' || check.kind === 'seen' ? addressKey(check.address) : [],
    ),
  );
}
