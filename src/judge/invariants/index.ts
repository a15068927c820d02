// The table of invariants, and the checker that applies them to every event of a run. To add one, write
// its file and list it here.

import type { FactType, RunEvent } from '../../events/types.js';
import type { MailingFigures } from '../../sender/figures.js';
import type { Commit } from '../../sender/store/store.js';
import { activeOnly } from './active-only.js';
import { attemptsNumbered } from './attempts-numbered.js';
import { budgetAndWindow } from './budget-and-window.js';
import { clockMonotone } from './clock-monotone.js';
import { completedWhenEmpty } from './completed-when-empty.js';
import { conservation } from './conservation.js';
import { deliveredMeansAccepted } from './delivered-means-accepted.js';
import { exactGrid } from './exact-grid.js';
import { furtherConnectionUncharged } from './further-connection-uncharged.js';
import { History } from './run-history.js';
import type { Breach, Invariant, Watch, Watched } from './invariant.js';
import { idleCloseUncharged } from './idle-close-uncharged.js';
import { limits } from './limits.js';
import { nothingLeft } from './nothing-left.js';
import { oneAcceptance } from './one-acceptance.js';
import { oneInFlight } from './one-in-flight.js';
import { outcomeFollowsCode } from './outcome-follows-code.js';
import { senderFiguresMatch } from './sender-figures-match.js';
import { repliesWereGiven } from './replies-were-given.js';
import { storedFirst } from './stored-first.js';
import { streak } from './streak.js';
import { suppressedUnseen } from './suppressed-unseen.js';
import { takenByOwnHost } from './taken-by-own-host.js';
import { terminalAbsorbing } from './terminal-absorbing.js';
import { withdrawnAtOnce } from './withdrawn-at-once.js';

/** All invariants, in the order in which they are checked. */
export const INVARIANTS: readonly Invariant[] = [
  clockMonotone,
  conservation,
  terminalAbsorbing,
  activeOnly,
  suppressedUnseen,
  withdrawnAtOnce,
  exactGrid,
  budgetAndWindow,
  oneInFlight,
  attemptsNumbered,
  outcomeFollowsCode,
  deliveredMeansAccepted,
  takenByOwnHost,
  oneAcceptance,
  repliesWereGiven,
  idleCloseUncharged,
  furtherConnectionUncharged,
  limits,
  completedWhenEmpty,
  senderFiguresMatch,
  storedFirst,
  streak,
  nothingLeft,
];

/** Breaches that are reported of each invariant: one bug may break it a thousand times. */
const REPORTED_OF_EACH_MAX = 3;

/** A rule that was broken, and the events that show it. */
export interface Violation extends Breach {
  invariant: Invariant;
  events: RunEvent[];
}

export class InvariantChecker {
  readonly violations: Violation[] = [];
  private readonly history: History;
  private readonly every: Asked<(event: RunEvent) => Breach | undefined>[] = [];
  private readonly byType = new Map<FactType, Asked<(event: never) => Breach | undefined>[]>();
  private readonly settled: Asked<(at: number) => Breach | undefined>[] = [];
  private readonly atEnd: Asked<() => Breach | undefined>[] = [];
  private readonly ofSender: Asked<(mailing: string, own: MailingFigures) => Breach | undefined>[] = [];
  private readonly stores: ((change: Commit) => void)[] = [];
  private readonly reported = new Map<Invariant, number>();
  private last: RunEvent | undefined;

  constructor(run: Omit<Watched, 'history'>, invariants: readonly Invariant[] = INVARIANTS) {
    this.history = new History(run.policy);
    const watched = { ...run, history: this.history };
    for (const invariant of invariants) this.listen(invariant, invariant.watch(watched));
  }

  read(event: RunEvent): void {
    if (this.last && event.t > this.last.t) this.settle(this.last.t);
    for (const { invariant, ask } of this.every) this.found(invariant, ask(event), event);
    for (const { invariant, ask } of this.byType.get(event.type) ?? [])
      this.found(invariant, ask(event as never), event);
    this.history.read(event);
    this.last = event;
    if (event.type !== 'run.ended') return;
    this.settle(event.t);
    if (event.reason !== 'idle') return;
    for (const { invariant, ask } of this.atEnd) this.found(invariant, ask(), event);
  }

  /** Checks the figures that the sender gives of a mailing, once the run has ended by itself. */
  onFigures(mailing: string, own: MailingFigures): void {
    for (const { invariant, ask } of this.ofSender) this.found(invariant, ask(mailing, own), this.last);
  }

  /** Passes on a state change that the store of the sender has committed. */
  onCommit(change: Commit): void {
    for (const committed of this.stores) committed(change);
  }

  private settle(at: number): void {
    for (const { invariant, ask } of this.settled) this.found(invariant, ask(at), this.last);
  }

  private listen(invariant: Invariant, { every, on, settled, ended, committed, figures }: Watch): void {
    if (every) this.every.push({ invariant, ask: every });
    if (settled) this.settled.push({ invariant, ask: settled });
    if (ended) this.atEnd.push({ invariant, ask: ended });
    if (committed) this.stores.push(committed);
    if (figures) this.ofSender.push({ invariant, ask: figures });
    for (const [type, ask] of Object.entries(on ?? {})) {
      const asked = this.byType.get(type as FactType) ?? [];
      asked.push({ invariant, ask: ask });
      this.byType.set(type as FactType, asked);
    }
  }

  private found(invariant: Invariant, breach: Breach | undefined, event: RunEvent | undefined): void {
    if (!breach) return;
    const reported = this.reported.get(invariant) ?? 0;
    this.reported.set(invariant, reported + 1);
    if (reported >= REPORTED_OF_EACH_MAX) return;
    const events = [...(breach.because ?? []), event].filter((shown) => shown !== undefined);
    const inOrder = [...new Map(events.map((shown) => [shown.seq, shown])).values()].sort(
      (a, b) => a.seq - b.seq,
    );
    this.violations.push({ ...breach, invariant, events: inOrder });
  }
}

interface Asked<Ask> {
  invariant: Invariant;
  ask: Ask;
}
