// Fits text to the width of a terminal: measures it, cuts it with an ellipsis, wraps it into lines.
// Width is counted as string-width does it: East Asian Width (UAX #11) and the emoji sequences of Unicode.

import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

const COLUMNS_MIN = 10;
let segmenter: Intl.Segmenter | undefined;

/** Columns that `text` takes on a terminal; colors in it take none. */
export function displayWidth(text: string): number {
  return stringWidth(text);
}

/** Cuts `text` (without colors) to `columns`, between characters; a text that was cut ends in `…`. */
export function truncate(text: string, columns: number): string {
  if (columns < 1) return '';
  if (displayWidth(text) <= columns) return text;
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  // Not cli-truncate: version 5, the last for Node 20, exceeds the width where it cuts at a wide character.
  let kept = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    used += displayWidth(segment);
    if (used > columns) return `${kept.trimEnd()}…`;
    // Keeps the last column free for the ellipsis.
    if (used < columns) kept += segment;
  }
  return text;
}

/** Pads `text` with blanks on the right to `columns`. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)));
}

/**
 * Wraps one line of text at blanks, and inside a word that is too long for a line. Every resulting line
 * has the indent of the first. Characters are returned composed (NFC).
 *
 * @param columns width that no line exceeds, unless a single character does; at least 10 is used
 */
export function wrap(text: string, columns: number): string[] {
  const room = Math.max(COLUMNS_MIN, columns);
  const indent = /^ */.exec(text)![0].slice(0, Math.floor(room / 2));
  const width = room - indent.length;
  return (
    wrapAnsi(text, width, { hard: true })
      .split('\n')
      // wrapAnsi never moves a word without width, such as a lone combining mark, to the next line.
      .flatMap((line) => (displayWidth(line) > width ? broken(line, width) : line))
      .map((line) => indent + line)
  );
}

function broken(line: string, width: number): string[] {
  return wrapAnsi(line, width, { hard: true, wordWrap: false }).split('\n');
}
