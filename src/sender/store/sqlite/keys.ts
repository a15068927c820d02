// Keys of contacts in store files of older versions, for which two spellings of one address were two contacts: an
// internationalized domain and its A-labels (RFC 5890), or quotes that are not necessary.

import type Database from 'libsql';
import { addressKey } from '../../../base/addresses.js';
import { BouncelabError } from '../../../base/errors.js';

/** A key as it is stored, and as it must be. */
interface StaleKey {
  from: string;
  to: string;
}

/** Tables with the key of a contact, and the column. */
const COLUMNS = [
  ['contact', 'key'],
  ['past', 'contact'],
  ['status_change', 'contact'],
  ['delivery', 'contact'],
] as const;

/**
 * Finds the keys that an older version made.
 *
 * @throws BouncelabError E_STORE_VERSION when two contacts of the store are one: which of the two histories and
 *   deliveries should stay, only a person can say
 */
export function staleKeys(db: Database.Database, file: string): StaleKey[] {
  const rows = db.prepare('SELECT key, address FROM contact').raw().all() as [key: string, address: string][];
  const stale = rows.flatMap(([from, address]) => {
    const to = addressKey(address);
    return to === from ? [] : [{ from, to }];
  });
  if (stale.length === 0) return stale;
  const renewed = new Set(stale.map(({ to }) => to));
  const first = new Map<string, string>();
  for (const [, address] of rows) {
    const key = addressKey(address);
    if (!renewed.has(key)) continue;
    const other = first.get(key);
    if (other !== undefined) {
      throw new BouncelabError(
        'E_STORE_VERSION',
        `the store ${file} of an older version has one contact twice, as ${other} and as ${address}`,
        {
          hint: 'Remove one of the two with the version that made the store, or begin a new store with the contacts of this one.',
        },
      );
    }
    first.set(key, address);
  }
  return stale;
}

/** Gives contacts their keys of this version: otherwise their deliveries would be stored, and sent, a second time. */
export function renewKeys(db: Database.Database, stale: readonly StaleKey[]): void {
  if (stale.length === 0) return;
  db.exec('BEGIN IMMEDIATE');
  for (const [table, column] of COLUMNS) {
    const update = db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${column} = ?`);
    for (const { from, to } of stale) update.run(to, from);
  }
  db.exec('COMMIT');
}
