// The Response page of each mailing: its figures at the servers and by placement, the curve of states
// over virtual time, and the causes of failures with the replies behind them.

import type { Cause, EventOf, RunEvent, TerminalState } from '../../events/types.js';
import { replyText } from './dialogues.js';
import { LevelsOverTime, type Levels } from './time-series.js';
import type { CauseView, MailingView, ReplyView } from './view.js';

type Attempt = EventOf<'attempt'>;

/** Different replies that are listed for one cause. */
const REPLIES_MAX = 20;
/** Different replies that are counted separately. */
const REPLIES_KEPT_MAX = 500;
const SAID_LENGTH_MAX = 300;

export class MailingFold {
  readonly levels: Levels = { inProgress: 0, delivered: 0, soft: 0, hard: 0, withdrawn: 0 };
  private readonly curve = new LevelsOverTime();
  private readonly causes = new Map<Cause, CauseView & { kept: Map<string, ReplyView> }>();
  private readonly view: Omit<
    MailingView,
    'delivered' | 'inProgress' | 'bounced' | 'withdrawn' | 'curve' | 'causes'
  >;

  constructor({ mailing, kind }: EventOf<'mailing.building'>) {
    this.view = {
      name: mailing,
      kind,
      state: 'building',
      startedAt: null,
      completedAt: null,
      recipients: 0,
      unattempted: 0,
      lateBounces: 0,
      possibleDuplicates: 0,
      placement: { inbox: 0, junk: 0, discarded: 0, returned: 0 },
      attempts: 0,
    };
  }

  started({ t, recipients }: EventOf<'mailing.started'>): void {
    Object.assign(this.view, { state: 'in-progress', startedAt: t, recipients });
  }

  completed({ t }: RunEvent): void {
    Object.assign(this.view, { state: 'completed', completedAt: t });
    this.curve.set(t, this.levels);
  }

  queued({ t }: RunEvent): void {
    this.levels.inProgress++;
    this.curve.set(t, this.levels);
  }

  ended({ t, state, cause, unattempted }: EventOf<'delivery.ended'>): void {
    this.levels.inProgress--;
    if (unattempted) this.view.unattempted++;
    this.count(state, cause);
    this.curve.set(t, this.levels);
  }

  returned({ t, state, cause }: EventOf<'delivery.returned'>): void {
    this.levels.delivered--;
    this.view.lateBounces++;
    this.count(state, cause);
    this.curve.set(t, this.levels);
  }

  placed({ placement }: EventOf<'message.accepted'>): void {
    this.view.placement[placement]++;
  }

  attempted(event: Attempt): void {
    this.view.attempts++;
    if (event.outcome === 'unknown') this.view.possibleDuplicates++;
    if (event.outcome === 'accepted') return;
    const cause = this.cause(event.cause);
    cause.attempts++;
    const said = saidIn(event).replaceAll(event.address, 'ADDRESS').slice(0, SAID_LENGTH_MAX);
    const key = `${event.domain} ${event.stage} ${event.outcome} ${said}`;
    const known = cause.kept.get(key);
    if (known) known.count++;
    else if (cause.kept.size >= REPLIES_KEPT_MAX) cause.others++;
    else {
      const { stage, outcome, domain, address } = event;
      cause.kept.set(key, { stage, outcome, said, domain, count: 1, example: address });
    }
  }

  get result(): MailingView {
    const { inProgress, delivered, soft, hard, withdrawn } = this.levels;
    return {
      ...this.view,
      inProgress,
      delivered,
      bounced: { soft, hard },
      withdrawn,
      curve: this.curve.view,
      causes: [...this.causes.values()].map(causeView).sort((a, b) => b.attempts - a.attempts),
    };
  }

  private count(state: TerminalState, cause: Cause | undefined): void {
    switch (state) {
      case 'delivered':
      case 'withdrawn':
        this.levels[state]++;
        return;
      case 'soft-bounced':
        this.levels.soft++;
        this.cause(cause ?? 'other').soft++;
        return;
      case 'hard-bounced':
        this.levels.hard++;
        this.cause(cause ?? 'other').hard++;
    }
  }

  private cause(cause: Cause): CauseView & { kept: Map<string, ReplyView> } {
    let view = this.causes.get(cause);
    if (!view) {
      view = { cause, attempts: 0, soft: 0, hard: 0, replies: [], others: 0, kept: new Map() };
      this.causes.set(cause, view);
    }
    return view;
  }
}

function causeView({ kept, ...view }: CauseView & { kept: Map<string, ReplyView> }): CauseView {
  const all = [...kept.values()].sort((a, b) => b.count - a.count);
  const replies = all.slice(0, REPLIES_MAX);
  const rest = all.slice(REPLIES_MAX).reduce((sum, { count }) => sum + count, 0);
  return { ...view, replies, others: view.others + rest };
}

/** The reply of an attempt, or its error without one. */
export function saidIn({ reply, error }: Attempt): string {
  return reply ? replyText(reply) : (error ?? '');
}
