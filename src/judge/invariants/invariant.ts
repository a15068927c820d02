// The shape of an invariant: a rule that must hold at every event of every run. It gets the event and the
// history before it, and returns a breach when the rule is broken.

import type { EventOf, FactType, RunEvent } from '../../events/types.js';
import type { Commit } from '../../sender/store/store.js';
import type { DestinationLimits } from '../../sender/destination/options.js';
import type { MailingFigures } from '../../sender/figures.js';
import type { RetryPolicy } from '../../policy/retry-policy.js';
import type { ScenarioPlan } from '../../scenarios/plan.js';
import type { History } from './run-history.js';

/** A breach of a rule. */
export interface Breach {
  /** What happened, in one sentence. */
  what: string;
  mailing?: string | undefined;
  address?: string | undefined;
  /** Earlier events that show it; the checker adds the event that broke the rule. */
  because?: readonly (RunEvent | undefined)[];
}

type Found = Breach | undefined;

/** The checks of an invariant in one run. */
export interface Watch {
  /** Called with each event of a type, before the history has it. */
  on?: { [T in FactType]?: (event: EventOf<T>) => Found };
  /** Called with every event. */
  every?: (event: RunEvent) => Found;
  /** Called when all events of a time are read; the history has them. */
  settled?: (at: number) => Found;
  /** Called when the run has ended by itself. */
  ended?: () => Found;
  /** Called when the store of the sender has committed a state change. */
  committed?: (change: Commit) => void;
  /** Called after the end with the figures that the sender gives of a mailing. */
  figures?: (mailing: string, own: MailingFigures) => Found;
}

/** The servers of a scenario. */
export type PlannedFleet = Pick<ScenarioPlan, 'fleet' | 'sites'>;

/** What an invariant can use. */
export interface Watched {
  history: History;
  policy: RetryPolicy;
  limits: DestinationLimits;
  /** Latency of the network in one direction, ms. */
  latencyMs: number;
  /** The servers as the scenario plans them. */
  servers?: PlannedFleet;
  /** Keys of addresses that no server may see. */
  suppressed?: ReadonlySet<string>;
}

export interface Invariant {
  /** Name in kebab case, the name of its file. */
  name: string;
  /** The rule as a sentence that says what must be. */
  rule: string;
  /** It holds for external senders too: it needs neither the policy nor reports of the built-in sender. */
  anySender?: true;
  watch(run: Watched): Watch;
}
