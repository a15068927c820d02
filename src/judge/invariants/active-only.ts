// Rule 1: only active contacts are mailed, with one delivery per address, and no RCPT names any other
// contact. A contact that stops being active during an attempt may still be named in that attempt.

import type { EventOf } from '../../events/types.js';
import type { Breach, Invariant } from './invariant.js';

export const activeOnly: Invariant = {
  name: 'active-only',
  rule: 'only contacts that are active are contacted (rules 1 and 10)',
  anySender: true,
  watch({ history, latencyMs }) {
    /** Contacts named in a RCPT while not active, until the attempt that did so is logged. */
    const named = new Map<string, { rcpt: EventOf<'smtp.command'>; mailing: string | undefined }>();
    /** Attempts that a crash cut short: a RCPT of theirs may be read when the next sender runs. */
    const cutShort = new Map<string, EventOf<'attempt.interrupted'>>();
    const wasOnItsWay = (rcpt: EventOf<'smtp.command'>, address: string, mailing?: string): boolean => {
      const cut = cutShort.get(address);
      if (!cut || (mailing !== undefined && mailing !== cut.mailing)) return false;
      return rcpt.t - latencyMs <= cut.t && cut.startedAt <= history.since(address)!.t;
    };
    const breach = (address: string, rcpt: EventOf<'smtp.command'>, mailing: string | undefined): Breach => {
      const contact = history.contacts.get(address);
      return {
        what: `a RCPT named ${address}, whose status is ${contact?.status}`,
        address,
        mailing,
        because: [history.since(address), rcpt],
      };
    };
    const begun = ({
      address,
      mailing,
      startedAt,
    }: EventOf<'attempt' | 'attempt.interrupted'>): Breach | undefined => {
      const open = named.get(address);
      if (!open || (open.mailing !== undefined && open.mailing !== mailing)) return undefined;
      named.delete(address);
      const since = history.since(address)!.t;
      return startedAt > since ? breach(address, open.rcpt, mailing) : undefined;
    };
    return {
      on: {
        'delivery.queued': ({ mailing, address }) => {
          const contact = history.contacts.get(address);
          const twin = history.delivery(mailing, address);
          if (twin)
            return { what: 'it is queued twice', mailing, address, because: [twin.queued ?? twin.ended] };
          if (contact?.status === 'active') return undefined;
          const what = contact ? `its status is ${contact.status}` : 'there is no such contact';
          return {
            what: `a delivery was queued, and ${what}`,
            mailing,
            address,
            because: [history.since(address)],
          };
        },
        'smtp.command': (event) => {
          const rcpt = history.named(event);
          if (!rcpt) return undefined;
          const { address, mailing } = rcpt;
          const contact = history.contacts.get(address);
          if (!contact) return { what: `a RCPT named ${address}, which is not a contact`, mailing, address };
          if (contact.status !== 'active' && !wasOnItsWay(event, address, mailing))
            named.set(address, { rcpt: event, mailing });
          return undefined;
        },
        attempt: begun,
        'attempt.interrupted': (event) => {
          cutShort.set(event.address, event);
          return begun(event);
        },
      },
      ended() {
        for (const [address, { rcpt, mailing }] of named) return breach(address, rcpt, mailing);
        return undefined;
      },
    };
  },
};
