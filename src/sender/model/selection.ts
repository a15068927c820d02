// Which contacts a mailing or a request is for. Plain data, because a store keeps it.

import { wildcard } from '../../base/wildcard.js';
import type { Contact } from './contact.js';

/** All given criteria must match; an empty selection matches every contact. */
export interface Selection {
  /** Recipient domain. */
  domain?: string;
  /** One of these must match; `*` matches any text. Case is ignored. */
  addresses?: string[];
}

/** @returns a function that decides whether a contact matches the selection */
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
