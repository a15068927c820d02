// Merge fields of a message, `{{name}}` or `{{ city | your town }}`: a text is taken apart once for each
// mailing and filled in for each contact.

import type { Contact } from '../model/contact.js';

/** What a text is made of: text as it stands, and fields. */
type Part = string | { name: string; fallback: string | undefined; written: string };

const FIELD = /\{\{\s*([a-z][a-z0-9_-]{0,63})\s*(?:\|([^{}|]*))?\}\}/gi;
const BREAKS = /[\r\n\u2028\u2029]+/g;

/** A text with merge fields. */
export class MergeText {
  private readonly parts: Part[] = [];

  constructor(text: string) {
    let at = 0;
    for (const match of text.matchAll(FIELD)) {
      const [written, name = '', fallback] = match;
      if (match.index > at) this.parts.push(text.slice(at, match.index));
      this.parts.push({ name: name.toLowerCase(), fallback: fallback?.trim(), written });
      at = match.index + written.length;
    }
    if (at < text.length) this.parts.push(text.slice(at));
  }

  /** Names of its fields, in lower case; those without a fallback alone, when asked so. */
  fields({ withoutFallback = false } = {}): string[] {
    return this.parts.flatMap((part) =>
      typeof part === 'string' || (withoutFallback && part.fallback !== undefined) ? [] : [part.name],
    );
  }

  /** The text for one contact. A field that it lacks and that has no fallback stays as it is written. */
  for(contact: Contact): string {
    let text = '';
    for (const part of this.parts) {
      text +=
        typeof part === 'string' ? part : (valueOf(contact, part.name) ?? part.fallback ?? part.written);
    }
    return text;
  }
}

/** Fields of every contact: whoever has no name is called by the part before the @. */
export const FIELDS_OF_EVERYBODY: readonly string[] = ['email', 'name'];

function valueOf({ address, fields }: Contact, name: string): string | undefined {
  if (name === 'email') return address;
  // A value is one line wherever it goes: a line break in it could be taken for the end of a header.
  const own = fields && Object.hasOwn(fields, name) ? fields[name]!.replace(BREAKS, ' ') : undefined;
  return own ?? (name === 'name' ? address.slice(0, address.lastIndexOf('@')) : undefined);
}
