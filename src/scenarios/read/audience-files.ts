// Reads the files that `audience` names: contacts (`file`) and suppressed addresses (`suppress`).

import { resolve } from 'node:path';
import type { Path } from '../../documents/locate.js';
import { counted, quoted, type Problem } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';
import { displayPath } from '../../documents/source-file.js';
import { MergeText } from '../../sender/message/merge-fields.js';
import { audienceSchema, CONTACTS_MAX } from '../schema/audience.js';
import { firstHint, type Audience } from './audience.js';
import { readAudienceFile, type AudienceRows } from './audience-file/audience-file.js';
import { readSuppressFile } from './audience-file/suppress-file.js';

const ROOT: Path = ['audience'];
/** Keys that say how `file` is read. */
const OF_FILE = ['columns', 'statuses', 'onBadLine'] as const;

interface Folders {
  /** Of the scenario, to which paths in it are relative. */
  folder: string;
  cwd: string;
}

/** Adds the contacts of `file`, and marks as `opt-out` those that `suppress` names. */
export function readAudienceFiles(reader: Reader, audience: Audience, folders: Folders): void {
  const value = reader.get(ROOT);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  readFile(reader, audience, folders);
  readSuppress(reader, audience, folders);
  const { length } = audience.contacts;
  if (length <= CONTACTS_MAX) return;
  // The rows of a file are read up to the first contact that is too many.
  const found =
    length === CONTACTS_MAX + 1
      ? `more than ${counted(CONTACTS_MAX, 'contact')}`
      : counted(length, 'contact');
  reader.problem(ROOT, `the audience has ${found}`, {
    hint: `the limit is ${CONTACTS_MAX.toLocaleString('en-US')}`,
    on: 'key',
  });
}

function readFile(reader: Reader, audience: Audience, { folder, cwd }: Folders): void {
  const path = [...ROOT, 'file'];
  const { shape } = audienceSchema;
  const name = reader.read(shape.file, path);
  const columns = reader.read(shape.columns, [...ROOT, 'columns']) ?? {};
  const statuses = reader.read(shape.statuses, [...ROOT, 'statuses']) ?? {};
  const isSkipping = reader.read(shape.onBadLine, [...ROOT, 'onBadLine']) === 'skip';
  if (name === undefined) {
    if (reader.get(path) !== undefined) audience.complete = false;
    else reportUnused(reader);
    return;
  }
  const absolute = resolve(folder, name);
  const file = displayPath(absolute, cwd);
  const result = readAudienceFile(absolute, file, {
    columns,
    statuses,
    usedFields: usedFields(reader),
    add: (contact, location) => {
      if (audience.contacts.length > CONTACTS_MAX) return 'stop';
      const first = audience.add(contact, location);
      if (!first) return undefined;
      return {
        message: `the contact ${quoted(contact.address)} is named twice`,
        hint: firstHint(first, file),
      };
    },
  });
  reader.readAgain(file, absolute);
  if ('message' in result) {
    audience.complete = false;
    const hint = result.hint ?? 'the path is relative to the scenario';
    reader.problem(path, `the audience file ${quoted(name)}: ${result.message}`, { hint });
  } else if ('header' in result) {
    audience.complete = false;
    for (const { message, hint, location, key } of result.header) {
      if (key) reader.problem([...ROOT, 'columns', ...key], message, { hint });
      else reader.foreign({ message, hint, location });
    }
  } else {
    const { problems: _problems, unknownWords: _words, ...taken } = result;
    audience.files.file = taken;
    reportRows(reader, audience, result, isSkipping);
  }
}

function reportRows(
  reader: Reader,
  audience: Audience,
  { file, rows, bad, problems, unknownWords }: AudienceRows,
  isSkipping: boolean,
): void {
  if (bad === 0) return;
  // A file that is bad as a whole is another file than the one that was meant.
  if (isSkipping && bad < rows) {
    for (const problem of inOrder([...problems, ...unknownWords])) reader.warn(problem);
    audience.leftOut = bad;
    return;
  }
  audience.complete = false;
  for (const problem of [...problems, ...unknownWords]) reader.foreign(problem);
  if (unknownWords.length === 0 && bad === problems.length) return;
  const message = `${counted(bad, 'row')} of ${rows.toLocaleString('en-US')} in ${quoted(file)} cannot be read`;
  const hint = '`onBadLine: skip` leaves them out; the first ones are shown';
  reader.problem([...ROOT, 'file'], message, { hint });
}

function readSuppress(reader: Reader, audience: Audience, { folder, cwd }: Folders): void {
  const path = [...ROOT, 'suppress'];
  const name = reader.read(audienceSchema.shape.suppress, path);
  if (name === undefined) return;
  const absolute = resolve(folder, name);
  const file = displayPath(absolute, cwd);
  const result = readSuppressFile(absolute, file, (address) => audience.suppress(address));
  reader.readAgain(file, absolute);
  if ('message' in result) {
    const hint = result.hint ?? 'the path is relative to the scenario';
    reader.problem(path, `the file of suppressed addresses ${quoted(name)}: ${result.message}`, { hint });
    return;
  }
  const { taken, bad, problems } = result;
  for (const problem of problems) reader.foreign(problem);
  if (bad > problems.length)
    reader.problem(
      path,
      `${counted(bad, 'row')} in ${quoted(file)} cannot be read; the first ones are shown`,
    );
  let contacts = 0;
  for (const contact of audience.contacts) {
    if (!audience.isSuppressed(contact.address)) continue;
    contact.status = 'opt-out';
    contacts++;
  }
  audience.files.suppress = { ...taken, contacts };
}

/** Reports keys about `file` when there is none. */
function reportUnused(reader: Reader): void {
  for (const key of OF_FILE) {
    if (reader.get([...ROOT, key]) === undefined) continue;
    const what =
      key === 'onBadLine' ? 'applies to the lines' : key === 'columns' ? 'names columns' : 'maps words';
    reader.problem([...ROOT, key], `\`${key}\` ${what} of \`file\`, and there is no \`file\``, {
      on: 'key',
      hint: 'remove it, or name a `file`',
    });
  }
}

/** Names of the merge fields that messages use. */
function usedFields(reader: Reader): Set<string> {
  const names = new Set<string>();
  const mailings = reader.get(['mailings']);
  for (const [i] of Array.isArray(mailings) ? mailings.entries() : []) {
    for (const part of ['subject', 'text']) {
      const text = reader.get(['mailings', i, 'message', part]);
      if (typeof text === 'string') for (const name of new MergeText(text).fields()) names.add(name);
    }
  }
  return names;
}

function inOrder(problems: Problem[]): Problem[] {
  return problems.sort((a, b) => a.location.line - b.location.line || a.location.column - b.location.column);
}
