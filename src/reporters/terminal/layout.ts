// Fits text to the width of a terminal: how wide it is, cut with an ellipsis, broken into lines.
// Width is counted simply: wide scripts and emoji take two columns, combining marks none.

import { stripVTControlCharacters } from 'node:util';

const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\uff01-\uff60]/u;
const NARROWLESS = /^[\p{M}\u200c\u200d]/u;
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function graphemeWidth(grapheme: string): number {
  return NARROWLESS.test(grapheme) ? 0 : WIDE.test(grapheme) ? 2 : 1;
}

/** Columns that `text` takes on a terminal; colors in it take none. */
export function displayWidth(text: string): number {
  return graphemes(stripVTControlCharacters(text)).reduce(
    (sum, grapheme) => sum + graphemeWidth(grapheme),
    0,
  );
}

/** Cuts `text` (without colors) to `columns`; what is cut ends in `…`. */
export function truncate(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let kept = '';
  let used = 1;
  for (const grapheme of graphemes(text)) {
    used += graphemeWidth(grapheme);
    if (used > columns) break;
    kept += grapheme;
  }
  return columns < 1 ? '' : `${kept.trimEnd()}…`;
}

/** Pads `text` with blanks on the right to `columns`. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)));
}

/**
 * Breaks one line of text (without colors) at blanks, and inside a word that is too long alone.
 * Blanks at the start of the line are kept on each line made of it.
 *
 * @param columns width that no line exceeds; at least 10 is used
 */
export function wrap(text: string, columns: number): string[] {
  const room = Math.max(10, columns);
  const indent = /^ */.exec(text)![0].slice(0, Math.floor(room / 2));
  const lines: string[] = [];
  let line = '';
  for (const word of text.trim().split(/ +/)) {
    for (const part of pieces(word, room - indent.length)) {
      if (line !== '' && displayWidth(line) + 1 + displayWidth(part) <= room - indent.length)
        line += ` ${part}`;
      else {
        if (line !== '') lines.push(indent + line);
        line = part;
      }
    }
  }
  lines.push(indent + line);
  return lines;
}

function pieces(word: string, columns: number): string[] {
  if (displayWidth(word) <= columns) return [word];
  const parts: string[] = [];
  let part = '';
  let used = 0;
  for (const grapheme of graphemes(word)) {
    const width = graphemeWidth(grapheme);
    if (used + width > columns) {
      parts.push(part);
      part = '';
      used = 0;
    }
    part += grapheme;
    used += width;
  }
  return [...parts, part];
}
