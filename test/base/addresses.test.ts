// The parser of addresses: both parts as written, and what a text without `@` means.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addressFault,
  addressKey,
  domainOf,
  isAddress,
  keyPattern,
  localPartOf,
  mailboxName,
  parseAddress,
  wireAddress,
} from '../../src/base/addresses.js';
import { domainFault, domainInUnicode, domainKey, isDomain } from '../../src/base/domain-names.js';
import { pathIn } from '../../src/base/smtp-path.js';

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

  test.each(['example.org', 'postmaster', '', '"a@b"'])('is not %j, which has no @', (text) => {
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

describe('the key of an address', () => {
  test.each([
    ['Bob@Example.ORG', 'bob@example.org'],
    ['bob@bücher.example', 'bob@xn--bcher-kva.example'],
    ['bob@BÜCHER.Example', 'bob@xn--bcher-kva.example'],
    ['bob@XN--BCHER-KVA.example', 'bob@xn--bcher-kva.example'],
    ['bob@bu\u0308cher.example', 'bob@xn--bcher-kva.example'],
    ['bob@faß.example', 'bob@xn--fa-hia.example'],
    ['Jo\u0308rg@example.org', 'jörg@example.org'],
    ['"bob"@example.org', 'bob@example.org'],
    ['"b\\ob"@example.org', 'bob@example.org'],
    ['"John Doe"@example.org', '"john doe"@example.org'],
    ['"a\\"b\\\\c"@example.org', '"a\\"b\\\\c"@example.org'],
    ['"bob..smith"@example.org', 'bob..smith@example.org'],
    ['""@example.org', '""@example.org'],
    ['Postmaster', 'postmaster'],
    ['', ''],
  ])('%s is %s, which is its own key', (text, key) => {
    expect(addressKey(text)).toBe(key);
    expect(addressKey(key)).toBe(key);
  });

  test.each([
    ['Bob@Bücher.example', 'Bob@xn--bcher-kva.example'],
    ['"Bob"@Example.org', 'Bob@Example.org'],
    ['"bob..smith"@example.org', '"bob..smith"@example.org'],
    ['"John \\Doe"@bücher.example', '"John Doe"@xn--bcher-kva.example'],
    ['jörg@bücher.example', 'jörg@xn--bcher-kva.example'],
    ['bob@example.org', 'bob@example.org'],
  ])('%s goes to the server as %s', (text, wire) => {
    expect(wireAddress(text)).toBe(wire);
    expect(addressKey(wire)).toBe(addressKey(text));
  });

  test('a mailbox is named without its quotes', () => {
    expect(['bob', '"john doe"', '"a\\"b"', '"open'].map(mailboxName)).toEqual([
      'bob',
      'john doe',
      'a"b',
      '"open',
    ]);
  });
});

const OF = (length: number): string => `${'d'.repeat(63)}.`.repeat(4).slice(0, length - 1) + 'd';

describe('an address that cannot be one', () => {
  test.each([
    ['"john doe@example.org', /its quote is not closed/],
    ['"john\\"@example.org', /its quote is not closed/],
    ['john"doe@example.org', /is not quoted as a whole/],
    ['"john"doe@example.org', /is not quoted as a whole/],
    [`${'b'.repeat(65)}@example.org`, /its local part has 65 octets/],
    [`${'ö'.repeat(33)}@example.org`, /its local part has 66 octets/],
    [`"${'b'.repeat(63)}"@example.org`, /its local part has 65 octets/],
    [`b@${OF(256)}`, /the domain has 256 octets/],
    [`${'b'.repeat(64)}@${OF(255)}`, /it has 320 octets/],
    [`${'b'.repeat(64)}@${OF(190)}`, /it has 255 octets/],
    [`b@${'d'.repeat(64)}.example`, /the label .* has 64 octets/],
    [`b@${'ü'.repeat(60)}.example`, /the label .* octets/],
    ['bob@xn--a.example', /IDNA does not allow the domain/],
    ['bob@xn--bücher.example', /IDNA does not allow/],
    ['bob@\u0308bc.example', /IDNA does not allow/],
    ['bob@ab--ü.example', /IDNA does not allow/],
    ['bob@☃.example', /IDNA does not allow/],
    ['bob@xn--n3h.example', /IDNA does not allow/],
    ['bob@a\u05d0.example', /IDNA does not allow/],
    ['bob@a\u200db.example', /IDNA does not allow/],
    ['bob@bü_cher.example', /IDNA does not allow/],
  ])('%s: the message says why', (text, why) => {
    expect(isAddress(text)).toBe(false);
    expect(addressFault(text)?.message).toMatch(why);
  });

  test.each([
    'bob',
    '@example.org',
    'bob@',
    'a b@example.org',
    '"a*b"@example.org',
    '"a\tb"@example.org',
    'bob@-a.example',
  ])('%j', (text) => {
    expect(isAddress(text)).toBe(false);
  });

  test.each([
    `${'b'.repeat(64)}@${OF(189)}`,
    '"john doe"@example.org',
    '"a@b, <c>"@example.org',
    '""@example.org',
    'jörg@bücher.example',
    'bob@xn--bcher-kva.example',
    'bob@日本語.example',
    'bob@１２７.１',
  ])('but %s can', (text) => {
    expect(addressFault(text)).toBeUndefined();
    expect(isAddress(text)).toBe(true);
  });
});

describe('a domain', () => {
  test('has its key and its spelling in Unicode', () => {
    expect(domainKey('Bücher.Example')).toBe('xn--bcher-kva.example');
    expect(domainInUnicode('xn--bcher-kva.example')).toBe('bücher.example');
    expect(domainInUnicode('example.org')).toBe('example.org');
    expect(domainKey('not a döma!n')).toBe('not a döma!n');
  });

  test.each(['a'.repeat(1_000_000), `${'ü.'.repeat(500_000)}x`, '-'.repeat(100_000)])(
    'of endless length is none',
    (text) => {
      expect(isDomain(text)).toBe(false);
      expect(domainFault(text)?.message).toMatch(/octets/);
    },
  );
});

describe('a pattern', () => {
  test.each([
    ['*@bücher.example', true],
    ['*@xn--bcher-kva.example', true],
    ['*@BÜCHER.example', true],
    ['bob@*.example', true],
    ['*@büch*.example', true],
    ['*ücher*', true],
    ['*@xn--*', true],
    ['*@bücher.*', true],
    ['*@buch*', false],
    ['bob@Bücher.example', true],
    ['alice@bücher.example', false],
  ])('%s matches bob@bücher.example: %s', (pattern, isMatch) => {
    expect(keyPattern(pattern)(addressKey('bob@bücher.example'))).toBe(isMatch);
  });
});

test.each([
  ['RCPT TO:<bob@example.org>', 'bob@example.org'],
  ['RCPT TO: <"a>b c"@example.org> NOTIFY=NEVER', '"a>b c"@example.org'],
  ['MAIL FROM:<> SIZE=1', ''],
  ['RCPT TO:<"open@example.org>', undefined],
  ['RCPT TO:bob@example.org', undefined],
])('the path of %s is %s', (line, path) => {
  expect(pathIn(line)).toBe(path);
});

describe('for any text', () => {
  const PIECES = [
    'bob',
    'B',
    'ö',
    'o\u0308',
    '.',
    '@',
    '"',
    '\\\\',
    ' ',
    '*',
    '<',
    'xn--',
    'xn--bcher-kva',
    'bücher',
    '.example',
    'ß',
    '☃',
  ];
  const texts = fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => pieces.join(''));

  test('a key is its own key, and the form for SMTP has the same key', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const key = addressKey(text);
        expect(addressKey(key)).toBe(key);
        if (isAddress(text)) expect(addressKey(wireAddress(text))).toBe(key);
      }),
      { numRuns: 3000, seed: 1 },
    );
  });

  test('an address has no fault, and its key is an address', () => {
    fc.assert(
      fc.property(texts, (text) => {
        if (!isAddress(text)) return;
        expect(addressFault(text)).toBeUndefined();
        expect(isAddress(addressKey(text))).toBe(true);
      }),
      { numRuns: 3000, seed: 2 },
    );
  });
});
