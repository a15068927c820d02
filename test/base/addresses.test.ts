// The parser of addresses: both parts as written, and what a text without `@` means.

import { describe, expect, test } from 'vitest';
import { domainOf, isAddress, localPartOf, parseAddress } from '../../src/base/addresses.js';

describe('an address', () => {
  test.each([
    ['bob@example.org', 'bob', 'example.org'],
    ['Bob+News@Example.ORG', 'Bob+News', 'Example.ORG'],
    ['"a@b"@example.org', '"a@b"', 'example.org'],
    ['@example.org', '', 'example.org'],
    ['bob@', 'bob', ''],
  ])('%s has a local part and a domain, as written', (text, localPart, domain) => {
    expect(parseAddress(text)).toEqual({ localPart, domain });
    expect(localPartOf(text)).toBe(localPart);
    expect(domainOf(text)).toBe(domain);
  });

  test.each(['example.org', 'postmaster', ''])('is not %j, which has no @', (text) => {
    expect(parseAddress(text)).toBeUndefined();
    expect(domainOf(text)).toBe(text);
    expect(localPartOf(text)).toBe(text);
  });

  test.each(['@example.org', 'bob@', 'bob', '*@example.org', `${'b'.repeat(65)}@example.org`])(
    'of a contact is not %s',
    (text) => {
      expect(isAddress(text)).toBe(false);
    },
  );
});
