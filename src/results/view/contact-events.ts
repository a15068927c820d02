// The events of one contact, out of the events file of a run: its own, those of the connections that its
// attempts used, and what all deliveries of its mailings came to. A file of a million contacts is read
// twice, and most of its lines are not parsed.

import { linesWith, readEventsFile, skip, type LineHead } from '../../events/events-file.js';
import { KnownTexts } from '../../events/known-texts.js';
import type { RunEvent, TerminalState } from '../../events/types.js';

/** Events of the run, of mailings and of all their deliveries, whose curve the story shows. */
const OF_THE_RUN = ['delivery.', 'run.', 'mailing.', 'series.', 'scenario.', 'sender.', 'message.'].map(
  (text) => Buffer.from(text),
);
const CONNECTION_OPENED = Buffer.from('connection.opened');
const CONTACT_ADDED = Buffer.from('contact.added');
const ATTEMPT = /^[^}]*?"type":"attempt"/;
const QUEUED = Buffer.from('delivery.queued"');
const ENDED = Buffer.from('delivery.ended"');
const MAILING = Buffer.from(',"mailing":"');
const ADDRESS = Buffer.from(',"address":"');
const STATE = Buffer.from(',"state":"');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
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
  for (const event of readEventsFile(path, name, { marked, wants, brief: briefly() })) {
    if (event.type === 'connection.opened') {
      if (!clients.has(event.client)) continue;
      sessions.add(event.session);
    }
    yield event;
    if (event.type === 'connection.closed') sessions.delete(event.session);
  }
}

/**
 * Makes events out of the deliveries of other contacts: the curve of a mailing needs of them when they were queued,
 * and how and when they ended.
 */
function briefly(): (head: LineHead) => RunEvent | undefined {
  const texts = new KnownTexts();
  return (head) => {
    const isQueued = head.is(QUEUED);
    if (head.isMarked || Number.isNaN(head.t) || !(isQueued || head.is(ENDED))) return undefined;
    const { bytes, stop, seq, t } = head;
    let at = skip(bytes, head.afterType, MAILING);
    const mailing = at < 0 ? undefined : texts.read(bytes, at, stop);
    if (mailing === undefined) return undefined;
    at = skip(bytes, texts.end, ADDRESS);
    while (at >= 0 && bytes[at] !== QUOTE) if (++at > stop || bytes[at] === BACKSLASH) return undefined;
    if (at < 0) return undefined;
    if (isQueued) return { seq, t, type: 'delivery.queued', mailing, address: '' };
    at = skip(bytes, at + 1, STATE);
    const state = at < 0 ? undefined : texts.read(bytes, at, stop);
    if (state === undefined) return undefined;
    return { seq, t, type: 'delivery.ended', mailing, address: '', state: state as TerminalState, why: '' };
  };
}

/** Addresses of the audience of a run, in the order in which the contacts were added. */
export function* audienceOf(path: string, name: string): Generator<string, void, undefined> {
  const wants = (head: LineHead): boolean => head.is(CONTACT_ADDED);
  for (const event of readEventsFile(path, name, { wants }))
    if (event.type === 'contact.added') yield event.address;
}
