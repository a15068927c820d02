// Addresses of mailboxes: the one place that takes an address apart, and the grammar that an address in
// a file must follow. Every other file asks here, so that a wider grammar changes this file alone.

/** A mailbox (RFC 5321, 4.1.2) in its two parts, each as written. */
export interface Address {
  localPart: string;
  domain: string;
}

const LABEL = '[\\p{L}\\p{N}](?:[\\p{L}\\p{M}\\p{N}-]*[\\p{L}\\p{M}\\p{N}])?';
/** A path of at most 256 octets (RFC 5321, 4.5.3.1.3) holds an address of 254. */
const ADDRESS_LENGTH_MAX = 254;
const LOCAL_PART_LENGTH_MAX = 64;

/** Labels of letters, digits and inner hyphens, of any script. */
const DOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`, 'u');
/** A local part that needs no quotes; and no `*`, which is for patterns. */
const LOCAL_PART = /^[^\s\p{C}"()<>[\]:;@\\,*]+$/u;

/**
 * Splits an address at its last `@`. The parts are not checked: see `isAddress`.
 *
 * @returns undefined for a text without `@`, such as a domain or an empty return path
 */
export function parseAddress(text: string): Address | undefined {
  const at = text.lastIndexOf('@');
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

/** @returns whether the text can be a recipient domain */
export function isDomain(text: string): boolean {
  return text.length <= ADDRESS_LENGTH_MAX && DOMAIN.test(text);
}

/** @returns whether the text can be one part of a domain, such as mx1 */
export function isLabel(text: string): boolean {
  return !text.includes('.') && isDomain(text);
}

function isLocalPart(text: string): boolean {
  return text.length <= LOCAL_PART_LENGTH_MAX && LOCAL_PART.test(text);
}

/** @returns whether the text can be the address of one contact; patterns cannot */
export function isAddress(text: string): boolean {
  const address = text.length <= ADDRESS_LENGTH_MAX ? parseAddress(text) : undefined;
  return address !== undefined && isLocalPart(address.localPart) && isDomain(address.domain);
}
