// Mailings as written, as plans; and whom they are for.

import type { z } from 'zod';
import type { Path } from './locate.js';
import type { People } from './normalize-people.js';
import type { MailingPlan } from './plan.js';
import { nameHint, quoted } from './problems.js';
import type { Reader } from './reader.js';
import { mailingSchema } from './schema.js';
import type { toSchema } from './schema.js';

/** Names that mean something else in a block of `expect`. */
const RESERVED = ['at', 'contacts', 'statuses', 'servers', 'lost'];

export interface Mailings {
  plans: MailingPlan[];
  /** Names of all of them, also of those that are wrong elsewhere. */
  names: Set<string>;
  /** False when some name could not be read. */
  complete: boolean;
}

/** Reads `mailings`. */
export function readMailings(reader: Reader): Mailings {
  const root: Path = ['mailings'];
  const mailings: Mailings = { plans: [], names: new Set(), complete: reader.get(root) !== undefined };
  const items = reader.items(root);
  if (Array.isArray(reader.get(root)) && items.length === 0) {
    reader.shape(root, '`mailings` must be a list that is not empty', { hint: 'write `- name: november`' });
  }
  const lines = new Map<string, number>();
  for (const [i] of items.entries()) {
    const path = [...root, i];
    const name = reader.get([...path, 'name']);
    if (typeof name === 'string') noteName(reader, name, [...path, 'name'], mailings, lines);
    else mailings.complete = false;
    const mailing = reader.read(mailingSchema, path);
    if (!mailing) continue;
    const { at, building, kind, message, to } = mailing;
    mailings.plans.push({
      name: mailing.name,
      kind,
      at,
      buildingMs: building,
      ...(to === undefined ? {} : { to: chosen(to) }),
      message: { subject: message.subject, text: message.text, sizeBytes: message.size },
    });
  }
  return mailings;
}

function noteName(
  reader: Reader,
  name: string,
  path: Path,
  mailings: Mailings,
  lines: Map<string, number>,
): void {
  mailings.names.add(name);
  if (RESERVED.includes(name)) {
    reader.shape(path, `a mailing cannot be named ${quoted(name)}`, {
      hint: `${RESERVED.map(quoted).join(', ')} mean something else under \`expect\``,
    });
  }
  const first = lines.get(name);
  if (first === undefined) lines.set(name, reader.place(path).line);
  else
    reader.problem(path, `there are two mailings ${quoted(name)}`, { hint: `the first is on line ${first}` });
}

function chosen(to: z.output<typeof toSchema>): NonNullable<MailingPlan['to']> {
  const { domain, addresses } = Array.isArray(to) ? { addresses: to, domain: undefined } : to;
  if (domain !== undefined) return { domain };
  return { addresses: (addresses ?? []).map((address) => address.toLowerCase()) };
}

/** Checks that each mailing is for somebody. */
export function checkRecipients(reader: Reader, people: People): void {
  const list = reader.get(['mailings']);
  if (!Array.isArray(list)) return;
  for (const [i] of list.entries()) {
    const path: Path = ['mailings', i, 'to'];
    const domain = reader.get([...path, 'domain']);
    if (typeof domain === 'string') checkDomain(reader, domain, [...path, 'domain'], people);
    const listPath = Array.isArray(reader.get(path)) ? path : [...path, 'addresses'];
    const addresses = reader.get(listPath);
    if (!Array.isArray(addresses)) continue;
    for (const [j, address] of addresses.entries()) {
      if (typeof address === 'string') people.check(reader, address, [...listPath, j], { patterns: true });
    }
  }
}

function checkDomain(reader: Reader, domain: string, path: Path, people: People): void {
  const domains = people.domains();
  if (domains === undefined || domains.has(domain.toLowerCase())) return;
  reader.problem(path, `no contact is ever at ${quoted(domain)}`, {
    hint: nameHint(domain, [...domains], 'domains of the audience'),
  });
}
