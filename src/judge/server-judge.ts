// Judges a live fleet from what its servers saw: the sender is a process of its own and reports nothing.

import { mailingOf } from '../events/envelope.js';
import type { RunEvent } from '../events/types.js';
import { limitsOf } from '../sender/destination/options.js';
import type { Failure, NotJudged } from '../results/result.js';
import { Tally } from '../results/tally/tally.js';
import { SHARED } from '../simulator/host/shared-host.js';
import type { ExpectationPlan, ScenarioPlan } from '../scenarios/plan.js';
import { neverSeen, partedByServers } from './by-servers.js';
import { checkExpectation } from './expectations.js';
import { figuresOf, type ResultFigures } from './figures.js';
import { violationFailure } from './invariants/failure.js';
import { InvariantChecker } from './invariants/index.js';
import { clockMonotone } from './invariants/clock-monotone.js';
import { suppressedUnseen } from './invariants/suppressed-unseen.js';
import { takenByOwnHost } from './invariants/taken-by-own-host.js';
import { timedAddresses } from './judge.js';

/** Rules about what servers see alone. */
const INVARIANTS = [clockMonotone, suppressedUnseen, takenByOwnHost];

/** Failures of one expectation, by its checks that did not hold. */
interface Moment {
  at: number;
  expectation: ExpectationPlan;
  /** The time that the expectation names, not one at the edge of the tolerance. */
  isNamed: boolean;
}

export interface ServerVerdict {
  failures: Failure[];
  notJudged: NotJudged[];
  /** How many expectations were judged, and addresses that no server may see. */
  judged: number;
  /** Whether any client came: it connected, or looked up a name. */
  hasClients: boolean;
}

export class ServerJudge {
  private readonly tally: Tally;
  private readonly invariants: InvariantChecker;
  private readonly unseen: Set<string>;
  private readonly moments: Moment[];
  /** By the location of a check: its failure, unless it held at some time within the tolerance. */
  private readonly held = new Set<string>();
  private readonly failed = new Map<string, Failure>();
  /** Recipients of messages that were returned as bounces, by mailing. */
  private readonly bounced = new Map<string, Set<string>>();
  private next = 0;
  private hasClients = false;
  private isShared = false;

  /** @param toleranceMs how far times may be off, ms of the fleet */
  constructor(
    private readonly plan: ScenarioPlan,
    private readonly toleranceMs: number,
  ) {
    const { expectations, policy, network } = plan;
    this.tally = new Tally(timedAddresses(expectations));
    this.unseen = neverSeen(plan);
    const { latencyMs } = network;
    const watched = { policy, limits: limitsOf(policy), latencyMs, servers: plan, suppressed: this.unseen };
    this.invariants = new InvariantChecker(watched, INVARIANTS);
    const offsets = [0, -toleranceMs, toleranceMs];
    this.moments = expectations
      .flatMap((expectation) =>
        typeof expectation.at !== 'number'
          ? []
          : offsets.map((by) => ({ at: Number(expectation.at) + by, expectation, isNamed: by === 0 })),
      )
      .sort((a, b) => a.at - b.at);
  }

  /** Reads one event. Bound, so that it can be passed on. */
  readonly read = (event: RunEvent): void => {
    if (event.t > this.tally.now) this.tally.settlePeaks();
    this.checkUntil(event.t);
    if (event.type === 'connection.opened' || event.type === 'dns.answered') this.hasClients = true;
    if (event.type === 'connection.opened' && event.domain === SHARED) this.isShared = true;
    if (event.type === 'message.returned' && event.outcome === 'sent' && event.kind === 'bounce')
      this.returned(event.to, event.rcpt, event.action);
    this.tally.read(event);
    this.invariants.read(event);
  };

  verdict(): ServerVerdict {
    this.tally.settlePeaks();
    this.checkUntil(Infinity);
    const reached = { shared: this.isShared };
    const { judged, notJudged } = partedByServers(this.plan.expectations, reached);
    for (const expectation of judged) if (expectation.at === 'end') this.check(expectation, true);
    const checks = judged.flatMap((expectation) => expectation.checks);
    const failures = checks.flatMap(({ location }) => {
      const key = keyOf(location);
      const failure = this.held.has(key) ? undefined : this.failed.get(key);
      return failure ? [failure] : [];
    });
    const violations = this.invariants.violations.map((one) => violationFailure(one, this.plan.file));
    return {
      failures: [...failures, ...violations],
      notJudged,
      judged: checks.length + this.unseen.size,
      hasClients: this.hasClients,
    };
  }

  figures(): ResultFigures {
    return figuresOf(this.plan, this.tally);
  }

  private checkUntil(t: number): void {
    while (this.next < this.moments.length && t > this.moments[this.next]!.at) {
      const { expectation, isNamed } = this.moments[this.next++]!;
      this.check(expectation, isNamed);
    }
  }

  /** A check at a time holds when it holds at that time, or that far before or after it. */
  private check({ at, checks }: ExpectationPlan, isNamed: boolean): void {
    this.setLateBounces();
    for (const check of checks) {
      const [failure] = checkExpectation({ at, checks: [check] }, this.tally, this.toleranceMs);
      const key = keyOf(check.location);
      if (!failure) this.held.add(key);
      else if (isNamed) this.failed.set(key, failure);
    }
  }

  private returned(to: string, rcpt: string, action: string | undefined): void {
    const mailing = action === 'delayed' ? undefined : mailingOf(to, this.tally.mailings);
    if (mailing === undefined) return;
    const recipients = this.bounced.get(mailing) ?? new Set();
    this.bounced.set(mailing, recipients.add(rcpt));
  }

  /** What the sender makes of the bounce messages is not known: these are the ones that it was given. */
  private setLateBounces(): void {
    for (const [name, recipients] of this.bounced)
      this.tally.mailings.get(name)!.lateBounces = recipients.size;
  }
}

function keyOf({ file, line, column }: { file: string; line: number; column: number }): string {
  return `${file}:${line}:${column}`;
}
