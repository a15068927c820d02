// A strict parser for the subset of XML that reports use. It throws where a lenient parser would guess, so that
// tests find every mistake in the output.

export interface XmlElement {
  name: string;
  attributes: Record<string, string>;
  text: string;
  children: XmlElement[];
}

const TOKEN = /<\/([\w.-]+)\s*>|<([\w.-]+)((?:\s+[\w.-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/y;
const ALLOWED = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** @throws Error when the text is not well-formed */
export function readXml(xml: string): XmlElement {
  if (!ALLOWED.test(xml)) throw new Error('a character that XML 1.0 does not allow');
  const start = /^<\?xml version="1.0" encoding="UTF-8"\?>\s*/.exec(xml);
  if (!start) throw new Error('no XML declaration');
  const document: XmlElement = { name: '', attributes: {}, text: '', children: [] };
  const open = [document];
  TOKEN.lastIndex = start[0].length;
  let end = TOKEN.lastIndex;
  for (let token = TOKEN.exec(xml); token; token = TOKEN.exec(xml)) {
    end = TOKEN.lastIndex;
    const [, closed, opened, attributes = '', empty, text] = token;
    const parent = open.at(-1)!;
    if (text !== undefined) {
      if (text.includes(']]>')) throw new Error('"]]>" in text');
      if (parent === document && text.trim() !== '') throw new Error('text outside the root');
      parent.text += decoded(text);
    } else if (closed !== undefined) {
      if (open.pop()!.name !== closed) throw new Error(`</${closed}> closes ${parent.name}`);
    } else {
      const element: XmlElement = { name: opened!, attributes: {}, text: '', children: [] };
      for (const [, key, value] of attributes.matchAll(/([\w.-]+)="([^"]*)"/g)) {
        if (key! in element.attributes) throw new Error(`attribute ${key} twice`);
        element.attributes[key!] = decoded(value!.replaceAll(/[\t\r\n]/g, ' '));
      }
      parent.children.push(element);
      if (empty === '') open.push(element);
    }
  }
  if (end !== xml.length) throw new Error(`not XML: ${xml.slice(end, end + 40)}`);
  if (open.length > 1) throw new Error(`${open.at(-1)!.name} is not closed`);
  if (document.children.length !== 1) throw new Error('not one root');
  return document.children[0]!;
}

function decoded(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));|&/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
      const character = name === undefined ? undefined : ENTITIES[name];
      if (character === undefined) throw new Error(`bad reference ${whole}`);
      return character;
    },
  );
}
