// Return paths: their form, parsing, and protection against forgery.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localPartOf } from '../../../src/base/addresses.js';
import { digestOf, ReturnPaths } from '../../../src/sender/bounce/return-path.js';

const paths = new ReturnPaths('secret', 'return.sender.example');
const LONG = `${'a'.repeat(60)}@a-rather-long-domain.example`;

describe('a return path', () => {
  it.each(['bob@example.org', 'bob+news@example.org', 'a=b@example.org', "o'neil@example.org"])(
    'names %s',
    (address) => {
      const path = paths.of('november', address);
      expect(path.startsWith(`bounce+november+${address.replace(/@/, '=')}+`)).toBe(true);
      expect(paths.read(path)).toEqual({ mailing: 'november', address, genuine: true });
    },
  );

  it.each([
    LONG,
    'jos\u00e9@example.org',
    'bob@b\u00fccher.example',
    'a..b@example.org',
    '~x@example.org',
    '"a b"@example.org',
  ])('holds a digest of %s', (address) => {
    const path = paths.of('november', address);
    expect(path).toMatch(/^bounce\+november\+~[a-z2-7]{10}\+[a-z2-7]{10}@return\.sender\.example$/);
    expect(paths.read(path)).toEqual({ mailing: 'november', digest: digestOf(address), genuine: true });
  });

  it('fits a local part of 64 octets and is parsed in any case', () => {
    const address = fc
      .tuple(fc.string({ minLength: 1, maxLength: 64 }), fc.domain())
      .map(([local, domain]) => `${local}@${domain}`.toLowerCase());
    const mailing = fc.stringMatching(/^[a-z0-9-]{1,34}$/);
    fc.assert(
      fc.property(address, mailing, (contact, name) => {
        const path = paths.of(name, contact);
        expect(Buffer.byteLength(localPartOf(path))).toBeLessThanOrEqual(64);
        expect(path).toMatch(/^[!-~]+$/);
        for (const come of [path, path.toUpperCase()]) {
          const read = paths.read(come)!;
          expect(read).toMatchObject({ mailing: name, genuine: true });
          expect(read.address ?? read.digest).toBe(read.address === undefined ? digestOf(contact) : contact);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is the same for every attempt, and different for each contact, mailing and secret', () => {
    const path = paths.of('november', 'bob@example.org');
    expect(paths.of('november', 'bob@example.org')).toBe(path);
    const tag = (made: string): string => localPartOf(made).slice(-10);
    const others = [
      paths.of('december', 'bob@example.org'),
      paths.of('november', 'bib@example.org'),
      new ReturnPaths('another', 'return.sender.example').of('november', 'bob@example.org'),
    ];
    expect(new Set([path, ...others].map(tag)).size).toBe(4);
  });
});

describe('a forged return path', () => {
  it('is parsed, but not genuine', () => {
    const [, tag] = /\+([a-z2-7]{10})@/.exec(paths.of('november', 'eve@example.org'))!;
    const forged = `bounce+november+bob=example.org+${tag}@return.sender.example`;
    expect(paths.read(forged)).toEqual({ mailing: 'november', address: 'bob@example.org', genuine: false });
  });

  it('with the tag of another mailing is not genuine', () => {
    const path = paths.of('november', 'bob@example.org').replace('november', 'december');
    expect(paths.read(path)).toMatchObject({ mailing: 'december', genuine: false });
  });

  it.each([
    'news@return.sender.example',
    'bounce+november+bob=example.org@return.sender.example',
    paths.of('november', 'bob@example.org').replace('return.', 'other.'),
    'bounce+@return.sender.example',
    '',
    '@',
  ])('is not a return path: %s', (path) => {
    expect(paths.read(path)).toBeUndefined();
  });

  it('of any text never throws and is never genuine', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(paths.read(`bounce+november+${text}@return.sender.example`)?.genuine ?? false).toBe(false);
        expect(paths.read(text)).toBeUndefined();
      }),
    );
  });
});
