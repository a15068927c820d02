// Composes the messages that a host sends back: bounce messages (RFC 3464, in the form of RFC 6522) and
// automatic replies (RFC 3834).

import MimeNode from 'nodemailer/lib/mime-node';
import { isAscii } from '../../base/domain-names.js';
import type { ComesBack } from '../behaviors/behavior.js';

/** An accepted message, and the message that is sent back about it. */
export interface Returning {
  /** Host that accepted it. */
  host: string;
  /** Return path of the message, without brackets. */
  returnPath: string;
  /** Recipient as in RCPT. */
  rcpt: string;
  acceptedAt: Date;
  /** Header of the message, as received. */
  header: string;
  what: ComesBack;
}

/** What distinguishes one message from the others. */
interface Identity {
  /** Unique in the run. */
  id: string;
  date: Date;
}

/** The text of the message that is sent back, with CRLF line ends. */
export async function composeReturn(returning: Returning, identity: Identity): Promise<string> {
  const message =
    returning.what.kind === 'bounce' ? bounceMessage(returning, identity) : autoReply(returning, identity);
  return (await message.build()).toString('utf8');
}

function bounceMessage(returning: Returning, identity: Identity): MimeNode {
  const { host, what, rcpt, header } = returning;
  const delayed = what.action === 'delayed';
  const root = new MimeNode('multipart/report; report-type=delivery-status', {
    baseBoundary: identity.id,
    newline: 'win',
  });
  root.setHeader({
    ...headers(returning, identity, `Mail Delivery System <MAILER-DAEMON@${host}>`),
    'X-Failed-Recipients': rcpt,
    Subject: delayed ? 'Delayed mail (still being retried)' : 'Undelivered mail returned to sender',
  });
  // The line end before a boundary belongs to the boundary; the library adds it.
  const part = (type: string, content: string): void =>
    void root.createChild(type, { newline: 'win' }).setContent(content.replace(/\r\n$/, ''));
  part('text/plain; charset=utf-8', explanation(returning));
  part('message/delivery-status', deliveryStatus(returning, identity));
  part('text/rfc822-headers', header);
  return root;
}

function explanation({ host, what, rcpt }: Returning): string {
  const verdict =
    what.action === 'delayed'
      ? 'has not been delivered yet. You need not do anything: it will be tried again.'
      : 'could not be delivered.';
  return `This is the mail system at host ${host}.\r\n\r\nYour message to <${rcpt}> ${verdict}\r\n\r\n${diagnosticOf(what)}\r\n`;
}

function deliveryStatus({ host, rcpt, acceptedAt, what }: Returning, { date }: Identity): string {
  const fields = [
    `Reporting-MTA: dns; ${host}`,
    `Arrival-Date: ${rfc5322(acceptedAt)}`,
    '',
    `Original-Recipient: ${typed(rcpt)}`,
    `Final-Recipient: ${typed(rcpt)}`,
    `Action: ${what.action}`,
    `Status: ${what.status}`,
    `Remote-MTA: dns; ${host}`,
    `Diagnostic-Code: smtp; ${diagnosticOf(what)}`,
    `Last-Attempt-Date: ${rfc5322(date)}`,
  ];
  return `${fields.join('\r\n')}\r\n`;
}

/** An address with its type: beyond ASCII it is `utf-8`, in the form for 7-bit reports (RFC 6533, 3). */
function typed(address: string): string {
  if (isAscii(address)) return `rfc822;${address}`;
  const embedded = Array.from(address, (character) =>
    isAscii(character) ? character : `\\x{${character.codePointAt(0)!.toString(16).toUpperCase()}}`,
  );
  return `utf-8;${embedded.join('')}`;
}

/** The reply that the host would have sent during the SMTP session. */
function diagnosticOf({ status = '5.0.0', text }: ComesBack): string {
  return `${status.startsWith('5') ? 550 : 450} ${status} ${text}`;
}

function autoReply(returning: Returning, identity: Identity): MimeNode {
  const { rcpt, header, what } = returning;
  const subject = /^Subject:[ \t]*([^\r\n]*)/im.exec(header)?.[1] ?? '';
  return new MimeNode('text/plain; charset=utf-8', { newline: 'win' })
    .setHeader({ ...headers(returning, identity, rcpt), Subject: `Automatic reply: ${subject}` })
    .setContent(`${what.text}\r\n`);
}

function headers(
  { host, returnPath }: Returning,
  { id, date }: Identity,
  from: string,
): Record<string, string> {
  return {
    From: from,
    To: returnPath,
    Date: rfc5322(date),
    'Message-ID': `<${id}@${host}>`,
    'Auto-Submitted': 'auto-replied',
  };
}

function rfc5322(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000');
}
