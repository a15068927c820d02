// The contacts after a run as a CSV file, with the columns that `audience.file` reads: what one run
// ends with can be what the next one begins with. The file is written whole or not at all.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { BouncelabError } from '../errors.js';
import type { ContactStatus } from '../events/types.js';

export interface ContactLine {
  address: string;
  status: ContactStatus;
  softBounceStreak: number;
}

/** Lines that are handed to the file system at once. */
const LINES_AT_ONCE = 10_000;

/** @throws BouncelabError E_OUTPUT when it cannot be written; what was there before stays then */
export function writeContacts(file: string, contacts: Iterable<ContactLine>): void {
  // Beside it, since a file is only moved within its file system in one step.
  const draft = `${file}.${process.pid}.tmp`;
  try {
    const fd = openSync(draft, 'w');
    try {
      for (const block of blocks(contacts)) writeSync(fd, block);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new BouncelabError(
      'E_OUTPUT',
      `the contacts cannot be written to ${file}: ${(error as Error).message}`,
      {
        hint: 'Name another file with --export-contacts, or make room.',
        cause: error,
      },
    );
  }
}

function* blocks(contacts: Iterable<ContactLine>): Iterable<string> {
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
