// `List-Unsubscribe:` (RFC 2369), and `List-Unsubscribe-Post:` for https addresses (one click, RFC 8058).

import { isAscii } from '../../base/domain-names.js';
import { BouncelabError } from '../../base/errors.js';
import type { Contact } from '../model/contact.js';
import { MergeText } from './merge-fields.js';

/** Longest URI that one line holds, with room for the name of the field. */
const URI_LENGTH_MAX = 960;
const LINES = new RegExp(`.{1,${URI_LENGTH_MAX}}`, 'g');

/**
 * @param address a mailto: or https: address in which `{{email}}` is the contact's address
 * @returns the header lines for a contact, each after a line break
 * @throws BouncelabError E_USAGE for another address
 */
export function listUnsubscribe(address: string): (contact: Contact) => string {
  // Graphic ASCII, of which a URI consists (RFC 3986, 2): the header field has no other encoding.
  if (!/^(mailto|https):[!-~]+$/i.test(address.replace(/\{\{.*?\}\}/g, 'x').replace(/[<>,]/g, ' '))) {
    throw new BouncelabError('E_USAGE', `\`${address}\` is not an address for List-Unsubscribe`, {
      hint: isAscii(address)
        ? 'Give a mailto: or https: address, such as https://example.com/leave?{{email}}.'
        : 'Write its domain in A-labels, such as xn--bcher-kva.example, and percent-encode the rest.',
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
    return `\r\nList-Unsubscribe: <${folded(value)}>${oneClick}`;
  };
}

/** Readers ignore white space within the brackets (RFC 2369, 2); a line has at most 998 octets (RFC 5322, 2.1.1). */
function folded(uri: string): string {
  return uri.length > URI_LENGTH_MAX ? uri.match(LINES)!.join('\r\n ') : uri;
}

function encoded(fields: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, encodeURIComponent(value)]));
}
