// Rule 2 for the figures that the sender gives of a mailing, also after a crash and restart: they equal
// the figures computed from its events.

import type { MailingFigures } from '../../sender/figures.js';
import type { Invariant } from './invariant.js';

export const senderFiguresMatch: Invariant = {
  name: 'sender-figures-match',
  rule: 'the figures that the sender gives of a mailing match its events (rule 2)',
  watch({ history }) {
    const counted = new Map<string, MailingFigures>();
    const of = (mailing: string): MailingFigures => {
      let found = counted.get(mailing);
      if (!found) counted.set(mailing, (found = nothingYet()));
      return found;
    };
    return {
      on: {
        'mailing.started': ({ mailing, recipients }) => {
          Object.assign(of(mailing), { recipients, state: 'in-progress' });
          return undefined;
        },
        'mailing.completed': ({ mailing }) => {
          of(mailing).state = 'completed';
          return undefined;
        },
        'delivery.queued': ({ mailing }) => {
          of(mailing).inProgress++;
          return undefined;
        },
        'delivery.ended': ({ mailing, address, state }) => {
          const counts = of(mailing);
          if (state === 'soft-bounced' && history.delivery(mailing, address)?.attempts === 0)
            counts.unattempted++;
          counts.inProgress--;
          if (state === 'delivered' || state === 'withdrawn') counts[state]++;
          else counts.bounced[state === 'soft-bounced' ? 'soft' : 'hard']++;
          return undefined;
        },
        'delivery.returned': ({ mailing, state }) => {
          const counts = of(mailing);
          counts.delivered--;
          counts.bounced[state === 'soft-bounced' ? 'soft' : 'hard']++;
          return undefined;
        },
        attempt: ({ mailing, outcome }) => {
          if (outcome === 'unknown') of(mailing).possibleDuplicates++;
          return undefined;
        },
      },
      figures(mailing, own) {
        const happened = inWords(of(mailing));
        const wrong = inWords(own).flatMap((says, index) => {
          const truth = happened[index]!;
          return says === truth ? [] : [`${says} for ${truth}`];
        });
        return wrong.length === 0 ? undefined : { mailing, what: `it says ${wrong.join(', ')}` };
      },
    };
  },
};

function nothingYet(): MailingFigures {
  return {
    state: 'building',
    recipients: 0,
    delivered: 0,
    inProgress: 0,
    bounced: { soft: 0, hard: 0 },
    unattempted: 0,
    withdrawn: 0,
    possibleDuplicates: 0,
  };
}

function inWords({ state, recipients, bounced, ...rest }: MailingFigures): string[] {
  return [
    state,
    `${recipients} recipients`,
    `${rest.delivered} delivered`,
    `${rest.inProgress} in progress`,
    `${bounced.soft} soft bounced`,
    `${bounced.hard} hard bounced`,
    `${rest.unattempted} unattempted`,
    `${rest.withdrawn} withdrawn`,
    `${rest.possibleDuplicates} possible duplicates`,
  ];
}
