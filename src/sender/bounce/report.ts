// Parses a message to a return path: a delivery report (RFC 3464 in RFC 6522), an automatic reply, or
// another message. MIME is left to postal-mime.

import PostalMime, { type Attachment, type Email } from 'postal-mime';
import { decodedText } from '../../base/charset.js';
import { parseDeliveryStatus, type RecipientStatus } from './delivery-status.js';

export type Incoming =
  { kind: 'report'; recipients: RecipientStatus[] } | { kind: 'auto-reply' } | { kind: 'other'; why: string };

/** RFC 3464, and its form for internationalized addresses (RFC 6533). */
const STATUS_TYPES = new Set(['message/delivery-status', 'message/global-delivery-status']);

/** Never rejects: a message that cannot be parsed is `other`. */
export async function readIncoming(message: Uint8Array): Promise<Incoming> {
  let email: Email;
  try {
    // An enclosed message is not read: a report within it is about another message.
    email = await PostalMime.parse(message, { forceRfc822Attachments: true });
  } catch (error) {
    return { kind: 'other', why: `it cannot be read: ${(error as Error).message}` };
  }
  // Also within another multipart: gateways add notices to a report and make it a part of their own message.
  const part = email.attachments.find(({ mimeType }) => STATUS_TYPES.has(mimeType.toLowerCase()));
  if (!part && /^multipart\/report\b/i.test(headerOf(email, 'content-type')))
    return { kind: 'other', why: 'it holds no delivery status' };
  if (!part)
    return isAutoReply(email) ? { kind: 'auto-reply' } : { kind: 'other', why: 'it is no delivery report' };
  const recipients = parseDeliveryStatus(textOf(part));
  return recipients.length > 0
    ? { kind: 'report', recipients }
    : { kind: 'other', why: 'its delivery status names no recipient' };
}

function textOf({ content }: Attachment): string {
  return typeof content === 'string' ? content : decodedText(new Uint8Array(content));
}

/** By Auto-Submitted (RFC 3834, 5) and the older Precedence and X-Autoreply. */
function isAutoReply(email: Email): boolean {
  return (
    /^auto-(replied|generated|notified)/i.test(headerOf(email, 'auto-submitted')) ||
    /^auto_reply/i.test(headerOf(email, 'precedence')) ||
    headerOf(email, 'x-autoreply') !== ''
  );
}

function headerOf({ headers }: Email, name: string): string {
  return headers.find(({ key }) => key === name)?.value.trim() ?? '';
}
