// The contacts after a run as a CSV file with the columns that `audience.file` reads, so that the next
// run can start with them. The file is written completely or not at all.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { ContactStatus } from '../events/types.js';
import { BouncelabError } from '../base/errors.js';
import { unwritable } from '../base/unwritable.js';

export interface ContactRow {
  address: string;
  status: ContactStatus;
  softBounceStreak: number;
}

/** Lines in one block. */
const LINES_AT_ONCE = 10_000;

/**
 * Receives the contacts as CSV text. It writes beside `path` and moves the file into place when it is
 * closed complete, since only within its file system a file is moved in one step.
 */
export class ContactsFile {
  private readonly draft: string;
  private descriptor: number | undefined;

  /** Does not open it yet. */
  constructor(readonly path: string) {
    this.draft = `${path}.${process.pid}.tmp`;
  }

  /** @throws BouncelabError E_OUTPUT when it cannot be written; what was there before stays then */
  write(csv: string): void {
    this.attempt(() => {
      this.descriptor ??= openSync(this.draft, 'w');
      // `writeFileSync` repeats until all is written: a single write to a nearly full disk takes only a part.
      writeFileSync(this.descriptor, csv);
    });
  }

  /**
   * @param isComplete false: what was there before stays
   * @throws BouncelabError E_OUTPUT when it cannot be written
   */
  close(isComplete: boolean): void {
    const { descriptor } = this;
    if (descriptor === undefined) return;
    this.descriptor = undefined;
    this.attempt(() => {
      try {
        if (isComplete) fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      if (isComplete) renameSync(this.draft, this.path);
      else rmSync(this.draft, { force: true });
    });
  }

  private attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.close(false);
      rmSync(this.draft, { force: true });
      throw refused(this.path, error);
    }
  }
}

function refused(path: string, error: unknown): BouncelabError {
  const what = `the contacts cannot be written to ${path}`;
  return unwritable(what, 'name another file with --export-contacts', error);
}

/** @throws BouncelabError E_OUTPUT when it cannot be written; what was there before stays then */
export function writeContacts(path: string, contacts: Iterable<ContactRow>): void {
  const file = new ContactsFile(path);
  try {
    for (const block of contactsCsv(contacts)) file.write(block);
  } catch (error) {
    file.close(false);
    throw error instanceof BouncelabError ? error : refused(path, error);
  }
  file.close(true);
}

/**
 * Checks that contacts can be written to a file, and changes nothing.
 *
 * @throws BouncelabError E_OUTPUT when they cannot
 */
export function tryContactsFile(path: string): void {
  const file = new ContactsFile(path);
  file.write('');
  file.close(false);
}

/** The contacts as CSV, in blocks of whole lines. */
export function* contactsCsv(contacts: Iterable<ContactRow>): Iterable<string> {
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
