// Settles attempts: the result of each decides the state of its delivery, the time of the next attempt,
// and the status of the contact. Rules 4 to 8 and 10 of docs/semantics.md.

import { evidenceOf } from '../events/reply-text.js';
import type { BouncedState, Cause, Evidence, TerminalState } from '../events/types.js';
import { attemptFact, type AttemptFact } from './attempt.js';
import type { Changes } from './changes.js';
import { liesWithRecipient } from '../policy/classify.js';
import type { Contact, Contacts } from './model/contact.js';
import type { Delivery } from './model/delivery.js';
import type { EndedDelivery } from './model/history.js';
import type { AttemptJournal, AttemptResult } from './destination/attempt-journal.js';
import type { OpenDeliveries } from './model/open-deliveries.js';
import type { Clock, Random } from './ports.js';
import type { Queue } from './queue.js';
import { budgetClass, decide, latestStart, pointsPassed, type RetryPolicy } from '../policy/retry-policy.js';

interface SettlementOptions {
  clock: Clock;
  random: Random;
  policy: RetryPolicy;
  changes: Changes;
  contacts: Contacts;
  open: OpenDeliveries;
  queue: Queue;
}

export class Settlement implements AttemptJournal {
  constructor(private readonly options: SettlementOptions) {}

  /** Called just before the server may learn of this delivery. */
  begun(delivery: Delivery, startedAt: number, host: string): void {
    const { changes } = this.options;
    changes.change(() => {
      delivery.running = { startedAt, host, finalDot: false };
      changes.delivery(delivery);
    });
  }

  /** Called just before the final dot is sent: from then on the server may have the message. */
  finalDot(delivery: Delivery): void {
    const { changes } = this.options;
    changes.change(() => {
      if (delivery.running) delivery.running.finalDot = true;
      changes.delivery(delivery);
    });
  }

  /** Settles one attempt. @returns the cause of its result */
  attempted(delivery: Delivery, result: AttemptResult): Cause {
    const fact = attemptFact(delivery, result, this.options.policy);
    this.options.changes.change(() => this.settle(delivery, result, fact));
    return fact.cause;
  }

  /** Ends a delivery that waited for a connection for longer than its window and `overrun` allow. */
  expired(delivery: Delivery): void {
    const { changes, clock } = this.options;
    changes.change(() =>
      this.softBounced(delivery, delivery.lastCause ?? 'other', 'window over', clock.now()),
    );
  }

  /**
   * Undoes the running attempt, which does not count: it was cut off before the message was handed over.
   *
   * @returns false when the delivery was withdrawn because the contact is no longer active
   */
  uncharged(delivery: Delivery): boolean {
    const { changes } = this.options;
    changes.change(() => {
      delivery.runningSince = undefined;
      delivery.running = undefined;
      if (delivery.leaving) this.withdrawn(delivery);
      else changes.delivery(delivery);
    });
    return delivery.inProgress;
  }

  /** The last moment at which an attempt of a delivery may begin, ms on the sender's clock. */
  latestStartOf({ mailing, firstAttemptAt }: Delivery): number {
    const { startedAt: mailingStartedAt } = mailing;
    return latestStart(this.options.policy.retry, { mailingStartedAt, firstAttemptAt });
  }

  /** After a restart: the grid points that passed in the meantime become one late attempt, not many. */
  skipMissed(delivery: Delivery): void {
    const { firstAttemptAt, attempts, missed } = delivery;
    if (firstAttemptAt === undefined) return;
    const { changes, clock, policy } = this.options;
    const elapsed = clock.now() - firstAttemptAt;
    const passed = pointsPassed(policy.retry, attempts + missed, elapsed);
    if (passed === 0) return;
    delivery.missed += passed;
    changes.delivery(delivery);
  }

  /** Changes the end of a delivery that a bounce message reports as failed (rule 11). */
  returned(
    contact: Contact,
    ended: EndedDelivery,
    { state: what, cause, evidence }: { state: BouncedState; cause: Cause; evidence: Evidence },
  ): void {
    const spares = what === 'hard-bounced' ? this.spares(cause, evidence) : {};
    Object.assign(ended, { what, returned: true, ...spares });
    this.options.contacts.recount(contact, ended);
    this.withdraw(contact);
  }

  /**
   * Rule 10: withdraws the deliveries in progress of a contact that is not active. A running attempt is
   * allowed to end first.
   */
  withdraw(contact: Contact): void {
    const { status } = contact;
    if (status === 'active') return;
    for (const delivery of this.options.open.of(contact)) {
      if (delivery.runningSince !== undefined) {
        delivery.leaving ??= status;
        this.options.changes.delivery(delivery);
        continue;
      }
      this.withdrawn(delivery);
    }
  }

  private settle(delivery: Delivery, result: AttemptResult, fact: AttemptFact): void {
    const { changes, policy, queue } = this.options;
    const { outcome, cause } = fact;
    delivery.attempts = fact.n;
    delivery.runningSince = undefined;
    delivery.running = undefined;
    delivery.firstAttemptAt ??= result.startedAt;
    delivery.lastCause = cause;
    if (outcome === 'accepted') {
      changes.emit(fact);
      return this.delivered(delivery, result.startedAt);
    }
    if (outcome === 'rejected') {
      changes.emit(fact);
      return this.hardBounced(
        delivery,
        cause,
        result.reply ? `${result.reply.code} at ${result.stage}` : (result.error ?? cause),
        result.startedAt,
        evidenceOf(result.reply),
      );
    }
    const spent = budgetClass(outcome, result.stage);
    delivery[spent]++;
    if (outcome === 'unknown') {
      delivery.unknown++;
      delivery.mailing.possibleDuplicates++;
    }
    const decision = decide(policy, {
      attempts: fact.n + delivery.missed,
      replied: delivery.replied,
      unreachable: delivery.unreachable,
      class: spent,
      firstAttemptAt: delivery.firstAttemptAt,
      mailingStartedAt: delivery.mailing.startedAt,
      endedAt: this.options.clock.now(),
      draw: this.jitterDraw(delivery),
    });
    if ('giveUp' in decision) {
      changes.emit(fact);
      return this.softBounced(delivery, cause, decision.giveUp, result.startedAt);
    }
    if (delivery.leaving) {
      changes.emit(fact);
      return this.withdrawn(delivery);
    }
    fact.nextAt = decision.retryAt;
    changes.emit(fact);
    delivery.dueAt = decision.retryAt;
    changes.delivery(delivery);
    queue.add(delivery);
  }

  private jitterDraw({ mailing, contact, attempts }: Delivery): number {
    const { policy, random } = this.options;
    if (policy.retry.jitter === 0) return 0;
    return random.fraction('jitter', mailing.name, contact.key, attempts);
  }

  private delivered(delivery: Delivery, begunAt: number): void {
    this.end(delivery, 'delivered', '2xx after the final dot');
    this.count(delivery, { what: 'delivered', begunAt });
  }

  private hardBounced(
    delivery: Delivery,
    cause: Cause,
    why: string,
    begunAt: number,
    evidence: Evidence | undefined,
  ): void {
    this.end(delivery, 'hard-bounced', why, cause);
    this.count(delivery, { what: 'hard-bounced', begunAt, ...this.spares(cause, evidence) });
  }

  private softBounced(delivery: Delivery, cause: Cause, why: string, begunAt: number): void {
    this.end(delivery, 'soft-bounced', why, cause);
    this.count(delivery, { what: 'soft-bounced', begunAt, ...delivery.unattempted });
  }

  private count(
    { contact, mailing }: Delivery,
    {
      what,
      begunAt,
      unattempted,
      spares,
    }: Pick<EndedDelivery, 'what' | 'begunAt' | 'unattempted' | 'spares'>,
  ): void {
    const { startedAt: chosenAt, name } = mailing;
    const endedAt = this.options.clock.now();
    // Not a spread: V8 would give each of these objects, of which a run keeps all, a shape of its own.
    const ended: EndedDelivery = { what, mailing: name, chosenAt, begunAt, endedAt };
    if (unattempted) ended.unattempted = unattempted;
    if (spares) ended.spares = spares;
    this.options.contacts.count(contact, ended);
    this.withdraw(contact);
  }

  /** `spares` when the policy lets the contact stay active after this hard bounce. */
  private spares(cause: Cause, evidence: Evidence | undefined): { spares?: true } {
    const isSpared =
      this.options.policy.bounce.hard === 'recipient-only' && !liesWithRecipient(cause, evidence);
    return isSpared ? { spares: true } : {};
  }

  private withdrawn(delivery: Delivery): void {
    this.end(delivery, 'withdrawn', delivery.leaving ?? delivery.contact.status);
  }

  private end(delivery: Delivery, state: TerminalState, why: string, cause?: Cause): void {
    this.options.open.remove(delivery);
    delivery.end(state, why, this.options.changes, cause);
  }
}
