// Merge fields of a message, `{{name}}` or `{{ city | your town }}`: a text is parsed once for each mailing
// and filled in for each contact.

import { localPartOf, mailboxName } from '../../base/addresses.js';
import type { Contact } from '../model/contact.js';

/** Part of a text: literal text, or a field. */
type Part = string | { name: string; fallback: string | undefined; written: string };

const FIELD = /\{\{\s*([a-z][a-z0-9_ -]{0,63}?)\s*(?:\|([^{}|]*))?\}\}/gi;
const NAME_LENGTH_MAX = 64;
const BREAKS = /[\r\n\u2028\u2029]+/g;

/** A text with merge fields. */
export class MergeText {
  private readonly parts: Part[] = [];

  constructor(text: string) {
    let at = 0;
    for (const match of text.matchAll(FIELD)) {
      const [written, name = '', fallback] = match;
      if (match.index > at) this.parts.push(text.slice(at, match.index));
      this.parts.push({ name: name.toLowerCase().replace(/ +/g, '_'), fallback: fallback?.trim(), written });
      at = match.index + written.length;
    }
    if (at < text.length) this.parts.push(text.slice(at));
  }

  /** Names of its fields, in lower case; all, or only those without a fallback. */
  fields({ withoutFallback = false } = {}): string[] {
    return this.parts.flatMap((part) =>
      typeof part === 'string' || (withoutFallback && part.fallback !== undefined) ? [] : [part.name],
    );
  }

  /** The text for one contact. A field without value and fallback stays as written. */
  for(contact: Contact): string {
    let text = '';
    for (const part of this.parts) {
      text +=
        typeof part === 'string' ? part : (valueOf(contact, part.name) ?? part.fallback ?? part.written);
    }
    return text;
  }
}

/**
 * The name of a merge field for a text such as the header of a column: `First Name` becomes `first_name`. Small
 * letters without accents, digits and hyphens stay, and anything between them becomes one underscore.
 *
 * @returns undefined for a text without a letter of `a` to `z` at its start
 */
export function fieldName(text: string): string | undefined {
  const name = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replace(/[^a-z0-9-]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, NAME_LENGTH_MAX);
  return /^[a-z]/.test(name) ? name : undefined;
}

/** Fields of every contact. The default of `name` is the local part of the address. */
export const FIELDS_OF_EVERY_CONTACT: readonly string[] = ['email', 'name'];

function valueOf({ address, fields }: Contact, name: string): string | undefined {
  if (name === 'email') return address;
  // A line break in a value would end the header field that holds it.
  const own = fields && Object.hasOwn(fields, name) ? fields[name]!.replace(BREAKS, ' ') : undefined;
  return own ?? (name === 'name' ? mailboxName(localPartOf(address)) : undefined);
}
