// The figures of one mailing, counted from the histories of its contacts, so that they include late
// bounces and everything before a restart.

import type { MailingState } from '../events/types.js';
import type { Contact } from './model/contact.js';
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

/** Counts the deliveries of a mailing. @param contacts of the whole audience */
export function mailingFigures(mailing: Mailing, contacts: Iterable<Contact>): MailingFigures {
  const ended = { delivered: 0, 'soft-bounced': 0, 'hard-bounced': 0 };
  let unattempted = 0;
  for (const { history } of contacts) {
    for (const past of history?.past ?? []) {
      if (!('mailing' in past) || past.mailing !== mailing.name) continue;
      ended[past.what]++;
      if (past.unattempted === true) unattempted++;
    }
  }
  const { state, recipients, open: inProgress, possibleDuplicates } = mailing;
  const { delivered, 'soft-bounced': soft, 'hard-bounced': hard } = ended;
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
