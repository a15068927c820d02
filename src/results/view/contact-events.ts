// The events of one contact, out of the events file of a run: its own, those of the connections that its
// attempts used, and what all deliveries of its mailings came to. A file of a million contacts is read
// twice, and most of its lines are not parsed.

import { linesWith, readEventsFile, type LineHead } from '../../events/events-file.js';
import type { RunEvent, TerminalState } from '../../events/types.js';

/** Events of the run, of mailings and of all their deliveries, whose curve the story shows. */
const OF_THE_RUN = ['delivery.', 'run.', 'mailing.', 'series.', 'scenario.', 'sender.', 'message.'].map(
  (text) => Buffer.from(text),
);
const DELIVERY_TYPE = Buffer.from('delivery.');
const CONNECTION_OPENED = Buffer.from('connection.opened');
const CONTACT_ADDED = Buffer.from('contact.added');
const ATTEMPT = /^[^}]*?"type":"attempt"/;
/** A delivery of another contact: the curve of its mailing needs no more of it. */
const DELIVERY =
  /^\{"seq":(\d+),"t":(\d+),"type":"delivery\.(queued|ended)","mailing":"([^"\\]+)","address":"[^"\\]*"(?:,"state":"([a-z-]+)")?[,}]/;
const CLIENT = /"client":"([^"]+)"/;

/**
 * Reads what the story of one contact is made from, in order.
 *
 * @param path events of a run, NDJSON
 * @param name how errors call the file
 * @param address the contact, as events give it
 * @throws what `readEventsFile` throws
 */
export function* contactEvents(
  path: string,
  name: string,
  address: string,
): Generator<RunEvent, void, undefined> {
  const marked = JSON.stringify(address);
  const clients = new Set<string>();
  for (const line of linesWith(path, marked)) {
    const client = ATTEMPT.test(line) ? CLIENT.exec(line)?.[1] : undefined;
    if (client !== undefined) clients.add(client);
  }

  const sessions = new Set<number>();
  const wants = (head: LineHead): boolean => {
    if (head.isMarked) return true;
    if (head.session !== undefined) return sessions.has(head.session) || head.is(CONNECTION_OPENED);
    return OF_THE_RUN.some((prefix) => head.is(prefix));
  };
  for (const event of readEventsFile(path, name, { marked, wants, brief })) {
    if (event.type === 'connection.opened') {
      if (!clients.has(event.client)) continue;
      sessions.add(event.session);
    }
    yield event;
    if (event.type === 'connection.closed') sessions.delete(event.session);
  }
}

function brief(head: LineHead): RunEvent | undefined {
  if (head.isMarked || !head.is(DELIVERY_TYPE)) return undefined;
  const [, seq, t, what, mailing, state] = DELIVERY.exec(head.text) ?? [];
  if (mailing === undefined || (what === 'ended') !== (state !== undefined)) return undefined;
  const fact = { seq: Number(seq), t: Number(t), mailing, address: '' };
  if (state === undefined) return { ...fact, type: 'delivery.queued' };
  return { ...fact, type: 'delivery.ended', state: state as TerminalState, why: '' };
}

/** Addresses of the audience of a run, in the order in which the contacts were added. */
export function* audienceOf(path: string, name: string): Generator<string, void, undefined> {
  const wants = (head: LineHead): boolean => head.is(CONTACT_ADDED);
  for (const event of readEventsFile(path, name, { wants }))
    if (event.type === 'contact.added') yield event.address;
}
