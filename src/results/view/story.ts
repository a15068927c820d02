// The story of one contact, rebuilt from the tables of a view for the page and the terminal: attempts
// with their dialogue, and the decision of the policy after each.

import type { Cause, DeliveryState, Outcome, Stage } from '../../events/types.js';
import { decisionAfter, type DecisionText } from './decision.js';
import {
  ADDRESS_MARK,
  RETURN_PATH_MARK,
  type AttemptRow,
  type ContactStory,
  type DeliveryStory,
  type ScenarioView,
} from './view.js';

export interface ToldLine {
  t: number;
  kind: '>' | '<' | '-';
  text: string;
}

export interface ToldAttempt {
  n: number;
  startedAt: number;
  endedAt: number;
  host: string | undefined;
  stage: Stage;
  outcome: Outcome;
  cause: Cause;
  /** The reply, or the error without one. */
  said: string;
  shared: boolean;
  nextAt: number | undefined;
  session: number | undefined;
  transaction: number;
  lines: ToldLine[];
  decision: DecisionText;
}

export interface ToldDelivery {
  mailing: string;
  queuedAt: number | undefined;
  state: DeliveryState;
  endedAt: number | undefined;
  why: string | undefined;
  cause: Cause | undefined;
  attempts: ToldAttempt[];
  /** Later attempts that the view has no room for. */
  attemptsLeftOut: number;
}

/** The deliveries of a contact in the order in which they were queued. */
export function deliveriesOf(view: ScenarioView, contact: ContactStory): ToldDelivery[] {
  return contact.deliveries.map((delivery) => told(view, contact, delivery));
}

function told(view: ScenarioView, { address }: ContactStory, delivery: DeliveryStory): ToldDelivery {
  const { mailing, queuedAt, state, endedAt, why, cause, returnPath = '', attemptsLeftOut = 0 } = delivery;
  const words = (index: number): string =>
    (view.strings[index] ?? '')
      .replaceAll(ADDRESS_MARK, () => address)
      .replaceAll(RETURN_PATH_MARK, () => returnPath);
  const attempts = (view.journeys[delivery.journey] ?? []).map((row) =>
    attempt(view, view.attempts[row]!, words),
  );
  const startedAt = view.mailings.find(({ name }) => name === mailing)?.startedAt ?? 0;
  attempts.forEach((one, index) => {
    const hasWaited = state === 'soft-bounced' && index === attempts.length - 1 && one.nextAt !== undefined;
    const end = {
      state,
      why,
      startedAt,
      ...(hasWaited && endedAt !== undefined ? { waitedUntil: endedAt } : {}),
    };
    one.decision = decisionAfter(attempts.slice(0, index + 1), end, view.policy);
  });
  return {
    mailing,
    queuedAt: queuedAt < 0 ? undefined : queuedAt,
    state,
    endedAt,
    why,
    cause,
    attempts,
    attemptsLeftOut,
  };
}

function attempt(view: ScenarioView, row: AttemptRow, words: (index: number) => string): ToldAttempt {
  const [
    n,
    startedAt,
    endedAt,
    host,
    stage,
    outcome,
    cause,
    said,
    shared,
    nextAt,
    dialogue,
    session,
    transaction,
  ] = row;
  return {
    n,
    startedAt,
    endedAt,
    host: host < 0 ? undefined : words(host),
    stage,
    outcome,
    cause,
    said: said < 0 ? '' : words(said),
    shared: shared === 1,
    nextAt: nextAt < 0 ? undefined : nextAt,
    session: session < 0 ? undefined : session,
    transaction,
    lines: (view.dialogues[dialogue] ?? []).map(([t, kind, text]) => ({ t, kind, text: words(text) })),
    decision: { text: '', rule: '' },
  };
}
