// Which column of a CSV file is what: named by the scenario, or found by the header names that mail services
// and spreadsheets use. All further columns are merge fields.

import { distance } from 'fastest-levenshtein';
import type { ContactStatus } from '../../../events/types.js';
import { fieldName } from '../../../sender/message/merge-fields.js';
import { counted, listed, nameHint, quoted } from '../../../documents/problems.js';

/** `audience.columns` of a scenario. */
export interface ColumnNames {
  address?: string | undefined;
  status?: string | undefined;
  softBounceStreak?: string | undefined;
  fields?: string[] | undefined;
}

/** Columns by their index. */
export interface Columns {
  /** As the header names them. */
  names: readonly string[];
  address: number;
  status?: number;
  softBounceStreak?: number;
  /** Columns in which any entry gives the contact a status, such as the time of an unsubscription. */
  marks: { index: number; status: ContactStatus }[];
  fields: { index: number; name: string }[];
}

/** A header that cannot be used; `index` of the column that is at fault, `key` of `audience.columns`. */
export interface ColumnProblem {
  message: string;
  hint: string;
  index?: number;
  key?: (string | number)[];
}

type Role = 'address' | 'status' | 'softBounceStreak';
const ROLES: readonly Role[] = ['address', 'status', 'softBounceStreak'];

// Names without spaces, punctuation, accents and case. HubSpot has the postal address in `Address` beside
// `Email`: the names of a later list count only when none of an earlier one is there.
const USUAL: Record<Role, readonly (readonly string[])[]> = {
  address: [
    [
      'email',
      'emailaddress',
      'mail',
      'mailaddress',
      'subscriberemail',
      'emailadresse',
      'mailadresse',
      'adresseemail',
      'adressemail',
      'courriel',
      'correoelectronico',
      'indirizzoemail',
      'emailadres',
    ],
    ['address'],
  ],
  status: [
    [
      'status',
      'memberstatus',
      'subscriptionstatus',
      'subscriberstatus',
      'emailstatus',
      'contactstatus',
      'marketingcontactstatus',
      'emailmarketingstatus',
    ],
  ],
  softBounceStreak: [['softbouncestreak']],
};

/** Mailchimp (UNSUB_TIME, CLEAN_TIME), HubSpot, Salesforce and Zoho. */
const MARKS: Record<string, ContactStatus> = {
  unsubtime: 'opt-out',
  unsubscribedfromallemail: 'opt-out',
  optedoutofallemail: 'opt-out',
  emailoptout: 'opt-out',
  hasoptedoutofemail: 'opt-out',
  cleantime: 'error',
  emailhardbouncereason: 'error',
  invalidemailaddress: 'error',
};

/** Entries of a column of marks that mean no. */
const NO = new Set(['', 'false', 'no', 'n', '0']);

/** @returns whether a column of marks has a mark in this entry */
export function isMarked(entry: string): boolean {
  return !NO.has(entry.toLowerCase());
}

/** @returns whether a header has the address, by the name that is given or by a usual one */
export function hasAddress(header: readonly string[], { address }: ColumnNames): boolean {
  return address === undefined ? usual(header, 'address').length > 0 : indexOf(header, address) >= 0;
}

/**
 * @param header names of the columns, trimmed
 * @param given names that the scenario gives
 */
export function columnsOf(header: readonly string[], given: ColumnNames): Columns | ColumnProblem[] {
  const problems: ColumnProblem[] = [];
  const taken: Partial<Record<Role, number>> = {};
  for (const role of ROLES) {
    const name = given[role];
    const found = name === undefined ? usual(header, role) : [indexOf(header, name)];
    if (name !== undefined && found[0] === -1) problems.push(unknown(name, header, [role]));
    else if (found.length > 1) problems.push(several(role, header, found));
    else if (found[0] !== undefined) taken[role] = found[0];
  }
  if (given.fields === undefined) problems.push(...misspelled(header, taken));
  if (taken.address === undefined && problems.length === 0) problems.push(noAddress(header));
  const marks = given.status === undefined ? marksOf(header) : [];
  const used = new Set([...Object.values(taken), ...marks.map(({ index }) => index)]);
  const indices = given.fields?.map((name) => indexOf(header, name));
  for (const [i, index] of indices?.entries() ?? [])
    if (index < 0) problems.push(unknown(given.fields![i]!, header, ['fields', i]));
  if (problems.length > 0) return problems;
  const others = header.flatMap((name, index) => (name === '' || used.has(index) ? [] : [index]));
  return {
    names: header,
    ...taken,
    address: taken.address!,
    marks,
    fields: named(indices ?? others, header),
  };
}

function marksOf(header: readonly string[]): Columns['marks'] {
  return header.flatMap((name, index) => {
    const key = plain(name);
    return Object.hasOwn(MARKS, key) ? [{ index, status: MARKS[key]! }] : [];
  });
}

/** Gives each column the name of its merge field; of equal names the later ones get a number. */
function named(indices: readonly number[], header: readonly string[]): Columns['fields'] {
  const names = new Set<string>();
  return indices.map((index) => {
    const base = fieldName(header[index]!) ?? `column_${index + 1}`;
    let name = base;
    for (let number = 2; names.has(name); number++) name = `${base}_${number}`;
    names.add(name);
    return { index, name };
  });
}

function usual(header: readonly string[], role: Role): number[] {
  const names = header.map(plain);
  for (const list of USUAL[role]) {
    const found = names.flatMap((name, index) => (list.includes(name) ? [index] : []));
    if (found.length > 0) return found;
  }
  return [];
}

/** Finds a column as it is written, otherwise in any case. */
function indexOf(header: readonly string[], name: string): number {
  const exact = header.indexOf(name.trim());
  if (exact >= 0) return exact;
  const lower = name.trim().toLowerCase();
  return header.findIndex((one) => one.toLowerCase() === lower);
}

function plain(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** A status that is taken for a merge field because of a letter would let opted-out contacts be mailed. */
function misspelled(header: readonly string[], taken: Partial<Record<Role, number>>): ColumnProblem[] {
  return (['status', 'softBounceStreak'] as const)
    .filter((role) => taken[role] === undefined)
    .flatMap((role) => {
      const index = header.findIndex((name) => distance(plain(name), role.toLowerCase()) === 1);
      if (index < 0) return [];
      const message = `the column ${quoted(header[index]!)} is almost ${quoted(role)}`;
      const hint = `correct it; if it is a merge field, list those that are: \`columns: { fields: [...] }\``;
      return [{ message, hint, index }];
    });
}

function unknown(name: string, header: readonly string[], key: (string | number)[]): ColumnProblem {
  return {
    message: `the audience file has no column ${quoted(name)}`,
    hint: nameHint(name, header, 'columns'),
    key,
  };
}

function several(role: Role, header: readonly string[], found: readonly number[]): ColumnProblem {
  const names = found.map((index) => quoted(header[index]!));
  const isSame = new Set(names).size === 1;
  return {
    message: isSame
      ? `the column ${names[0]} appears twice`
      : `${counted(found.length, 'column')} can be the ${role}: ${names.join(', ')}`,
    hint: isSame ? 'remove one of them' : `name it: \`columns: { ${role}: ${header[found[0]!]} }\``,
    index: found[1]!,
  };
}

function noAddress(header: readonly string[]): ColumnProblem {
  return {
    message: 'the first line must name the columns, and none of them is known as the address',
    hint:
      `name it: \`columns: { address: ... }\`; columns: ${listed(header.map((name) => quoted(name)))}; ` +
      'separators are comma, semicolon and tab',
    index: 0,
  };
}
