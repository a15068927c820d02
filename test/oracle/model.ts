// The delivery rules once more, as one small function that was written from docs/semantics.md and
// shares nothing with the sender: what a contact and its mailings come to when each attempt meets a
// fate that does not depend on when it arrives. Runs and model must agree.

import type { RetryPolicy } from '../../src/policy/retry-policy.js';

/** What an attempt meets. `silent`: no reply at RCPT; `lost`: no reply to the final dot. */
export type Fate = 'accepted' | 'deferred' | 'rejected' | 'silent' | 'lost';

/** RFC 5321, 4.5.3.2: how long a client waits for the reply to RCPT, and to the final dot. */
const TAKES_MS: Record<Fate, number> = {
  accepted: 0,
  deferred: 0,
  rejected: 0,
  silent: 5 * 60_000,
  lost: 10 * 60_000,
};

interface MailingOutcome {
  /** Starts of the attempts, ms from the mailing's own start. */
  attempts: number[];
  state: 'delivered' | 'soft-bounced' | 'hard-bounced' | 'not mailed';
  /** Attempts with an unknown end. */
  unknown: number;
  /** When its last attempt ended, ms from the mailing's start. */
  endedAt: number;
}

export interface Prediction {
  mailings: MailingOutcome[];
  status: 'active' | 'error';
  streak: number;
}

/**
 * @param fates of the attempts at this contact in the order in which they are made, over all
 *   mailings; the last one repeats
 * @param mailings how many mailings go out, one well after the other
 */
export function predict(
  { retry, bounce }: RetryPolicy,
  fates: readonly Fate[],
  mailings: number,
): Prediction {
  const prediction: Prediction = { mailings: [], status: 'active', streak: 0 };
  let made = 0;
  for (let mailing = 0; mailing < mailings; mailing++) {
    if (prediction.status === 'error') {
      prediction.mailings.push({ attempts: [], state: 'not mailed', unknown: 0, endedAt: 0 });
      continue;
    }
    const outcome = deliver(retry, () => fates[Math.min(made++, fates.length - 1)]!);
    prediction.mailings.push(outcome);
    if (outcome.state === 'delivered') prediction.streak = 0;
    if (outcome.state === 'soft-bounced' && ++prediction.streak >= bounce.softBouncesToError)
      prediction.status = 'error';
    if (outcome.state === 'hard-bounced') prediction.status = 'error';
  }
  return prediction;
}

function deliver(retry: RetryPolicy['retry'], meet: () => Fate): MailingOutcome {
  const attempts: number[] = [];
  let answered = 0;
  let unanswered = 0;
  let unknown = 0;
  let at = 0;
  let grid = 0;
  for (;;) {
    attempts.push(at);
    const fate = meet();
    const endedAt = at + TAKES_MS[fate];
    const over = (state: MailingOutcome['state']): MailingOutcome => ({ attempts, state, unknown, endedAt });
    if (fate === 'accepted') return over('delivered');
    if (fate === 'rejected') return over('hard-bounced');
    if (fate === 'lost') unknown++;
    if (fate === 'deferred') answered++;
    else unanswered++;
    const { attempts: budget } = retry;
    const [used, allowed] =
      budget.counting === 'total'
        ? [answered + unanswered, budget.total]
        : fate === 'deferred'
          ? [answered, budget.replied]
          : [unanswered, budget.unreachable];
    if (allowed !== null && used >= allowed) return over('soft-bounced');
    // An attempt lies in the window by its place on the grid. The one before it may delay it, but not by
    // more than the overrun. With one contact the first attempt is made as the mailing starts: both windows
    // are the same.
    grid += retry.intervalsMs[Math.min(attempts.length, retry.intervalsMs.length) - 1]!;
    if (grid > retry.windowMs) return over('soft-bounced');
    at = Math.max(grid, endedAt);
    if (at > retry.windowMs + retry.overrunMs) return over('soft-bounced');
  }
}
