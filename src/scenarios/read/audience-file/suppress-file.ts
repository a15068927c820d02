// Reads a file of suppressed addresses: a CSV file with a column of addresses, or plain lines of addresses. A
// bad row is never left out, since its contact would be mailed.

import { isAddress } from '../../../base/addresses.js';
import { described, type Problem } from '../../../documents/problems.js';
import type { CsvRow } from '../../../documents/csv-rows.js';
import { Unreadable } from '../../../documents/text-lines.js';
import { BAD_ROWS_SHOWN } from './audience-file.js';
import { columnsOf, hasAddress } from './columns.js';
import { CsvTable } from './csv-table.js';
import type { TakenSuppressFile } from './taken.js';

interface SuppressRows {
  taken: Omit<TakenSuppressFile, 'contacts'>;
  bad: number;
  /** The first bad rows, one problem for each. */
  problems: Problem[];
}

/**
 * @param path absolute path
 * @param file the path as messages show it
 * @param add takes an address
 * @returns the rows, or why the file cannot be read
 */
export function readSuppressFile(
  path: string,
  file: string,
  add: (address: string) => void,
): SuppressRows | { message: string; hint?: string } {
  try {
    const isList = (fields: readonly string[]): boolean => fields.some((field) => isAddress(field.trim()));
    const table = new CsvTable(path, file, (fields) => isList(fields) || hasAddress(fields, {}));
    const { header } = table;
    const hasHeader = !isList(header.fields);
    const columns = hasHeader ? columnsOf(header.fields, {}) : undefined;
    const unusable =
      header.broken ??
      (Array.isArray(columns) ? 'no column of its header is known as the address' : undefined);
    if (unusable !== undefined)
      return {
        message: unusable,
        hint: 'its first line names a column `email` or `address`, or is an address',
      };
    const column = columns && !Array.isArray(columns) ? columns.address : header.fields.findIndex(isAddress);
    const rows = new SuppressedRows(table, column, add);
    if (!hasHeader) rows.read(header);
    for (const row of table.rows((fields) => isAddress(fields[column] ?? ''))) rows.read(row);
    const { addresses, bad, problems } = rows;
    const { encoding, separatorName: separator } = table;
    const name = hasHeader ? header.fields[column] : undefined;
    return { taken: { file, encoding, separator, column: name, addresses }, bad, problems };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const { message, hint } = error;
    return { message, ...(hint === undefined ? {} : { hint }) };
  }
}

class SuppressedRows {
  addresses = 0;
  bad = 0;
  readonly problems: Problem[] = [];

  constructor(
    private readonly table: CsvTable,
    private readonly column: number,
    private readonly add: (address: string) => void,
  ) {}

  read(row: CsvRow): void {
    const fields = row.fields.map((field) => field.trim());
    if (row.broken === undefined && fields.every((field) => field === '')) return;
    const address = fields[this.column] ?? '';
    if (row.broken === undefined && isAddress(address)) {
      this.addresses++;
      this.add(address);
      return;
    }
    this.bad++;
    if (this.problems.length >= BAD_ROWS_SHOWN) return;
    this.problems.push({
      message: row.broken ?? `this must be an address such as bob@example.org, not ${described(address)}`,
      hint: 'correct or remove it: a suppressed address that cannot be read would be mailed',
      location: this.table.place(row, row.broken === undefined ? this.column : 0),
    });
  }
}
