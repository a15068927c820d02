// Which contacts a mailing or a request is for: said as data, so that it can be kept and repeated.

import { wildcard } from '../../base/wildcard.js';
import type { Contact } from './contact.js';

/** What is given must hold; nothing given means everybody. */
export interface Selection {
  /** Recipient domain. */
  domain?: string;
  /** Addresses, in which `*` stands for any text: one of them matches. Case does not count. */
  addresses?: string[];
}

/** @returns whether a contact is meant */
export function chooser({ domain, addresses }: Selection = {}): (
  contact: Pick<Contact, 'key' | 'domain'>,
) => boolean {
  const [names, patterns] = [new Set<string>(), [] as ((text: string) => boolean)[]];
  for (const address of addresses?.map((one) => one.toLowerCase()) ?? []) {
    if (address.includes('*')) patterns.push(wildcard(address));
    else names.add(address);
  }
  const wanted = domain?.toLowerCase();
  return (contact) =>
    (wanted === undefined || contact.domain === wanted) &&
    (addresses === undefined || names.has(contact.key) || patterns.some((isMatch) => isMatch(contact.key)));
}
