// The message of a mailing. nodemailer composes it once, with placeholders for what depends on the contact.
// For each contact they are replaced, each value in the encoding of its place: the same bytes as composing
// each message with nodemailer, at a fraction of the cost.

import MailComposer from 'nodemailer/lib/mail-composer';
import { encodeWord, encodeWords, foldLines } from 'nodemailer/lib/mime-funcs';
import { encode, wrap } from 'nodemailer/lib/qp';
import { wireAddress } from '../../base/addresses.js';
import type { Contact } from '../model/contact.js';
import type { Message } from '../model/mailing.js';
import type { Sign } from './dkim.js';
import { parseFrom } from './from.js';
import { MergeText } from './merge-fields.js';
import { messageIdOf } from './message-id.js';

export interface MessageContext {
  mailing: string;
  /** `From:`, and the domain of Message-IDs. */
  from: string;
  date: Date;
  /** Returns the last header lines for a contact, each after a line break. */
  unsubscribe?: ((contact: Contact) => string) | undefined;
  sign?: Sign | undefined;
}

/** A piece of a message: constant, or made for each contact. */
type Piece = string | ((contact: Contact) => string);

// Placeholders, in characters that no encoding changes.
const RECIPIENT = 'recipient@placeholder.invalid';
const MESSAGE_ID = '<message-id@placeholder.invalid>';
const SUBJECT = 'subject-placeholder';
/** Not ASCII, so that nodemailer states the encoding of the body. */
const BODY = 'für';

const LINE_LENGTH_MAX = 76;

/** Renders the message of a mailing for each contact. The Message-ID is the same for every attempt. */
export class Composer {
  private readonly pieces: Promise<Piece[]>;

  constructor(
    private readonly message: Message,
    private readonly context: MessageContext,
  ) {
    this.pieces = this.compose();
  }

  async render(contact: Contact): Promise<string> {
    let text = '';
    for (const piece of await this.pieces) text += typeof piece === 'string' ? piece : piece(contact);
    const { sign } = this.context;
    return sign ? sign(text) : text;
  }

  private async compose(): Promise<Piece[]> {
    const { message, context } = this;
    const from = parseFrom(context.from);
    const subject = new MergeText(message.subject);
    const body = new MergeText(message.text);
    const hasSubject = subject.fields().length > 0 || needsWords(message.subject);
    const hasBody = body.fields().length > 0;
    const whole = await build({
      from,
      to: RECIPIENT,
      messageId: MESSAGE_ID,
      date: context.date,
      subject: hasSubject ? SUBJECT : message.subject,
      // Quoted-printable suits any value that a contact may bring.
      ...(hasBody
        ? { text: BODY, textEncoding: 'quoted-printable' }
        : { text: padded(message.text, message.sizeBytes) }),
    });
    const end = whole.indexOf('\r\n\r\n');
    const slots: Slot[] = [
      [RECIPIENT, (contact) => wireAddress(contact.address)],
      [MESSAGE_ID, ({ key }) => messageIdOf(context.mailing, key, from.address)],
    ];
    if (hasSubject) slots.push([`Subject: ${SUBJECT}`, (contact) => header('Subject', subject.for(contact))]);
    return [
      ...cut(whole.slice(0, end), slots),
      ...(context.unsubscribe ? [context.unsubscribe] : []),
      '\r\n\r\n',
      ...(hasBody
        ? [(contact: Contact) => quoted(padded(body.for(contact), message.sizeBytes))]
        : [whole.slice(end + 4)]),
    ];
  }
}

type Slot = [placeholder: string, piece: (contact: Contact) => string];

/** Cuts a text at its placeholders, each of which occurs at most once. */
function cut(text: string, slots: readonly Slot[]): Piece[] {
  const [slot, ...others] = slots;
  if (!slot) return [text];
  const at = text.indexOf(slot[0]);
  if (at < 0) return cut(text, others);
  return [...cut(text.slice(0, at), others), slot[1], ...cut(text.slice(at + slot[0].length), others)];
}

async function build(mail: ConstructorParameters<typeof MailComposer>[0]): Promise<string> {
  return (await new MailComposer({ ...mail, xMailer: false }).compile().build()).toString('utf8');
}

/** A header line of free text, encoded (RFC 2047) and folded (RFC 5322, 2.2.3). */
function header(name: string, value: string): string {
  const line = value.replace(/[\r\n]+/g, ' ');
  // nodemailer takes the shorter of Q and B: Q for text that is mostly ASCII.
  const by = line.replace(/[^ -~]/g, '').length * 2 > line.length ? 'Q' : 'B';
  const words = needsWords(line) ? encodeWord(line, by, 52) : encodeWords(line, by, 52, true);
  return foldLines(`${name}: ${words}`, LINE_LENGTH_MAX);
}

/**
 * Whether a text of ASCII must be encoded too: a word without a place to fold would exceed 998 octets (RFC 5322,
 * 2.1.1), and a text that looks like an encoded word would be decoded.
 */
function needsWords(text: string): boolean {
  return text.includes('=?') || /\S{900}/.test(text);
}

/** A body in quoted-printable (RFC 2045, 6.7). */
function quoted(text: string): string {
  return wrap(encode(text.replace(/\r\n|\r|\n/g, '\r\n')), LINE_LENGTH_MAX);
}

function padded(text: string, bytes: number): string {
  const padding = Math.max(0, bytes - Buffer.byteLength(text));
  return padding > 0 ? `${text}\n${filler(padding)}` : text;
}

/** Lines of 72 ASCII characters, which need no encoding. */
function filler(bytes: number): string {
  const line = `${'.'.repeat(71)}\n`.replace(/^\./, '-');
  return line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes);
}
