// The rows of a CSV file. csv-parse reads blocks of lines; when it refuses a row, that row alone is bad and
// reading goes on at the next line, since the library itself loses the rows after a stray quote.

import { parse, type CsvError } from 'csv-parse/sync';

/** Lines that are given to the library at once: after a bad row those behind it are given again. */
const LINES_AT_ONCE = 256;
/** Lines that one row may have; fewer than those read at once. */
const ROW_LINES_MAX = 100;

const ERRORS: Record<string, string> = {
  INVALID_OPENING_QUOTE: 'a quote in the middle of a field',
  CSV_INVALID_CLOSING_QUOTE: 'text between the closing quote of a field and the next separator',
  CSV_QUOTE_NOT_CLOSED: 'a quote is never closed',
};

export interface CsvRow {
  /** Number of its first line, from 1. */
  line: number;
  /** Its first line. */
  text: string;
  /** None for a bad row. */
  fields: string[];
  /** Why it is bad. */
  broken?: string;
}

interface CsvOptions {
  separator: string;
  /** Lines of the file before the first of `lines`. */
  linesBefore: number;
  /** Whether the fields of one line are a row by themselves, so that an open quote before it is stray. */
  isRow: (fields: readonly string[]) => boolean;
}

/** Fields of one line, or why it is not valid CSV. */
export function csvFields(text: string, separator: string): { fields: string[] } | { broken: string } {
  const { rows, broken } = parseLines([text], separator, () => false);
  return broken ? { broken: broken.message } : { fields: rows[0]?.fields ?? [] };
}

/**
 * The rows of the lines, in their order; empty lines are none.
 *
 * A field in quotes may contain line breaks. A quote that is never closed looks the same until the next quote
 * of the file: when the library refuses such a row, when it is longer than a row may be, and when one of its
 * further lines is a row by itself, only its first line is bad.
 */
export function* csvRows(lines: Iterator<string>, options: CsvOptions): Generator<CsvRow, void, undefined> {
  const { separator, isRow } = options;
  let before = options.linesBefore;
  let block: string[] = [];
  let isAtEnd = false;
  const fill = (count: number): void => {
    while (block.length < count && !isAtEnd) {
      const next = lines.next();
      if (next.done === true) isAtEnd = true;
      else block.push(next.value);
    }
  };
  for (fill(LINES_AT_ONCE); block.length > 0; fill(LINES_AT_ONCE)) {
    const { rows, broken, end } = parseLines(block, separator, isRow);
    for (const { from, fields } of rows)
      if (fields.length > 1 || fields[0] !== '')
        yield { line: before + from + 1, text: block[from]!, fields };
    // The library sees no row in an empty line at the end.
    let used = broken ? end : block.length;
    if (broken) {
      const mayGoOn = broken.isOpen && !isAtEnd && block.length - end <= ROW_LINES_MAX;
      if (!mayGoOn) {
        yield { line: before + end + 1, text: block[end]!, fields: [], broken: broken.message };
        used++;
      }
    }
    before += used;
    block = block.slice(used);
  }
}

interface Parsed {
  /** Rows before the one that is bad; `from` is the index of their first line. */
  rows: { from: number; fields: string[] }[];
  /** Number of lines that these rows have. */
  end: number;
  /** The row after them; `isOpen`: its quote may be closed in a further line. */
  broken?: { message: string; isOpen: boolean };
}

/** Thrown from within the library, to end its work at a row that is none. */
class StrayQuote extends Error {}

function parseLines(lines: readonly string[], separator: string, isRow: CsvOptions['isRow']): Parsed {
  const rows: Parsed['rows'] = [];
  let end = 0;
  try {
    parse(lines.join('\n'), {
      delimiter: separator,
      record_delimiter: '\n',
      relax_column_count: true,
      max_record_size: 0,
      on_record: (fields: string[], { lines: last }) => {
        if (last - end > ROW_LINES_MAX) throw new StrayQuote();
        for (let index = end + 1; index < last; index++)
          if (isRow(plainFields(lines[index]!, separator))) throw new StrayQuote();
        rows.push({ from: end, fields });
        end = last;
        return null;
      },
    });
  } catch (error) {
    if (error instanceof StrayQuote) return { rows, end, broken: { message: notClosed(), isOpen: false } };
    const { code, lines: last, message } = error as CsvError & { lines?: number };
    const isOpen = code === 'CSV_QUOTE_NOT_CLOSED';
    // An error in a later line than the first: the quote of the first one was closed there by another.
    const reason = (last ?? 0) > end + 1 ? notClosed() : `not valid CSV: ${ERRORS[code] ?? message}`;
    return { rows, end, broken: { message: reason, isOpen } };
  }
  return { rows, end };
}

function notClosed(): string {
  return `not valid CSV: ${ERRORS['CSV_QUOTE_NOT_CLOSED']}`;
}

/** Fields of one line as if quotes had no meaning in it. */
function plainFields(line: string, separator: string): string[] {
  return line.split(separator).map((field) => field.trim().replace(/^"|"$/g, ''));
}
