// `From:` of the messages: one mailbox, with or without a display name (RFC 5322, 3.6.2).

import addressparser from 'nodemailer/lib/addressparser';
import { addressFault, isAddress, wireAddress } from '../../base/addresses.js';
import { BouncelabError } from '../../base/errors.js';

export interface FromMailbox {
  /** Display name; empty for none. */
  name: string;
  /** As SMTP carries it, without angle brackets. */
  address: string;
}

/**
 * @param text `news@example.com`, or `News <news@example.com>`
 * @throws BouncelabError E_USAGE when it is not exactly one mailbox
 */
export function parseFrom(text: string): FromMailbox {
  const mailboxes = addressparser(text);
  const [only] = mailboxes;
  if (only && mailboxes.length === 1 && 'address' in only && isAddress(only.address ?? ''))
    return { name: only.name, address: wireAddress(only.address!) };
  const fault = only && 'address' in only ? addressFault(only.address ?? '') : undefined;
  throw new BouncelabError(
    'E_USAGE',
    `\`from\` must be one mailbox, not \`${text}\`${fault ? `: ${fault.message}` : ''}`,
    {
      hint: fault?.hint ?? 'Write it like news@example.com or News <news@example.com>.',
    },
  );
}
