// Addresses of mailboxes: the one place that takes an address apart, the grammar of an address in a file, and
// the key by which all spellings of one address are the same. Every other file asks here.

import {
  domainFault,
  domainInUnicode,
  domainKey,
  isAscii,
  isDomain,
  shortened,
  tooLong,
  wireDomain,
} from './domain-names.js';
import type { NameFault } from './domain-names.js';
import { wildcard } from './wildcard.js';

/** A mailbox (RFC 5321, 4.1.2) in its two parts, each as written. */
export interface Address {
  localPart: string;
  domain: string;
}

/** A path of at most 256 octets (RFC 5321, 4.5.3.1.3) holds an address of 254. */
const ADDRESS_OCTETS_MAX = 254;
/** RFC 5321, 4.5.3.1.1. */
const LOCAL_PART_OCTETS_MAX = 64;

/** A local part that needs no quotes; and no `*`, which is for patterns. */
const BARE = /^[^\s\p{C}"()<>[\]:;@\\,*]+$/u;
/** A quoted string (RFC 5321, 4.1.2; RFC 6531, 3.3), without `*` too. */
const QUOTED = /^"(?:[^\p{C}"\\*]|\\[^\p{C}*])*"$/u;
/** A quoted string at the beginning of an address, whatever it holds. */
const LEADING_QUOTED = /^"(?:[^"\\]|\\.)*"/s;
/** A dot-string (RFC 5321, 4.1.2; RFC 6531, 3.3): what may be sent without quotes. */
const DOT_STRING = /^[^\s\p{C}"()<>[\]:;@\\,.]+(?:\.[^\s\p{C}"()<>[\]:;@\\,.]+)*$/u;

/**
 * Splits an address at its `@`; one within quotes is part of the local part. The parts are not checked: see
 * `isAddress`.
 *
 * @returns undefined for a text without `@`, such as a domain or an empty return path
 */
export function parseAddress(text: string): Address | undefined {
  const quoted = LEADING_QUOTED.exec(text)?.[0];
  if (quoted === text) return undefined;
  const at = quoted !== undefined && text[quoted.length] === '@' ? quoted.length : text.lastIndexOf('@');
  return at < 0 ? undefined : { localPart: text.slice(0, at), domain: text.slice(at + 1) };
}

/** The domain of an address, as written; a text without `@` is a domain already. */
export function domainOf(address: string): string {
  return parseAddress(address)?.domain ?? address;
}

/** The local part of an address, as written; all of a text without `@`, such as `postmaster` (RFC 5321, 4.1.1.3). */
export function localPartOf(address: string): string {
  return parseAddress(address)?.localPart ?? address;
}

/** The name of the mailbox that a local part means: without quotes and backslashes, which are no part of it. */
export function mailboxName(localPart: string): string {
  const isQuoted = LEADING_QUOTED.exec(localPart)?.[0] === localPart;
  return isQuoted ? localPart.slice(1, -1).replace(/\\(.)/gs, '$1') : localPart;
}

/**
 * The key of an address: addresses with equal keys are the same mailbox (rule 1). Case does not count, nor how an
 * internationalized domain is written (RFC 5890), nor quotes that are not necessary (RFC 5321, 4.1.2), nor the
 * Unicode normalization form (RFC 6532, 3.1). A text without `@` becomes lower case.
 */
export function addressKey(text: string): string {
  if (isAscii(text) && !text.includes('"')) return text.toLowerCase();
  const address = parseAddress(text);
  if (!address) return mailboxName(text).normalize('NFC').toLowerCase();
  const name = mailboxName(address.localPart);
  const localPart = BARE.test(name) ? name : quotedAs(address.localPart, name);
  return `${localPart.normalize('NFC').toLowerCase()}@${domainKey(address.domain)}`;
}

/**
 * An address as SMTP carries it: with no more quotes than necessary (RFC 5321, 4.1.2), and an internationalized
 * domain in A-labels, which need no SMTPUTF8 (RFC 6531, 3.2). Case is kept.
 */
export function wireAddress(text: string): string {
  if (isAscii(text) && !text.includes('"')) return text;
  const address = parseAddress(text);
  if (!address) return text;
  const name = mailboxName(address.localPart);
  const localPart = DOT_STRING.test(name) ? name : quotedAs(address.localPart, name);
  return `${localPart}@${wireDomain(address.domain)}`;
}

/** An address as written, where more than case tells it from its key. */
export function asWritten(address: string): { written?: string } {
  return addressKey(address) === address.toLowerCase() ? {} : { written: address };
}

/** @returns whether the text can be the address of one contact; patterns cannot */
export function isAddress(text: string): boolean {
  const address = parseAddress(text);
  return (
    address !== undefined &&
    (BARE.test(address.localPart) || QUOTED.test(address.localPart)) &&
    isDomain(address.domain) &&
    lengthFault(address) === undefined
  );
}

/** @returns whether the text can be the local part of an address, or with `*` a pattern of them */
export function isLocalPattern(text: string): boolean {
  const localPart = text.replaceAll('*', 'x');
  return (
    (BARE.test(localPart) || QUOTED.test(localPart)) && Buffer.byteLength(localPart) <= LOCAL_PART_OCTETS_MAX
  );
}

/** @returns the rule that an address breaks; undefined for a text of another form, and for a valid address */
export function addressFault(text: string): NameFault | undefined {
  if (text.startsWith('"') && !LEADING_QUOTED.test(text)) {
    const hint = 'close it before the @, as in "john doe"@example.org';
    return { message: 'its quote is not closed (RFC 5321, 4.1.2)', hint };
  }
  const address = parseAddress(text);
  if (!address || address.localPart === '') return undefined;
  const { localPart, domain } = address;
  if (!BARE.test(localPart) && !QUOTED.test(localPart)) return quotingFault(localPart);
  return domainFault(domain) ?? (isDomain(domain) ? lengthFault(address) : undefined);
}

/**
 * A pattern over keys of addresses or of domains, in which `*` matches any text. An internationalized domain is
 * matched in both spellings, and each whole label of the pattern may have either.
 */
export function keyPattern(pattern: string): (key: string) => boolean {
  if (!pattern.includes('*')) {
    const only = pattern.includes('@') ? addressKey(pattern) : domainKey(pattern);
    return (key) => key === only;
  }
  const lower = pattern.normalize('NFC').toLowerCase();
  const start = lower.lastIndexOf('@') + 1;
  const labels = lower.slice(start).split('.');
  const spelled = (spell: (label: string) => string): string =>
    lower.slice(0, start) + labels.map((label) => (label.includes('*') ? label : spell(label))).join('.');
  const matchesKey = wildcard(spelled(domainKey));
  const matchesUnicode = wildcard(spelled((label) => domainInUnicode(domainKey(label))));
  return (key) => matchesKey(key) || (key.includes('xn--') && matchesUnicode(inUnicode(key)));
}

function inUnicode(key: string): string {
  const address = parseAddress(key);
  return address ? `${address.localPart}@${domainInUnicode(address.domain)}` : domainInUnicode(key);
}

/** @param localPart as written, which stays as it is where it has no quotes */
function quotedAs(localPart: string, name: string): string {
  return QUOTED.test(localPart) ? `"${name.replace(/["\\]/g, '\\$&')}"` : localPart;
}

function quotingFault(localPart: string): NameFault | undefined {
  if (!localPart.includes('"')) return undefined;
  return {
    message: `its local part \`${shortened(localPart)}\` is not quoted as a whole (RFC 5321, 4.1.2)`,
    hint: 'put one quote before it and one after it, and a backslash before each quote within, as in "john doe"@example.org',
  };
}

function lengthFault(address: Address): NameFault | undefined {
  const local = Buffer.byteLength(address.localPart);
  if (local > LOCAL_PART_OCTETS_MAX)
    return tooLong(`its local part has ${local} octets`, LOCAL_PART_OCTETS_MAX, 'RFC 5321, 4.5.3.1.1');
  const all = local + 1 + domainKey(address.domain).length;
  if (all > ADDRESS_OCTETS_MAX)
    return tooLong(`it has ${all} octets`, ADDRESS_OCTETS_MAX, 'RFC 5321, 4.5.3.1.3');
  return undefined;
}
