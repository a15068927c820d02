// Streak and status of one contact from the beginning, with its deliveries ended as bounce messages say (rules 4, 8,
// 9 and 11). Of a long life only the part is computed anew that a bounce message changes.

import { ChangingFold } from '../../base/changing-fold.js';
import type { EventOf } from '../../events/types.js';
import type { RetryPolicy } from '../../policy/retry-policy.js';
import type { SharedStanding } from '../../results/standings.js';
import type { History, SeenDelivery } from './run-history.js';

type Returned = EventOf<'delivery.returned'>;

/** A request of a person, granted or not. */
export interface Request {
  seq: number;
  t: number;
  what: 'opt-out' | 'reactivate' | 'subscribe';
}

interface Ended {
  seq: number;
  t: number;
  what: 'delivered' | 'soft-bounced' | 'hard-bounced' | 'uncounted';
  /** From the choice of recipients to the start of its last attempt. */
  span: { from: number; to: number };
  delivery: SeenDelivery;
}

type Step = Request | Ended;

interface Point {
  streak: number;
  status: SharedStanding['status'];
  /** When the contact was not active, the latest time first. */
  away: Absence | undefined;
}

interface Absence {
  from: number;
  to: number;
  before: Absence | undefined;
}

export class ContactLife {
  private readonly steps: Step[] = [];
  /** Places of its deliveries, by mailing. */
  private readonly places = new Map<string, number>();
  private readonly fold: ChangingFold<Step, Point>;
  private latest: SeenDelivery | undefined;
  private requests = 0;

  constructor(
    private readonly address: string,
    { status, softBounceStreak: streak }: SharedStanding,
    private readonly history: History,
    private readonly bounce: RetryPolicy['bounce'],
  ) {
    const away = status === 'active' ? undefined : { from: -1, to: Infinity, before: undefined };
    this.fold = new ChangingFold<Step, Point>({
      start: { streak, status, away },
      entries: this.steps,
      next: (point, step) => this.next(point, step),
      shared,
      weight: (step) => ('span' in step ? step.span.to : -Infinity),
      isFinal: ({ status: now, away: absence }, begunAt) => now !== 'active' && absence!.from < begunAt,
    });
  }

  get length(): number {
    return this.steps.length;
  }

  /** Counts a bounce message. @param requests all until now, in their order */
  returned(message: Returned, requests: readonly Request[]): { streak: number; isAway: boolean } {
    this.catchUp(message, requests);
    const place = this.places.get(message.mailing);
    const step = place === undefined ? undefined : this.steps[place]!;
    if (step && 'span' in step) step.what = this.what(step.delivery, message);
    const { streak, status } = this.fold.after(place ?? this.steps.length);
    return { streak, isAway: status !== 'active' };
  }

  /** Adds what has happened since the last bounce message. */
  private catchUp(message: Returned, requests: readonly Request[]): void {
    const found: Step[] = requests.slice(this.requests);
    this.requests = requests.length;
    const { lastEnded } = this.history.contacts.get(this.address) ?? {};
    for (let delivery = lastEnded; delivery && delivery !== this.latest; delivery = delivery.endedBefore) {
      const { ended, begunAt } = delivery;
      const { started } = this.history.mailings.get(ended!.mailing)!;
      if (!started || ended!.state === 'withdrawn') continue;
      const { seq, t, mailing } = ended!;
      const what = this.what(delivery, mailing === message.mailing ? message : undefined);
      found.push({ seq, t, what, span: { from: started.t, to: begunAt }, delivery });
    }
    this.latest = lastEnded;
    for (const step of found.sort((a, b) => a.seq - b.seq)) {
      if ('span' in step) this.places.set(step.delivery.ended!.mailing, this.steps.length);
      this.steps.push(step);
    }
  }

  private what(delivery: SeenDelivery, latest: Returned | undefined): Ended['what'] {
    const { ended, returned, attempts } = delivery;
    const { state } = returned ?? latest ?? ended!;
    const liesWith = latest && !returned ? this.history.faultOfReturned(latest) : delivery.liesWith;
    const isSpared =
      state === 'hard-bounced' && this.bounce.hard === 'recipient-only' && liesWith !== 'recipient';
    const isCounted = !isSpared && (state !== 'soft-bounced' || attempts !== 0);
    return isCounted ? (state as Ended['what']) : 'uncounted';
  }

  private next(point: Point, step: Step): Point {
    const { what, t } = step;
    if ('span' in step && wasAway(point.away, step.span)) return point;
    if (what === 'opt-out') return becomes(point, 'opt-out', t);
    if (what === 'subscribe' || (what === 'reactivate' && point.status === 'error'))
      return becomes(point, 'active', t);
    if (what === 'reactivate' || what === 'uncounted') return point;
    if (what === 'delivered') return { ...point, streak: 0 };
    const streak = what === 'soft-bounced' ? point.streak + 1 : point.streak;
    const leaves = what === 'hard-bounced' || streak >= this.bounce.softBouncesToError;
    const counted = { ...point, streak };
    return leaves && point.status === 'active' ? becomes(counted, 'error', t) : counted;
  }
}

function becomes(point: Point, status: Point['status'], t: number): Point {
  const { away } = point;
  if (point.status === 'active' && status !== 'active')
    return { ...point, status, away: { from: t, to: Infinity, before: away } };
  if (point.status !== 'active' && status === 'active')
    return { streak: 0, status, away: { ...away!, to: t } };
  return { ...point, status };
}

/** Absences are in the order of time: what is before one that ended in time ended in time too. */
function wasAway(latest: Absence | undefined, { from, to }: Ended['span']): boolean {
  for (let away = latest; away && away.to > from; away = away.before) if (away.from < to) return true;
  return false;
}

function shared(known: Point, point: Point): Point {
  const [one, other] = [known.away, point.away];
  if (one !== other && (one?.from !== other?.from || one?.to !== other?.to || one?.before !== other?.before))
    return point;
  return known.status === point.status && known.streak === point.streak ? known : { ...point, away: one };
}
