// The contacts after a run as a CSV file with the columns that `audience.file` reads, so that the next
// run can start with them. The file is written completely or not at all.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { ContactStatus } from '../events/types.js';
import { unwritable } from '../base/unwritable.js';

export interface ContactRow {
  address: string;
  status: ContactStatus;
  softBounceStreak: number;
}

/** Lines of one write. */
const LINES_AT_ONCE = 10_000;

/** @throws BouncelabError E_OUTPUT when it cannot be written; an existing file then stays as it is */
export function writeContacts(file: string, contacts: Iterable<ContactRow>): void {
  const write = (fd: number): void => {
    // writeFileSync repeats a partial write, which happens when the disk is nearly full.
    for (const block of blocks(contacts)) writeFileSync(fd, block);
    fsyncSync(fd);
  };
  withDraft(file, write, (draft) => renameSync(draft, file));
}

/**
 * Checks that contacts can be written to a file, and changes nothing.
 *
 * @throws BouncelabError E_OUTPUT when they cannot
 */
export function tryContactsFile(file: string): void {
  withDraft(file, () => undefined, rmSync);
}

/** Writes to a draft in the same folder, since a rename is atomic only within one file system. */
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
