// A contact as the sender has it, for tests of what is below the sender.

import { domainOf } from '../../src/base/addresses.js';
import type { Contact } from '../../src/sender/model/contact.js';

/** An active contact with nothing behind it. */
export function contactOf(address: string): Contact {
  const key = address.toLowerCase();
  return {
    address,
    key,
    domain: domainOf(key),
    nth: 0,
    status: 'active',
    softBounceStreak: 0,
  };
}
