// Reads contacts from a CSV file. Every bad row is counted and the first ones are reported with their
// location; the other rows are read.

import type { Location } from '../../../base/errors.js';
import type { ContactStatus } from '../../../events/types.js';
import { addressFault, isAddress } from '../../../base/addresses.js';
import { shortened } from '../../../base/domain-names.js';
import type { CsvRow } from '../../../documents/csv-rows.js';
import { closest, counted, described, quoted, type Problem } from '../../../documents/problems.js';
import { Unreadable } from '../../../documents/text-lines.js';
import type { ContactPlan } from '../../plan.js';
import { STATUSES } from '../../schema/expectations.js';
import {
  columnsOf,
  hasAddress,
  isMarked,
  type ColumnNames,
  type ColumnProblem,
  type Columns,
} from './columns.js';
import { StatusWords, wordKey } from './status-words.js';
import { CsvTable } from './csv-table.js';
import type { TakenFile } from './taken.js';

/** Bad rows that are reported one by one. */
export const BAD_ROWS_SHOWN = 20;
/** Unknown status words that are reported one by one. */
const WORDS_SHOWN = 20;
const QUOTES_HINT = 'put a field that contains a quote in quotes, and double the quote inside it';

interface AudienceFileOptions {
  columns: ColumnNames;
  statuses: Readonly<Record<string, ContactStatus>>;
  /** Merge fields that messages use: a contact keeps no others, which bounds the memory. */
  usedFields: ReadonlySet<string>;
  /**
   * Takes a contact.
   *
   * @returns the problem when it cannot be one, without its location; `stop`: no further row is read
   */
  add: (contact: ContactPlan, location: Location) => Omit<Problem, 'location'> | 'stop' | undefined;
}

/** What became of the rows of a file. */
export interface AudienceRows extends TakenFile {
  /** The first bad rows, one problem for each. */
  problems: Problem[];
  /** Status words without a meaning, one problem for each; their rows are bad rows too. */
  unknownWords: Problem[];
}

/**
 * @param path absolute path
 * @param file the path as messages show it
 * @returns the rows; or why the file cannot be read, or what is wrong with its header
 */
export function readAudienceFile(
  path: string,
  file: string,
  options: AudienceFileOptions,
):
  AudienceRows | { header: (ColumnProblem & { location: Location })[] } | { message: string; hint?: string } {
  try {
    const table = new CsvTable(path, file, (fields) => hasAddress(fields, options.columns));
    const { header } = table;
    if (header.broken !== undefined) {
      const location = { ...table.place(header), length: 1 };
      return { header: [{ message: header.broken, hint: QUOTES_HINT, location }] };
    }
    const columns = columnsOf(header.fields, options.columns);
    if (!Array.isArray(columns)) return new AudienceFile(table, file, columns, options).read();
    return { header: columns.map((one) => ({ ...one, location: table.place(header, one.index) })) };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const { message, hint } = error;
    return { message, ...(hint === undefined ? {} : { hint }) };
  }
}

/** A field of a row that is wrong. */
interface Fault {
  message: string;
  hint: string;
  index: number;
}

class AudienceFile {
  private readonly words: StatusWords;
  private readonly problems: Problem[] = [];
  private readonly unknown = new Map<string, { word: string; count: number; location: Location }>();
  private readonly fields: Columns['fields'];
  private rows = 0;
  private bad = 0;

  constructor(
    private readonly table: CsvTable,
    private readonly file: string,
    private readonly columns: Columns,
    private readonly options: AudienceFileOptions,
  ) {
    this.words = new StatusWords(options.statuses);
    this.fields = columns.fields.filter(({ name }) => options.usedFields.has(name));
  }

  read(): AudienceRows {
    const { columns, table } = this;
    const { length } = columns.names;
    const isRow = (fields: readonly string[]): boolean =>
      fields.length >= length && isAddress(fields[columns.address]!);
    for (const row of table.rows(isRow)) if (this.readRow(row) === 'stop') break;
    return {
      file: this.file,
      encoding: table.encoding,
      separator: table.separatorName,
      columns,
      rows: this.rows,
      bad: this.bad,
      words: this.words.counts,
      problems: this.problems,
      unknownWords: this.unknownWords(),
    };
  }

  private readRow(row: CsvRow): 'stop' | undefined {
    const fields = row.fields.map((field) => field.trim());
    // Excel writes rows of separators for cells that were once filled in.
    if (row.broken === undefined && fields.every((field) => field === '')) return undefined;
    this.rows++;
    if (row.broken !== undefined) {
      this.addBad(row, { message: row.broken, hint: QUOTES_HINT, index: 0 }, 1);
      return undefined;
    }
    const faults: Fault[] = [];
    const contact = this.contact(row, fields, faults);
    if (faults[0] || !contact) {
      if (faults[0]) {
        const message = faults.map((fault) => fault.message).join('; ');
        this.addBad(row, { ...faults[0], message });
      } else this.bad++;
      return undefined;
    }
    const location = this.table.place(row, this.columns.address);
    const wrong = this.options.add(contact, location);
    if (wrong === 'stop') return 'stop';
    if (!wrong)
      this.words.count(
        this.columns.status === undefined ? '' : (fields[this.columns.status] ?? ''),
        contact.status,
      );
    else {
      this.bad++;
      if (this.problems.length < BAD_ROWS_SHOWN) this.problems.push({ ...wrong, location });
    }
    return undefined;
  }

  /** @returns undefined, and faults or a word that is counted as unknown, when the row is no contact */
  private contact(row: CsvRow, fields: readonly string[], faults: Fault[]): ContactPlan | undefined {
    const { columns } = this;
    const { length } = columns.names;
    const extra = fields.findIndex((field, index) => index >= length && field !== '');
    if (extra >= 0) {
      const message = `this row has ${counted(fields.length, 'field')}, and there are ${counted(length, 'column')}`;
      faults.push({ message, hint: 'put a field that holds a separator in quotes', index: length });
      return undefined;
    }
    const address = fields[columns.address] ?? '';
    if (!isAddress(address)) {
      const fault = addressFault(address);
      faults.push({
        message: fault
          ? `\`${shortened(address)}\` is not an address: ${fault.message}`
          : `\`address\` must be an address such as bob@example.org, not ${described(address)}`,
        hint: fault ? fault.hint : 'spaces and angle brackets are not part of it',
        index: columns.address,
      });
    }
    const streak = columns.softBounceStreak === undefined ? '' : (fields[columns.softBounceStreak] ?? '');
    if (!/^\d{0,9}$/.test(streak))
      faults.push({
        message: `\`softBounceStreak\` must be a whole number, not ${described(streak)}`,
        hint: 'leave it empty for 0',
        index: columns.softBounceStreak!,
      });
    const status = this.status(row, fields, faults.length === 0);
    if (faults.length > 0 || status === undefined) return undefined;
    const own = this.fieldsOf(fields);
    return { address, status, softBounceStreak: Number(streak), ...(own ? { fields: own } : {}) };
  }

  private status(row: CsvRow, fields: readonly string[], isCounted: boolean): ContactStatus | undefined {
    const { columns } = this;
    const word = columns.status === undefined ? '' : (fields[columns.status] ?? '');
    const status = this.words.status(word);
    if (status === undefined) {
      if (!isCounted) return undefined;
      const key = wordKey(word);
      const known = this.unknown.get(key);
      if (known) known.count++;
      else if (this.unknown.size < WORDS_SHOWN)
        this.unknown.set(key, { word, count: 1, location: this.table.place(row, columns.status) });
      return undefined;
    }
    const marks = columns.marks.filter(({ index }) => isMarked(fields[index] ?? ''));
    return marks.find((mark) => mark.status === 'opt-out')?.status ?? marks[0]?.status ?? status;
  }

  private fieldsOf(fields: readonly string[]): Record<string, string> | undefined {
    let own: Record<string, string> | undefined;
    for (const { index, name } of this.fields) {
      const value = fields[index] ?? '';
      // An empty entry is no value: the fallback of the message applies.
      if (value !== '') (own ??= {})[name] = value;
    }
    return own;
  }

  private addBad(row: CsvRow, { message, hint, index }: Fault, length?: number): void {
    this.bad++;
    if (this.problems.length >= BAD_ROWS_SHOWN) return;
    const location = { ...this.table.place(row, index), ...(length === undefined ? {} : { length }) };
    this.problems.push({ message, ...(hint === '' ? {} : { hint }), location });
  }

  private unknownWords(): Problem[] {
    return [...this.unknown.values()].map(({ word, count, location }) => {
      const rows = count === 1 ? '1 row has' : `${counted(count, 'row')} have`;
      const near = closest(word, STATUSES);
      const meant = near === undefined ? '' : `did you mean ${quoted(near)}? `;
      const yaml = /^[\w -]+$/.test(word) ? word : JSON.stringify(word);
      return {
        message: `${rows} the status ${quoted(word)}, which is not known; the first is here`,
        hint: `${meant}map it in the scenario: \`statuses: { ${yaml}: active }\`, or to error or opt-out`,
        location,
      };
    });
  }
}
