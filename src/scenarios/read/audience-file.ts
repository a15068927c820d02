// Reads contacts from a CSV file with the columns address, status and softBounceStreak. Every bad line
// is reported with its location, and the other lines are read.

import { parse } from 'csv-parse/sync';
import type { CsvError, Info } from 'csv-parse/sync';
import type { Location } from '../../base/errors.js';
import { addressFault, isAddress } from '../../base/addresses.js';
import { shortened } from '../../base/domain-names.js';
import type { ContactPlan } from '../plan.js';
import { counted, described, nameHint, quoted } from '../../documents/problems.js';
import type { Problem } from '../../documents/problems.js';
import { STATUSES } from '../schema/expectations.js';
import { readSource } from '../../documents/source-file.js';

/** A million addresses take about 30 MB. */
const FILE_SIZE_MAX = 64 * 1024 * 1024;

const COLUMNS = ['address', 'status', 'softBounceStreak'] as const;
type Column = (typeof COLUMNS)[number];

const CSV_ERRORS: Record<string, string> = {
  INVALID_OPENING_QUOTE: 'a quote in the middle of a field',
  CSV_INVALID_CLOSING_QUOTE: 'text between the closing quote of a field and the next comma',
  CSV_QUOTE_NOT_CLOSED: 'a quote is never closed',
};

interface CsvRecord {
  record: string[];
  info: Info;
  raw: string;
}

interface AudienceRows {
  rows: { contact: ContactPlan; location: Location }[];
  problems: Problem[];
  /** Text of the file, with line feeds as line ends. */
  source: string;
}

/**
 * @param path absolute path
 * @param file the path as messages show it
 * @returns the contacts and the problems of bad lines, or why the file cannot be read
 */
export function readAudienceFile(
  path: string,
  file: string,
): AudienceRows | { message: string; hint?: string } {
  const source = readSource(path, FILE_SIZE_MAX);
  if ('message' in source) return source;
  // A single kind of line end, so that the library and a code frame count the same lines.
  return new AudienceFile(file, source.text.replace(/\r\n?/g, '\n')).read();
}

class AudienceFile {
  private readonly problems: Problem[] = [];

  constructor(
    private readonly file: string,
    private readonly text: string,
  ) {}

  read(): AudienceRows | { message: string; hint?: string } {
    const [header, ...records] = this.parse();
    const rows: AudienceRows['rows'] = [];
    const columns = header && this.readColumns(header);
    if (!header && this.problems.length === 0) {
      return { message: 'the file is empty', hint: `its first line is \`${COLUMNS.join(',')}\`` };
    }
    if (columns) {
      for (const record of records) {
        const contact = this.readContact(record, columns);
        if (contact) rows.push({ contact, location: this.placeOf(record, columns.indexOf('address')) });
      }
    }
    this.problems.sort((a, b) => a.location.line - b.location.line || a.location.column - b.location.column);
    return { rows, problems: this.problems, source: this.text };
  }

  private parse(): CsvRecord[] {
    if (!this.text.includes('"')) return this.parseRecords(this.text);
    // The library takes all lines after an unclosed quote as one field. No column may contain a line
    // break, so each line with an unclosed quote is parsed alone and the others without it.
    const lines = this.text.split('\n');
    const isOpen = lines.map((line) => line.split('"').length % 2 === 0);
    isOpen.forEach((open, index) => open && this.parseRecords(lines[index]!, index));
    if (isOpen[0]) return [];
    return this.parseRecords(lines.map((line, index) => (isOpen[index] ? '' : line)).join('\n'));
  }

  /** @param linesBefore number of lines of the file before the text */
  private parseRecords(text: string, linesBefore = 0): CsvRecord[] {
    // The types of the library do not cover the records that `info` and `raw` produce.
    return parse(text, {
      record_delimiter: '\n',
      info: true,
      raw: true,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_error: true,
      on_skip: (error: CsvError | undefined) => {
        if (error) this.addBrokenLine(error, linesBefore);
        return undefined;
      },
    }) as unknown as CsvRecord[];
  }

  private addBrokenLine(error: CsvError, linesBefore: number): void {
    const line = linesBefore + Math.max(1, Number(error['lines'] ?? 1));
    const message = `not valid CSV: ${CSV_ERRORS[error.code] ?? error.message}`;
    this.add(
      message,
      { file: this.file, line, column: 1 },
      'put a field that contains a quote in quotes, and double the quote inside it',
    );
  }

  /** The columns in the order of the file; undefined, and a problem, when the first line is no valid header. */
  private readColumns(header: CsvRecord): Column[] | undefined {
    const names = header.record.map((name) => name.trim());
    const before = this.problems.length;
    if (!names.includes('address')) {
      this.add(
        'the first line must name the columns, and `address` is not among them',
        this.placeOf(header, 0),
        `write \`${COLUMNS.join(',')}\``,
      );
      return undefined;
    }
    names.forEach((name, i) => {
      if (!(COLUMNS as readonly string[]).includes(name)) {
        this.add(
          `unknown column ${quoted(name)}`,
          this.placeOf(header, i),
          nameHint(name, COLUMNS, 'columns'),
        );
      } else if (names.indexOf(name) < i) {
        this.add(`the column ${quoted(name)} appears twice`, this.placeOf(header, i), 'remove one of them');
      }
    });
    return this.problems.length > before ? undefined : (names as Column[]);
  }

  private readContact(record: CsvRecord, columns: readonly Column[]): ContactPlan | undefined {
    const before = this.problems.length;
    const fields = record.record.map((field) => field.trim());
    if (fields.length > columns.length) {
      const message = `this line has ${counted(fields.length, 'field')}, and there are ${counted(columns.length, 'column')}`;
      this.add(message, this.placeOf(record, columns.length), 'put a field that holds a comma in quotes');
      return undefined;
    }
    const field = (column: Column): string => fields[columns.indexOf(column)] ?? '';
    const wrong = (column: Column, expected: string, hint: string): void => {
      const at = this.placeOf(record, Math.min(columns.indexOf(column), fields.length - 1));
      this.add(`\`${column}\` must be ${expected}, not ${described(field(column))}`, at, hint);
    };
    const address = field('address');
    const fault = addressFault(address);
    if (fault) {
      const at = this.placeOf(record, Math.min(columns.indexOf('address'), fields.length - 1));
      this.add(`\`${shortened(address)}\` is not an address: ${fault.message}`, at, fault.hint);
    } else if (!isAddress(address))
      wrong('address', 'an address such as bob@example.org', 'spaces and angle brackets are not part of it');
    const status = STATUSES.find((one) => one === (field('status') || 'active'));
    if (!status)
      wrong('status', 'one of active, error, opt-out', nameHint(field('status'), STATUSES, 'statuses'));
    const streak = field('softBounceStreak');
    if (!/^\d{0,9}$/.test(streak)) wrong('softBounceStreak', 'a whole number', 'leave it empty for 0');
    if (this.problems.length > before) return undefined;
    return { address, status: status!, softBounceStreak: Number(streak) };
  }

  private add(message: string, location: Location, hint: string): void {
    this.problems.push({ message, ...(hint === '' ? {} : { hint }), location, source: this.text });
  }

  /** The location of a field of a record. */
  private placeOf({ raw, record, info }: CsvRecord, index: number): Location {
    const text = raw.replace(/^[\r\n]+|[\r\n]+$/g, '');
    const starts = fieldStarts(text);
    const start = starts[index] ?? 0;
    const end = (starts[index + 1] ?? text.length + 1) - 1;
    return {
      file: this.file,
      line: info.lines,
      column: start + 1,
      length: record[index] === undefined ? 1 : Math.max(1, text.slice(start, end).trimEnd().length),
    };
  }
}

/** Offset of each field in the text of a record. */
function fieldStarts(text: string): number[] {
  const starts = [0];
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') isQuoted = !isQuoted;
    else if (text[i] === ',' && !isQuoted) starts.push(i + 1);
  }
  return starts;
}
