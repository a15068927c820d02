// CSV files of contacts that commands export: written completely or not at all. Those after a run have the
// columns that `audience.file` reads, so that the next run can start with them.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

  /**
   * Does not open it yet.
   *
   * @param what its content, for errors
   * @param option the option of the command line that names it
   */
  constructor(
    readonly path: string,
    private readonly what = 'the contacts',
    private readonly option = '--export-contacts',
  ) {
    this.draft = `${path}.${process.pid}.tmp`;
  }

  /** @throws BouncelabError E_OUTPUT when it cannot be written; what was there before stays then */
  write(csv: string | Uint8Array): void {
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
      throw this.refused(error);
    }
  }

  /** The error for a failure to write it. */
  refused(error: unknown): BouncelabError {
    const message = `${this.what} cannot be written to ${this.path}`;
    return unwritable(message, `name another file with ${this.option}`, error);
  }
}

/** @throws BouncelabError E_OUTPUT when it cannot be written; what was there before stays then */
export function writeContacts(path: string, contacts: Iterable<ContactRow>): void {
  const file = new ContactsFile(path);
  try {
    for (const block of contactsCsv(contacts)) file.write(block);
  } catch (error) {
    file.close(false);
    throw error instanceof BouncelabError ? error : file.refused(error);
  }
  file.close(true);
}

/**
 * Checks that a file can be written, and changes nothing.
 *
 * @throws BouncelabError E_OUTPUT when it cannot
 */
export function tryContactsFile(file: ContactsFile): void {
  if (statSync(file.path, { throwIfNoEntry: false })?.isDirectory())
    throw file.refused(new Error('it is a folder'));
  file.write('');
  file.close(false);
}

/** The contacts as CSV, in blocks of whole lines. */
export function* contactsCsv(contacts: Iterable<ContactRow>): Iterable<string> {
  let lines = ['address,status,softBounceStreak'];
  for (const { address, status, softBounceStreak } of contacts) {
    lines.push(`${csvField(address)},${status},${softBounceStreak}`);
    if (lines.length < LINES_AT_ONCE) continue;
    yield `${lines.join('\n')}\n`;
    lines = [];
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`;
}

/** A field of a CSV file, in quotes where it needs them. */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
