// What an invariant is: a rule that must hold at every event of every run. It sees the event and
// the history before it, says nothing while all is well, and names what it saw when it is not.

import type { EventOf, FactType, RunEvent } from '../../events/types.js';
import type { DestinationLimits } from '../../sender/destination/destination.js';
import type { MailingFigures } from '../../sender/figures.js';
import type { RetryPolicy } from '../../policy/retry-policy.js';
import type { History } from './run-history.js';

/** How a rule was broken. */
export interface Breach {
  /** What happened that must not, in one sentence. */
  what: string;
  mailing?: string | undefined;
  address?: string | undefined;
  /** Earlier events that show it; the event that broke the rule is added to them. */
  because?: readonly (RunEvent | undefined)[];
}

type Found = Breach | undefined;

/** An invariant at work in one run. */
export interface Watch {
  /** Asked with each event of a type, before the history knows it. */
  on?: { [T in FactType]?: (event: EventOf<T>) => Found };
  /** Asked with every event. */
  every?: (event: RunEvent) => Found;
  /** Asked when everything of an instant has happened; the history knows all of it. */
  settled?: (at: number) => Found;
  /** Asked when the run has come to its end by itself. */
  ended?: () => Found;
  /** Told after that what the sender itself says of a mailing. */
  figures?: (mailing: string, own: MailingFigures) => Found;
}

/** What an invariant may look at. */
export interface Watched {
  history: History;
  policy: RetryPolicy;
  limits: DestinationLimits;
  /** How long bytes are under way, ms. */
  latencyMs: number;
}

export interface Invariant {
  /** Name in kebab case, the name of its file. */
  name: string;
  /** The rule as a sentence that says what must be. */
  rule: string;
  /** It holds for any sender: it needs neither our policy nor reports that only ours makes. */
  anySender?: true;
  watch(run: Watched): Watch;
}
