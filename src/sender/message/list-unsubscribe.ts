// `List-Unsubscribe:` (RFC 2369), and `List-Unsubscribe-Post:` for https addresses (one click, RFC 8058).

import { BouncelabError } from '../../base/errors.js';
import type { Contact } from '../model/contact.js';
import { MergeText } from './merge-fields.js';

/**
 * @param address a mailto: or https: address in which `{{email}}` is the contact's address
 * @returns the header lines for a contact, each after a line break
 * @throws BouncelabError E_USAGE for another address
 */
export function listUnsubscribe(address: string): (contact: Contact) => string {
  if (!/^(mailto|https):[^\s<>,]+$/i.test(address.replace(/\{\{.*?\}\}/g, 'x'))) {
    throw new BouncelabError('E_USAGE', `\`${address}\` is not an address for List-Unsubscribe`, {
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
