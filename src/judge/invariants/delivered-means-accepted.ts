// Rule 3: delivered means that a server accepted the message with 2xx after its final dot. The events of
// the servers are compared, not the reports of the sender. Only where a server sends a positive reply that
// belongs to no command, so late that it arrives after the final dot has been sent, nothing is concluded: no
// client can tell such a reply from the reply to its message.

import type { EventOf } from '../../events/types.js';
import type { SeenDelivery } from './run-history.js';
import type { Breach, Invariant } from './invariant.js';

type Received = EventOf<'message.received'>;

export const deliveredMeansAccepted: Invariant = {
  name: 'delivered-means-accepted',
  rule: 'delivered means that a server answered 2xx to the final dot (rule 3)',
  anySender: true,
  watch: ({ history, latencyMs }) => {
    /** When a session wrote its last positive reply that belongs to no command. */
    const strays = new Map<number, number>();
    /** Messages of these sessions that are not answered yet. */
    const unanswered = new Map<number, Received[]>();
    /** Addresses and ports of the clients of open sessions. */
    const clients = new Map<number, string>();
    /** By session: when a message was last read. */
    const readAtOf = new Map<number, number>();
    /** By session: a delivery that such a reply ended before the server read the message, and when it was written. */
    const early = new Map<number, { breach: Breach; written: number }>();
    /** When a message was read for which such a reply can be taken. */
    const unclear = new Map<SeenDelivery, number>();
    const compare = (session: number): void => {
      const written = strays.get(session);
      for (const { mailFrom, rcpt, since, t } of unanswered.get(session) ?? []) {
        const mailing = history.mailingOf(mailFrom);
        const delivery = mailing === undefined ? undefined : history.delivery(mailing, rcpt);
        // One latency brings the reply to the client, another brought the final dot from it.
        if (delivery && written !== undefined && written + 2 * latencyMs > since) unclear.set(delivery, t);
      }
    };
    return {
      on: {
        'connection.opened': ({ client, session }) => {
          clients.set(session, client);
          return undefined;
        },
        'message.received': (event) => {
          const { session, since, t } = event;
          readAtOf.set(session, t);
          const taken = early.get(session);
          early.delete(session);
          unanswered.set(session, [...(unanswered.get(session) ?? []), event]);
          compare(session);
          // The final dot had been sent when the reply came, or it had not.
          return taken && taken.written + 2 * latencyMs <= since ? taken.breach : undefined;
        },
        'smtp.reply': ({ session, stage, code, t }) => {
          if (stage === 'message') unanswered.delete(session);
          // The 221 to a QUIT has no stage either. The 250 to a RSET is read before the next message begins.
          if (stage !== 'other' || code >= 300 || code === 221) return undefined;
          strays.set(session, t);
          compare(session);
          return undefined;
        },
        'connection.closed': ({ session }) => {
          strays.delete(session);
          unanswered.delete(session);
          clients.delete(session);
          readAtOf.delete(session);
          const taken = early.get(session);
          early.delete(session);
          return taken?.breach;
        },
        'delivery.ended': ({ mailing, address, state }) => {
          const delivery = history.delivery(mailing, address);
          const { last, lastAccepted } = delivery ?? {};
          const readAt = delivery && unclear.get(delivery);
          if (delivery) unclear.delete(delivery);
          if (state !== 'delivered' || delivery?.ended) return undefined;
          // An external sender does not have to report its attempts.
          const isOfLast = (t: number | undefined): boolean =>
            t !== undefined && (!last || t >= last.startedAt);
          if (isOfLast(lastAccepted?.t) || isOfLast(readAt)) return undefined;
          const what = 'it counts as delivered, and no server accepted its message in the last attempt';
          const breach = { what, mailing, address, because: [last, lastAccepted] };
          const stray = [...strays].find(([session]) => clients.get(session) === last?.client);
          if (stray === undefined || isOfLast(readAtOf.get(stray[0]))) return breach;
          early.set(stray[0], { breach, written: stray[1] });
          return undefined;
        },
      },
      ended: () => early.values().next().value?.breach,
    };
  },
};
