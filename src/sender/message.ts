// The message of a mailing: composed by nodemailer, once for all contacts where nothing in it
// depends on the contact but its address, else once for each.

import MailComposer from 'nodemailer/lib/mail-composer';
import type { Contact } from './contact.js';

export interface Message {
  subject: string;
  text: string;
  /** Bytes the text is padded to; 0 leaves it as it is. */
  sizeBytes: number;
}

export interface MessageContext {
  mailing: string;
  /** `From:` and the domain of Message-IDs. */
  from: string;
  date: Date;
}

/** Stand-ins, replaced per contact in a message composed once. */
const RECIPIENT = 'recipient@placeholder.invalid';
const MESSAGE_ID = '<message-id@placeholder.invalid>';

const MERGE_FIELD = /\{\{\s*(name|email)\s*\}\}/g;

/** Makes the text of a message for each contact; the Message-ID is the same for every attempt. */
export class Composer {
  private readonly template: Promise<string> | undefined;

  constructor(
    private readonly message: Message,
    private readonly context: MessageContext,
  ) {
    const merges = [message.subject, message.text].some((text) => text.search(MERGE_FIELD) >= 0);
    this.template = merges ? undefined : this.compose(message.subject, message.text, RECIPIENT, MESSAGE_ID);
  }

  async render(contact: Contact): Promise<string> {
    const messageId = `<${this.context.mailing}.${encodeURIComponent(contact.key).replace('%40', '=')}@${domainOf(this.context.from)}>`;
    if (this.template) {
      return (await this.template)
        .replace(RECIPIENT, () => contact.address)
        .replace(MESSAGE_ID, () => messageId);
    }
    const fields: Record<string, string> = {
      name: contact.address.slice(0, contact.address.lastIndexOf('@')),
      email: contact.address,
    };
    const merge = (text: string): string => text.replace(MERGE_FIELD, (_, field: string) => fields[field]!);
    return this.compose(merge(this.message.subject), merge(this.message.text), contact.address, messageId);
  }

  private async compose(subject: string, text: string, to: string, messageId: string): Promise<string> {
    const { from, date } = this.context;
    const padding = Math.max(0, this.message.sizeBytes - Buffer.byteLength(text));
    const body = padding > 0 ? `${text}\n${filler(padding)}` : text;
    const composer = new MailComposer({ from, to, subject, text: body, messageId, date, xMailer: false });
    return (await composer.compile().build()).toString('utf8');
  }
}

/** Lines of 72 characters, so that nothing has to be encoded to be padded. */
function filler(bytes: number): string {
  const line = `${'.'.repeat(71)}\n`.replace(/^\./, '-');
  return line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes);
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}
