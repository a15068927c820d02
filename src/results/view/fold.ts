// Computes the view of one scenario from its events, read one by one during the run or from a file.
// Unknown types of events are ignored.

import type { Cause, EventOf, RunEvent } from '../../events/types.js';
import { mailingOf } from '../../events/envelope.js';
import { MailingFold } from './mailings.js';
import { NetworkFold } from './network.js';
import { Stories, type StoryLimits } from './stories.js';
import type { ContactStory, Mark, PolicyFacts, ScenarioView, StatusChange } from './view.js';

const CHANGES_MAX = 2000;
const MARKS_MAX = 200;

export interface FoldOptions {
  policy?: PolicyFacts | undefined;
  limits?: Partial<StoryLimits>;
  /** Limits the stories to this contact, lower case. */
  only?: string;
}

export class ViewFold {
  private readonly stories: Stories;
  private readonly network = new NetworkFold();
  private readonly mailings = new Map<string, MailingFold>();
  private readonly sessions = new Map<number, string | undefined>();
  private readonly changes: StatusChange[] = [];
  private readonly marks: Mark[] = [];
  /** The last bounce: a change of status follows the one that made it. */
  private bounce: { address: string; cause: Cause } | undefined;
  private changesTotal = 0;
  private scenario = '';
  private ended = 'cut off';
  private events = 0;
  private now = 0;

  constructor(private readonly options: FoldOptions = {}) {
    this.stories = new Stories(options.limits, options.only);
  }

  /** Addresses of all contacts. */
  get addresses(): string[] {
    return [...this.stories.addresses];
  }

  /** A contact without a story, with its status at the end; undefined when there is no such contact. */
  plainContact(address: string): ContactStory | undefined {
    return this.stories.plain(address);
  }

  /** Reads one event. Bound, so that it can be passed on. */
  readonly read = (event: RunEvent): void => {
    this.events++;
    this.now = event.t;
    this.network.read(event);
    this.stories.read(event);
    switch (event.type) {
      case 'run.started':
        this.scenario = event.scenario;
        return;
      case 'run.ended':
        this.ended = event.reason;
        return;
      case 'mailing.building':
        this.mailings.set(event.mailing, new MailingFold(event));
        return;
      case 'mailing.started':
        return this.mailings.get(event.mailing)?.started(event);
      case 'mailing.completed':
        return this.mailings.get(event.mailing)?.completed(event);
      case 'delivery.queued':
        return this.mailings.get(event.mailing)?.queued(event);
      case 'attempt':
        return this.mailings.get(event.mailing)?.attempted(event);
      case 'delivery.ended':
      case 'delivery.returned':
        if (event.cause !== undefined) this.bounce = { address: event.address, cause: event.cause };
        if (event.type === 'delivery.ended') return this.mailings.get(event.mailing)?.ended(event);
        return this.mailings.get(event.mailing)?.returned(event);
      case 'smtp.command': {
        if (!/^MAIL FROM:/i.test(event.line)) return;
        this.sessions.set(event.session, mailingOf(event.line, this.mailings));
        return;
      }
      case 'connection.closed':
        this.sessions.delete(event.session);
        return;
      case 'message.accepted': {
        const mailing = this.sessions.get(event.session);
        if (mailing !== undefined) this.mailings.get(mailing)?.placed(event);
        return;
      }
      case 'contact.status':
        return this.changed(event);
      case 'scenario.event':
        return this.mark(event.t, `${event.action} ${event.subject}`);
      case 'sender.restarted':
        return this.mark(event.t, 'sender restarted');
      default:
    }
  };

  get result(): ScenarioView {
    const { policy } = this.options;
    return {
      format: 1,
      scenario: this.scenario,
      ended: this.ended,
      endedAt: this.now,
      events: this.events,
      ...(policy ? { policy: policyFacts(policy) } : {}),
      mailings: [...this.mailings.values()].map(({ result }) => result),
      ...this.network.result,
      changes: this.changes,
      changesTotal: this.changesTotal,
      marks: this.marks,
      ...this.stories.result,
    };
  }

  private changed(event: EventOf<'contact.status'>): void {
    if (++this.changesTotal > CHANGES_MAX) return;
    const { t, address, from, to, why, by, reason, mailing } = event;
    const { bounce } = this;
    const cause = mailing === undefined || bounce?.address !== address ? undefined : bounce.cause;
    this.changes.push({
      t,
      address,
      from,
      to,
      why,
      by,
      ...(reason === undefined ? {} : { reason }),
      ...(mailing === undefined ? {} : { mailing }),
      ...(cause === undefined ? {} : { cause }),
    });
  }

  private mark(t: number, text: string): void {
    if (this.marks.length < MARKS_MAX) this.marks.push({ t, text });
  }
}

/** The part of a policy that explains decisions. */
function policyFacts({ name, retry, bounce }: PolicyFacts): PolicyFacts {
  const { intervalsMs, jitter, attempts, windowMs, overrunMs, windowFrom } = retry;
  return {
    name,
    retry: { intervalsMs, jitter, attempts, windowMs, overrunMs, windowFrom },
    bounce: { hard: bounce.hard, softBouncesToError: bounce.softBouncesToError },
  };
}
