// What a CSV file of contacts was taken for: shown by `bouncelab validate`, since much of it is found by
// itself.

import type { ContactStatus } from '../../../events/types.js';
import type { TextEncoding } from '../../../documents/text-lines.js';
import type { Columns } from './columns.js';

/** An audience file as it was read. */
export interface TakenFile {
  /** As messages show it. */
  file: string;
  encoding: TextEncoding;
  /** In words. */
  separator: string;
  columns: Columns;
  /** Rows behind the header that are not empty; the bad ones are among them. */
  rows: number;
  bad: number;
  /** Contacts by status word; the word is empty where the file has none. */
  words: { word: string; status: ContactStatus; count: number }[];
}

/** A file of suppressed addresses as it was read. */
export interface TakenSuppressFile {
  file: string;
  encoding: TextEncoding;
  separator: string;
  /** Name of the column with the addresses; undefined for a file without a header. */
  column: string | undefined;
  addresses: number;
  /** Contacts of the audience that are suppressed. */
  contacts: number;
}

/** Both files that an audience may name. */
export interface TakenFiles {
  file?: TakenFile;
  suppress?: TakenSuppressFile;
}
