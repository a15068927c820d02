// The figures of mailings, counted from the histories of the contacts, so that they include late bounces and
// everything before a restart. One pass counts for all mailings, and is made anew once a history has changed.

import type { MailingState } from '../events/types.js';
import type { Contacts } from './model/contact.js';
import type { EndedDelivery } from './model/history.js';
import type { Mailing } from './model/mailing.js';

export interface MailingFigures {
  state: MailingState;
  recipients: number;
  delivered: number;
  inProgress: number;
  bounced: { soft: number; hard: number };
  /** Of the soft-bounced ones, those that were given up without any attempt. */
  unattempted: number;
  withdrawn: number;
  /** Attempts whose connection was lost after the final dot and before its reply. */
  possibleDuplicates: number;
}

type Ends = Record<EndedDelivery['what'] | 'unattempted', number>;

const NONE: Ends = { delivered: 0, 'soft-bounced': 0, 'hard-bounced': 0, unattempted: 0 };

/** Counts the deliveries of mailings. */
export class Responses {
  private ends = new Map<string, Ends>();
  private version = -1;

  /** @param contacts the whole audience */
  constructor(private readonly contacts: Pick<Contacts, 'all' | 'version'>) {}

  of(mailing: Mailing): MailingFigures {
    if (this.version !== this.contacts.version) this.count();
    const { name, state, recipients, open: inProgress, possibleDuplicates } = mailing;
    const {
      delivered,
      'soft-bounced': soft,
      'hard-bounced': hard,
      unattempted,
    } = this.ends.get(name) ?? NONE;
    return {
      state,
      recipients,
      delivered,
      inProgress,
      bounced: { soft, hard },
      unattempted,
      withdrawn: recipients - inProgress - delivered - soft - hard,
      possibleDuplicates,
    };
  }

  private count(): void {
    this.ends = new Map();
    for (const { history } of this.contacts.all()) {
      for (const past of history?.past ?? []) {
        if (!('mailing' in past)) continue;
        let ends = this.ends.get(past.mailing);
        if (!ends) this.ends.set(past.mailing, (ends = { ...NONE }));
        ends[past.what]++;
        if (past.unattempted === true) ends.unattempted++;
      }
    }
    this.version = this.contacts.version;
  }
}
