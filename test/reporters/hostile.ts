// Hostile text that every output must show as text, with its visible form. Replies, subjects, names and
// addresses may contain such text.

export interface Hostile {
  what: string;
  text: string;
  /** The visible form, the same in every kind of output. */
  seen: string;
}

export const HOSTILE: readonly Hostile[] = [
  plain('a script', '<script>globalThis.ran=1</script>'),
  plain('an image with a handler', '<img src=x onerror="globalThis.ran=2">'),
  plain('the end of a block of data', '</script><script>globalThis.ran=3</script>'),
  plain('an unclosed comment', '<!--<script>globalThis.ran=4</script>'),
  plain('the end of a title', '</title></style></noscript><b>bold</b>'),
  plain('entities', '&lt;b&gt; &amp;#60; &#x3c;i&gt;'),
  plain('quotes', `" onmouseover="globalThis.ran=5" x='y'`),
  plain('the end of a CDATA section', ']]> <![CDATA[ x <?xml version="9"?>'),
  plain('a link and an image', '[here](javascript:globalThis.ran=6) ![pic](https://example.com/x.png)'),
  plain('a table, code and emphasis', 'a | b \\| c `code` ``two`` **bold** _it_ ~~no~~ # not a title'),
  plain('a mention and addresses', '@everyone https://example.com www.example.com someone@example.com'),
  plain('a template', '${globalThis.ran=7} <%= ran %> %s %d %n'),
  { what: 'a color', text: '\u001b[31mred\u001b[0m', seen: '\\x1b[31mred\\x1b[0m' },
  { what: 'a window title', text: '\u001b]0;owned\u0007', seen: '\\x1b]0;owned\\x07' },
  { what: 'an 8-bit control sequence', text: '\u009b31mred\u0085next', seen: '\\x9b31mred\\x85next' },
  { what: 'carriage return and backspaces', text: 'all well\r\b\bBAD', seen: 'all well\\r\\x08\\x08BAD' },
  {
    what: 'bidirectional marks',
    text: 'a\u202Egnp.exe\u2066x\u2069\u200f',
    seen: 'a\\u202egnp.exe\\u2066x\\u2069\\u200f',
  },
  { what: 'invisible characters', text: 'a\u200bb\ufeffc\u{e0041}', seen: 'a\\u200bb\\ufeffc\\u{e0041}' },
  {
    what: 'control characters that XML forbids',
    text: 'a\u0000b\u0001c\u000bd\u001fe\u007f',
    seen: 'a\\x00b\\x01c\\x0bd\\x1fe\\x7f',
  },
  { what: 'noncharacters', text: 'a\ufffeb\uffffc', seen: 'a\\ufffeb\\uffffc' },
  { what: 'lone surrogates', text: 'a\ud83db\udc00c', seen: 'a\\ud83db\\udc00c' },
  { what: 'line separators', text: 'a\u2028b\u2029c', seen: 'a\\u2028b\\u2029c' },
];

/** Characters that no output may contain: they control a terminal, reverse text, or break XML. */
export const FORBIDDEN =
  /(?![\n\t])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Noncharacter_Code_Point}\u200b\ufeff\u{e0041}]/u;

function plain(what: string, text: string): Hostile {
  return { what, text, seen: text };
}

/** The text without blanks and line breaks, because output is wrapped. */
export function packed(text: string): string {
  return text.replaceAll(/\s+/g, '');
}
