// Rule 2: recipients = delivered + in progress + soft + hard + withdrawn, at every time.

import type { TerminalState } from '../../events/types.js';
import type { Invariant } from './invariant.js';

interface Account {
  recipients: number;
  queued: number;
  ended: Record<TerminalState, number>;
}

export const conservation: Invariant = {
  name: 'conservation',
  rule: 'recipients = delivered + in progress + soft-bounced + hard-bounced + withdrawn (rule 2)',
  anySender: true,
  watch({ history }) {
    const accounts = new Map<string, Account>();
    const touched = new Set<string>();
    const account = (mailing: string): Account => {
      let found = accounts.get(mailing);
      if (!found) {
        const ended = { delivered: 0, 'soft-bounced': 0, 'hard-bounced': 0, withdrawn: 0 };
        accounts.set(mailing, (found = { recipients: 0, queued: 0, ended }));
      }
      touched.add(mailing);
      return found;
    };
    return {
      on: {
        'mailing.started': (event) => {
          account(event.mailing).recipients = event.recipients;
          return undefined;
        },
        'delivery.queued': (event) => {
          account(event.mailing).queued++;
          return undefined;
        },
        'delivery.ended': (event) => {
          account(event.mailing).ended[event.state]++;
          return undefined;
        },
        'delivery.returned': (event) => {
          const { ended } = account(event.mailing);
          ended.delivered--;
          ended[event.state]++;
          if (ended.delivered >= 0) return undefined;
          const what = 'more messages came back than were delivered';
          return { what, mailing: event.mailing, address: event.address };
        },
      },
      settled() {
        for (const mailing of touched) {
          const { recipients, queued, ended } = accounts.get(mailing)!;
          const over = ended.delivered + ended['soft-bounced'] + ended['hard-bounced'] + ended.withdrawn;
          const open = history.mailings.get(mailing)?.open ?? 0;
          if (recipients === queued && recipients === over + open) continue;
          touched.delete(mailing);
          return {
            mailing,
            what:
              `${mailing} has ${recipients} recipients, ${queued} deliveries, and of these ` +
              `${open} in progress and ${over} ended`,
          };
        }
        touched.clear();
        return undefined;
      },
    };
  },
};
