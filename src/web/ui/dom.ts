// Creates the elements of a page. Text from scenarios and servers always becomes a text node, with invisible
// characters escaped, so that data never becomes markup.

import { terminalLine } from '../../reporters/text.js';

type Child = Node | string | number | false | null | undefined | Child[];
type Attributes = Record<string, string | number | boolean | undefined | ((event: Event) => void)>;

/** An HTML element. Functions are added as event listeners; `false` and `undefined` attributes are omitted. */
export function h(tag: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function s(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fill<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

function append(element: Element, children: Child[]): void {
  for (const child of children) {
    if (child === false || child === null || child === undefined) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}

/** Text of unknown origin, isolated so that its direction does not affect the text around it. */
export function bdi(text: string): HTMLElement {
  return h('bdi', {}, printableLines(text));
}

/** Longest part of a name that is never broken. */
const PIECE_MAX = 22;
/** Where a name may break: between labels; in a long label at hyphens; else after `PIECE_MAX` characters. */
const BREAKS = [/(?<=\.)|(?=@)/u, /(?<=-)/u, new RegExp(`(?<=^(?:.{${PIECE_MAX}})+)`, 'su')];

/** A domain, host or address, which breaks between its labels rather than inside them. */
export function breakable(text: string): HTMLElement {
  const pieces = BREAKS.reduce(
    (all, at) => all.flatMap((piece) => (piece.length <= PIECE_MAX ? [piece] : piece.split(at))),
    [printableLines(text)],
  );
  return h('bdi', { class: 'place' }, ...pieces.flatMap((piece, index) => [index > 0 && h('wbr'), piece]));
}

/** One or several lines of a server or file in a fixed-width font. */
export function mono(text: string): HTMLElement {
  return h('bdi', { class: 'mono' }, printableLines(text));
}

/** Escapes invisible characters; keeps line breaks. */
export function printableLines(text: string): string {
  return text.split('\n').map(terminalLine).join('\n');
}
