// Which contacts a mailing or a request is for. Plain data, because a store keeps it.

import { addressKey, keyPattern } from '../../base/addresses.js';
import { domainKey } from '../../base/domain-names.js';
import type { Contact } from './contact.js';

/** All given criteria must match; an empty selection matches every contact. */
export interface Selection {
  /** Recipient domain, in either spelling if it is internationalized. */
  domain?: string;
  /** One of these must match; `*` matches any text. Case is ignored. */
  addresses?: string[];
}

/** The addresses of a selection that names each of its contacts; undefined for any other selection. */
export function namedOnly({ domain, addresses }: Selection): string[] | undefined {
  return domain === undefined && addresses?.every((address) => !address.includes('*'))
    ? addresses
    : undefined;
}

/** @returns a function that decides whether a contact matches the selection */
export function chooser({ domain, addresses }: Selection = {}): (
  contact: Pick<Contact, 'key' | 'domain'>,
) => boolean {
  const [names, patterns] = [new Set<string>(), [] as ((text: string) => boolean)[]];
  for (const address of addresses ?? []) {
    if (address.includes('*')) patterns.push(keyPattern(address));
    else names.add(addressKey(address));
  }
  const wanted = domain === undefined ? undefined : domainKey(domain);
  return (contact) =>
    (wanted === undefined || contact.domain === wanted) &&
    (addresses === undefined || names.has(contact.key) || patterns.some((isMatch) => isMatch(contact.key)));
}
