// The dialogue of each session as the server read and wrote it, and the part of it that belongs to an
// attempt. The client address and port in the attempt identify its session.

import { decodedText } from '../../base/charset.js';
import { saidLines } from '../../events/reply-text.js';
import type { FactOf, Reply, RunEvent } from '../../events/types.js';

/** One line of a dialogue: `>` a command, `<` a reply, `-` a remark. */
export interface SpokenLine {
  t: number;
  kind: '>' | '<' | '-';
  text: string;
}

/** The part of a session that belongs to one attempt. */
export interface Dialogue {
  session: number;
  /** 1 for the first message on the connection; 0 when none was begun. */
  transaction: number;
  openedAt: number;
  lines: SpokenLine[];
}

interface Conversation {
  session: number;
  client: string;
  openedAt: number;
  opening: SpokenLine[];
  transaction: SpokenLine[];
  transactions: number;
}

type Attempt = Pick<FactOf<'attempt'>, 'client'>;

/** Lines of one dialogue that are kept: a server may write replies without end. */
const LINES_MAX = 60;
const LINE_LENGTH_MAX = 500;
/** Closed connections that are kept, for attempts that end after them. */
const CLOSED_MAX = 2000;
const MAIL = /^MAIL FROM:/i;

export class Dialogues {
  private readonly open = new Map<number, Conversation>();
  private readonly byClient = new Map<string, Conversation>();
  private closed: Conversation[] = [];

  read(event: RunEvent): void {
    switch (event.type) {
      case 'connection.opened':
        return this.opened(event.session, event.client, event.t, event.host);
      case 'connection.closed':
        return this.close(event.session, event.t);
      case 'smtp.command':
        return this.command(event.session, event.line, event.t);
      case 'smtp.reply':
        return this.say(event.session, { t: event.t, kind: '<', text: replyText(event) });
      case 'smtp.garbled':
        return this.say(event.session, {
          t: event.t,
          kind: '<',
          text: decodedText(Buffer.from(event.text, 'latin1')).trimEnd(),
        });
      case 'message.accepted':
        return this.say(event.session, {
          t: event.t,
          kind: '-',
          text: `message of ${event.size} bytes taken, placed in ${event.placement}`,
        });
      default:
    }
  }

  /** The dialogue of an attempt that has just ended; undefined when it had no connection. */
  of({ client }: Attempt): Dialogue | undefined {
    const conversation = client === undefined ? undefined : this.byClient.get(client);
    if (!conversation) return undefined;
    const { session, transactions, openedAt, opening, transaction } = conversation;
    const lines = transactions < 2 ? [...opening, ...transaction] : transaction;
    return { session, transaction: transactions, openedAt, lines: lines.slice(0, LINES_MAX) };
  }

  private opened(session: number, client: string, t: number, host: string): void {
    const conversation: Conversation = {
      session,
      client,
      openedAt: t,
      opening: [{ t, kind: '-', text: `connection ${session} to ${host}` }],
      transaction: [],
      transactions: 0,
    };
    this.open.set(session, conversation);
    this.byClient.set(client, conversation);
  }

  private command(session: number, line: string, t: number): void {
    const conversation = this.open.get(session);
    if (conversation && MAIL.test(line)) {
      conversation.transactions++;
      conversation.transaction = [];
    }
    this.say(session, { t, kind: '>', text: line });
  }

  private say(session: number, line: SpokenLine): void {
    const conversation = this.open.get(session);
    if (!conversation) return;
    const lines = conversation.transactions > 0 ? conversation.transaction : conversation.opening;
    if (lines.length >= LINES_MAX) return;
    const { text } = line;
    lines.push(
      text.length <= LINE_LENGTH_MAX ? line : { ...line, text: `${text.slice(0, LINE_LENGTH_MAX)}…` },
    );
  }

  private close(session: number, t: number): void {
    this.say(session, { t, kind: '-', text: 'connection closed' });
    const conversation = this.open.get(session);
    if (!conversation) return;
    this.open.delete(session);
    if (this.closed.push(conversation) < 2 * CLOSED_MAX) return;
    const old = this.closed.splice(0, CLOSED_MAX);
    for (const one of old) if (this.byClient.get(one.client) === one) this.byClient.delete(one.client);
  }
}

/** A reply as it was said, its lines joined by line feeds: `452 4.2.2 Mailbox full`. */
export function replyText(reply: Reply): string {
  return saidLines(reply)
    .map((line) => line.trimEnd())
    .join('\n');
}
