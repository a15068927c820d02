// Domain names: their grammar, and the two spellings of an internationalized one (RFC 5890). `bücher.example`
// and `xn--bcher-kva.example` are the same name; the A-label identifies it here, since DNS and SMTP carry it.
//
// IDNA is tr46 (UTS #46, nontransitional) and not Node's own url.domainToASCII: that one parses hosts of URLs,
// so that it reads `１２７.１` as an IPv4 address, checks no lengths, and follows the Unicode version of Node.

import { createRequire } from 'node:module';
import type tr46 from 'tr46';

/** Why a name cannot be used, and what to do. */
export interface NameFault {
  message: string;
  hint: string;
}

/** RFC 5321, 4.5.3.1.2. */
const DOMAIN_OCTETS_MAX = 255;
/** RFC 1035, 2.3.4. */
const LABEL_OCTETS_MAX = 63;

/** Letters, digits and inner hyphens. */
const LDH = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
/** A domain that needs no further check but for its length: no label may be an A-label. Most are like this. */
const PLAIN =
  /^(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;
/** Characters of a U-label after mapping; symbols are DISALLOWED (RFC 5892, 2.6 lists the exceptions). */
const U_LABEL =
  /^(?:[\p{L}\p{M}\p{N}-]|\u00b7|\u0375|\u05f3|\u05f4|\u06fd|\u06fe|\u0f0b|\u200c|\u200d|\u30fb)*$/u;

// eslint-disable-next-line no-control-regex -- ASCII is what is meant
const ASCII = /^[\x00-\x7f]*$/;

const IDNA = {
  checkBidi: true,
  checkHyphens: false,
  checkJoiners: true,
  useSTD3ASCIIRules: true,
  verifyDNSLength: false,
  transitionalProcessing: false,
};

/** Names that are remembered: an audience has many contacts at few domains. */
const REMEMBERED_MAX = 10_000;

// Loaded when the first internationalized name is read: its tables take 10 ms, and few runs have one.
let library: typeof tr46 | undefined;
const idna = (): typeof tr46 => (library ??= createRequire(import.meta.url)('tr46') as typeof tr46);

const aLabels = remembered((name) => {
  if (name.length > DOMAIN_OCTETS_MAX) return undefined;
  const unicode = idna().toUnicode(name, IDNA);
  if (unicode.error || !unicode.domain.split('.').every(isULabel)) return undefined;
  return idna().toASCII(name, IDNA) ?? undefined;
});

const uLabels = remembered((name) => idna().toUnicode(name, IDNA).domain);

/** @returns whether the text has no character beyond ASCII */
export function isAscii(text: string): boolean {
  return ASCII.test(text);
}

/**
 * The key of a domain: names with equal keys are the same name. It is the name as DNS and SMTP carry it: A-labels
 * in lower case. A text that is not a domain becomes lower case.
 */
export function domainKey(text: string): string {
  return isAscii(text) ? text.toLowerCase() : (aLabels(text) ?? text.toLowerCase());
}

/** A domain as SMTP carries it: case is kept, and an internationalized one is in A-labels. */
export function wireDomain(text: string): string {
  return isAscii(text) ? text : domainKey(text);
}

/** The key of a domain with U-labels in place of A-labels. */
export function domainInUnicode(key: string): string {
  return key.includes('xn--') ? (uLabels(key) ?? key) : key;
}

/** @returns whether the text can be a domain that receives mail */
export function isDomain(text: string): boolean {
  if (text.length > DOMAIN_OCTETS_MAX) return false;
  return PLAIN.test(text) || (domainFault(text) === undefined && LDH.test(domainKey(text)));
}

/** @returns whether the text can be one part of a domain, such as mx1 */
export function isLabel(text: string): boolean {
  return !text.includes('.') && isDomain(text);
}

/** @returns the limit or the rule of IDNA that a domain breaks; undefined for any other text */
export function domainFault(text: string): NameFault | undefined {
  if (/[\s@"()<>[\]:;\\,*]/.test(text)) return undefined;
  if (text.length > DOMAIN_OCTETS_MAX)
    return tooLong(
      `the domain has ${Buffer.byteLength(text)} octets`,
      DOMAIN_OCTETS_MAX,
      'RFC 5321, 4.5.3.1.2',
    );
  const isInternational = !isAscii(text) || /(^|\.)xn--/i.test(text);
  const key = isInternational ? aLabels(text) : text.toLowerCase();
  if (key === undefined) {
    const hint =
      'correct the name, or write it as it is registered, such as bücher.example or xn--bcher-kva.example';
    return { message: `IDNA does not allow the domain \`${shortened(text)}\` (RFC 5890)`, hint };
  }
  if (!LDH.test(key)) return undefined;
  if (key.length > DOMAIN_OCTETS_MAX)
    return tooLong(`the domain has ${key.length} octets`, DOMAIN_OCTETS_MAX, 'RFC 5321, 4.5.3.1.2');
  const label = key.split('.').find(({ length }) => length > LABEL_OCTETS_MAX);
  if (label === undefined) return undefined;
  const what = `the label \`${shortened(label)}\` of the domain has ${label.length} octets`;
  return tooLong(what, LABEL_OCTETS_MAX, 'RFC 1035, 2.3.4');
}

/** A fault of length. @param source of the limit */
export function tooLong(message: string, max: number, source: string): NameFault {
  return { message, hint: `the limit is ${max} octets (${source})` };
}

/** A text of a message, of which the beginning is enough. */
export function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

/** Hyphens in the third and fourth place mark A-labels (RFC 5891, 4.2.3.1). */
function isULabel(label: string): boolean {
  return U_LABEL.test(label) && (isAscii(label) || label.slice(2, 4) !== '--');
}

/** Calls a function once for each name. */
function remembered(make: (name: string) => string | undefined): (name: string) => string | undefined {
  const known = new Map<string, string | undefined>();
  return (name) => {
    if (known.has(name)) return known.get(name);
    if (known.size >= REMEMBERED_MAX) known.clear();
    const made = make(name);
    known.set(name, made);
    return made;
  };
}
