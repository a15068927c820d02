// Shows a location of a file: a few lines with their numbers, and carets under the marked text. Control
// characters of the file are shown as text, so that they neither break the alignment nor reach a terminal.

import pc from 'picocolors';
import stringWidth from 'string-width';
import type { Location } from '../base/errors.js';
import { visible } from '../base/printable.js';

export interface CodeFrameOptions {
  /** Colors for a terminal; none by default. */
  color?: boolean;
  /** Lines shown before and after the marked one; 2 by default. */
  context?: number;
  /** Text after the carets. */
  label?: string;
  /** Columns of a terminal that the text of a line may take; longer lines are cropped. 100 by default. */
  width?: number;
}

const TAB = '  ';
/** Lines longer than this are cut before anything is measured, so that a frame costs little. */
const NEAR_MARK = 2000;

/** One character as it is shown, with the columns of a terminal it takes. */
interface Cell {
  text: string;
  width: number;
}

/**
 * @param source text of the whole file
 * @param location line and column from 1; the column counts UTF-16 units, as editors do
 * @returns lines joined by line feeds, without one at the end; empty when there is no such line
 */
export function codeFrame(source: string, location: Location, options: CodeFrameOptions = {}): string {
  const { color = false, context = 2, label = '', width = 100 } = options;
  const first = Math.max(1, location.line - context);
  const lines = linesOf(source, first, location.line + context);
  const marked = lines[location.line - first];
  if (marked === undefined) return '';
  // The empty line after the last line feed is not shown.
  if (lines.length > location.line - first + 1 && lines.at(-1) === '') lines.pop();

  const colors = pc.createColors(color);
  const gutter = String(first + lines.length - 1).length;
  return lines
    .flatMap((line, i) => {
      const number = String(first + i).padStart(gutter);
      if (first + i !== location.line) {
        const text = crop(cellsOf(line.slice(0, NEAR_MARK)), 0, width).text;
        return [colors.dim(`  ${number} | ${text}`.trimEnd())];
      }
      const { text, indent, length } = mark(marked, location, width);
      const margin = `  ${' '.repeat(gutter)} |`;
      const carets = '^'.repeat(length) + (label === '' ? '' : ` ${visible(label)}`);
      return [
        `${colors.red('>')} ${colors.dim(`${number} |`)} ${text}`.trimEnd(),
        `${colors.dim(margin)} ${' '.repeat(indent)}${colors.red(carets)}`,
      ];
    })
    .join('\n');
}

/** The marked line as shown, and the columns of its carets. */
function mark(
  line: string,
  location: Location,
  width: number,
): { text: string; indent: number; length: number } {
  const column = Math.max(0, Math.min(location.column - 1, line.length));
  const start = Math.max(0, column - NEAR_MARK);
  const before = cellsOf(line.slice(start, column));
  const meant = cellsOf(line.slice(column, column + Math.min(location.length ?? 1, NEAR_MARK)));
  const after = cellsOf(line.slice(column + Math.min(location.length ?? 1, NEAR_MARK)).slice(0, NEAR_MARK));
  const at = widthOf(before);
  const length = Math.max(1, widthOf(meant));
  // Leaves out as much text before the mark as is needed to keep the mark visible.
  const skipped =
    at + Math.min(length, width / 2) > width || start > 0 ? Math.max(1, at - Math.floor(width / 4)) : 0;
  const cropped = crop([...before, ...meant, ...after], skipped, width);
  const indent = at - cropped.skipped + (cropped.skipped > 0 ? 1 : 0);
  return { text: cropped.text, indent, length: Math.max(1, Math.min(length, width - indent)) };
}

/** Leaves out about `skip` columns at the start and what is too long at the end. */
function crop(cells: readonly Cell[], skip: number, max: number): { text: string; skipped: number } {
  let skipped = 0;
  let from = 0;
  while (from < cells.length && skipped < skip) skipped += cells[from++]!.width;
  let text = from > 0 ? '…' : '';
  let width = text.length;
  for (let i = from; i < cells.length; i++) {
    const cell = cells[i]!;
    if (width + cell.width > max) return { text: `${text}…`, skipped };
    text += cell.text;
    width += cell.width;
  }
  return { text, skipped };
}

let segmenter: Intl.Segmenter | undefined;

function cellsOf(text: string): Cell[] {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => {
    const shown = segment === '\t' ? TAB : visible(segment);
    return { text: shown, width: stringWidth(shown) };
  });
}

function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, { width }) => sum + width, 0);
}

/** Lines `first` to `last` of a text, without splitting all of it: an audience file may be large. */
function linesOf(source: string, first: number, last: number): string[] {
  const lines: string[] = [];
  let start = 0;
  for (let number = 1; number <= last; number++) {
    const end = source.indexOf('\n', start);
    if (number >= first) lines.push(source.slice(start, end < 0 ? undefined : end).replace(/\r$/, ''));
    if (end < 0) break;
    start = end + 1;
  }
  return lines;
}
