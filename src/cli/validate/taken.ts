// What the files of an audience were taken for, in lines: separator, encoding, columns, status words, rows.

import { plural } from '../../reporters/figures.js';
import { listed, quoted } from '../../documents/problems.js';
import type { TakenFile, TakenFiles, TakenSuppressFile } from '../../scenarios/read/audience-file/taken.js';

/** Lines for `validate`; none when the audience names no file. */
export function takenLines({ file, suppress }: TakenFiles): string[] {
  return [...(file ? fileLines(file) : []), ...(suppress ? suppressLines(suppress) : [])];
}

function fileLines({ file, rows, bad, encoding, separator, columns, words }: TakenFile): string[] {
  const { names, address, status, softBounceStreak, marks, fields } = columns;
  const name = (index: number): string => quoted(names[index]!);
  const taken = [`address from ${name(address)}`];
  if (status !== undefined) taken.push(`status from ${name(status)}`);
  if (softBounceStreak !== undefined) taken.push(`softBounceStreak from ${name(softBounceStreak)}`);
  for (const mark of marks) taken.push(`${mark.status} where ${name(mark.index)} has an entry`);
  const merged = fields.map((field) => `{{${field.name}}} from ${name(field.index)}`);
  const statuses = words.map(
    (one) => `${one.word === '' ? '(none)' : quoted(one.word)} is ${one.status}: ${figure(one.count)}`,
  );
  return [
    `${file}: ${plural(rows, 'row')}, ${figure(bad)} bad; ${encoding}, separator ${separator}`,
    `  columns: ${taken.join(', ')}`,
    ...(merged.length > 0 ? [`  merge fields: ${listed(merged)}`] : []),
    ...(statuses.length > 0 ? [`  statuses: ${listed(statuses)}`] : []),
  ];
}

function suppressLines({
  file,
  addresses,
  contacts,
  column,
  encoding,
  separator,
}: TakenSuppressFile): string[] {
  const from = column === undefined ? 'no header' : `addresses from ${quoted(column)}`;
  return [
    `${file}: ${figure(addresses)} suppressed, ${plural(contacts, 'contact')} of this audience; ` +
      `${encoding}, separator ${separator}, ${from}`,
  ];
}

function figure(count: number): string {
  return count.toLocaleString('en-US');
}
