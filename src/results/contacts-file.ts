// The contacts after a run as a CSV file, with the columns that `audience.file` reads: what one run
// ends with can be what the next one begins with. The file is written whole or not at all.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { ContactStatus } from '../events/types.js';
import { unwritable } from '../base/unwritable.js';

export interface ContactRow {
  address: string;
  status: ContactStatus;
  softBounceStreak: number;
}

/** Lines that are handed to the file system at once. */
const LINES_AT_ONCE = 10_000;

/** @throws BouncelabError E_OUTPUT when it cannot be written; what was there before stays then */
export function writeContacts(file: string, contacts: Iterable<ContactRow>): void {
  const write = (fd: number): void => {
    // Each until all of it is written: of one write, a disk that is nearly full takes a part.
    for (const block of blocks(contacts)) writeFileSync(fd, block);
    fsyncSync(fd);
  };
  withDraft(file, write, (draft) => renameSync(draft, file));
}

/**
 * Tries whether contacts can be written to a file, and leaves everything as it was.
 *
 * @throws BouncelabError E_OUTPUT when they cannot
 */
export function tryContactsFile(file: string): void {
  withDraft(file, () => undefined, rmSync);
}

/** Opens a file beside the one that is meant, since a file is only moved within its file system in one step. */
function withDraft(file: string, write: (fd: number) => void, settle: (draft: string) => void): void {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    const fd = openSync(draft, 'w');
    try {
      write(fd);
    } finally {
      closeSync(fd);
    }
    settle(draft);
  } catch (error) {
    rmSync(draft, { force: true });
    throw unwritable(
      `the contacts cannot be written to ${file}`,
      'name another file with --export-contacts',
      error,
    );
  }
}

function* blocks(contacts: Iterable<ContactRow>): Iterable<string> {
  let lines = ['address,status,softBounceStreak'];
  for (const { address, status, softBounceStreak } of contacts) {
    lines.push(`${field(address)},${status},${softBounceStreak}`);
    if (lines.length < LINES_AT_ONCE) continue;
    yield `${lines.join('\n')}\n`;
    lines = [];
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`;
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
