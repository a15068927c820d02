// A CSV file with a header: finds its separator and its header line, and reads its rows one by one, so that
// memory does not grow with the file.

import type { Location } from '../../../base/errors.js';
import { csvFields, csvRows, type CsvRow } from '../../../documents/csv-rows.js';
import { TextLines, Unreadable, type TextEncoding } from '../../../documents/text-lines.js';

/** A list of a million contacts with fifty columns has about half of it. */
const FILE_SIZE_MAX = 1024 * 1024 * 1024;

const SEPARATORS = [',', ';', '\t'] as const;
type Separator = (typeof SEPARATORS)[number];
const SEPARATOR_NAMES: Record<Separator, string> = { ',': 'comma', ';': 'semicolon', '\t': 'tab' };
/** A first line by which Excel names the separator. */
const EXCEL_SEPARATOR = /^sep=([,;\t])$/i;

export class CsvTable {
  private readonly file: TextLines;
  private readonly lines: Iterator<string>;
  private separator: Separator = ',';
  private linesRead = 0;
  private headerRow: CsvRow | undefined;

  /**
   * @param path absolute path
   * @param name the file as messages show it
   * @param isHeader whether a line is taken for the header, when only one separator makes it one
   * @throws Unreadable
   */
  constructor(
    path: string,
    private readonly name: string,
    isHeader: (fields: readonly string[]) => boolean,
  ) {
    this.file = new TextLines(path, FILE_SIZE_MAX);
    this.lines = this.file.read();
    this.readHeader(isHeader);
  }

  get encoding(): TextEncoding {
    return this.file.encoding;
  }

  get separatorName(): string {
    return SEPARATOR_NAMES[this.separator];
  }

  /** The first line that is not empty. @throws Unreadable when there is none */
  get header(): CsvRow {
    if (!this.headerRow)
      throw new Unreadable('the file is empty', 'its first line names the columns, such as `address,status`');
    return this.headerRow;
  }

  /**
   * The rows behind the header.
   *
   * @param isRow whether the fields of a line are a row by themselves
   */
  rows(isRow: (fields: readonly string[]) => boolean): Generator<CsvRow, void, undefined> {
    return csvRows(this.lines, { separator: this.separator, linesBefore: this.linesRead, isRow });
  }

  /** The location of a field in the first line of its row. */
  place({ line, text }: CsvRow, index = 0): Location {
    let start = 0;
    let isQuoted = false;
    let left = index;
    let end = text.length;
    for (let i = 0; i < text.length; i++) {
      if (text[i] === '"') isQuoted = !isQuoted;
      else if (text[i] === this.separator && !isQuoted && left-- === 0) {
        end = i;
        break;
      } else if (text[i] === this.separator && !isQuoted) start = i + 1;
    }
    const length = Math.max(1, text.slice(start, end).trimEnd().length);
    return { file: this.name, line, column: start + 1, length };
  }

  private readHeader(isHeader: (fields: readonly string[]) => boolean): void {
    let separators: readonly Separator[] = SEPARATORS;
    let text: string | undefined;
    do {
      const next = this.lines.next();
      text = next.done === true ? undefined : next.value;
      this.linesRead++;
      const named = EXCEL_SEPARATOR.exec(text ?? '')?.[1];
      if (named !== undefined) {
        separators = [named as Separator];
        text = '';
      }
    } while (text === '');
    if (text === undefined) return;
    const candidates = separators.map((separator) => ({ separator, read: csvFields(text, separator) }));
    const score = ({ read }: (typeof candidates)[number]): number =>
      'broken' in read ? -1 : read.fields.length + (isHeader(read.fields) ? 1e6 : 0);
    const best = candidates.reduce((first, other) => (score(other) > score(first) ? other : first));
    this.separator = best.separator;
    const row = { line: this.linesRead, text };
    this.headerRow =
      'broken' in best.read
        ? { ...row, fields: [], broken: best.read.broken }
        : { ...row, fields: best.read.fields.map((field) => field.trim()) };
  }
}
