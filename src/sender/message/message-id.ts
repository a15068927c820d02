// Message-IDs (RFC 5322, 3.6.4): the same for every attempt of a delivery.

import { domainOf } from '../../base/addresses.js';

/** Characters of an atom (RFC 5322, 3.2.3) that need no percent-encoding (RFC 3986, 2.3) either. */
const SAFE = /[A-Za-z0-9!'*_~-]/;
/** A text that needs no encoding. */
const PLAIN = /^[A-Za-z0-9!'*_~-]+(?:\.[A-Za-z0-9!'*_~-]+)*$/;

/**
 * @param key of the contact
 * @param from address of `From:`
 */
export function messageIdOf(mailing: string, key: string, from: string): string {
  const at = key.lastIndexOf('@');
  return `<${mailing}.${encoded(key.slice(0, at))}=${encoded(key.slice(at + 1))}@${domainOf(from)}>`;
}

/** A text as part of a dot-atom: others than its characters, and dots without an atom before them, are encoded. */
function encoded(text: string): string {
  if (PLAIN.test(text)) return text;
  let atom = '';
  for (const character of text) {
    const isInner = character === '.' && atom !== '' && !atom.endsWith('.');
    atom += isInner || SAFE.test(character) ? character : percent(character);
  }
  return atom.endsWith('.') ? `${atom.slice(0, -1)}%2E` : atom;
}

function percent(character: string): string {
  return [...Buffer.from(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}
