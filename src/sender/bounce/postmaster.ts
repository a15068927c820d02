// The postmaster of the return-path domain. Every server that takes mail has one (RFC 5321, 4.5.1), and some
// receivers ask for it before they take mail of a domain. What is sent to it is no bounce message.

import { addressKey } from '../../base/addresses.js';
import { domainKey } from '../../base/domain-names.js';

/** @returns whether this is the postmaster, with or without the domain, in any case */
export function isPostmaster(address: string, domain: string): boolean {
  const key = addressKey(address);
  return key === 'postmaster' || key === `postmaster@${domainKey(domain)}`;
}
