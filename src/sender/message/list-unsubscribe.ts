// `List-Unsubscribe:` (RFC 2369), and for https: the sign that one click is enough (RFC 8058).

import { BouncelabError } from '../../base/errors.js';
import type { Contact } from '../model/contact.js';
import { MergeText } from './merge-fields.js';

/**
 * @param address a mailto: or https: address in which `{{email}}` is the contact
 * @returns the header lines for a contact, each with the line break before it
 * @throws BouncelabError E_USAGE for another address
 */
export function listUnsubscribe(address: string): (contact: Contact) => string {
  if (!/^(mailto|https):[^\s<>,]+$/i.test(address.replace(/\{\{.*?\}\}/g, 'x'))) {
    throw new BouncelabError('E_USAGE', `\`${address}\` cannot stand in List-Unsubscribe`, {
      hint: 'Give a mailto: or https: address, such as https://example.com/leave?{{email}}.',
    });
  }
  const merge = new MergeText(address);
  const oneClick = /^https:/i.test(address) ? '\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click' : '';
  return ({ address: email, fields, ...contact }) => {
    const value = merge.for({
      ...contact,
      address: encodeURIComponent(email),
      ...(fields ? { fields: encoded(fields) } : {}),
    });
    return `\r\nList-Unsubscribe: <${value}>${oneClick}`;
  };
}

function encoded(fields: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, encodeURIComponent(value)]));
}
