// Reads `mailings` as plans, and checks the contacts that they are for.

import type { z } from 'zod';
import { domainKey } from '../../base/domain-names.js';
import type { Path } from '../../documents/locate.js';
import type { People } from './people.js';
import type { MailingPlan } from '../plan.js';
import { nameHint, quoted } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';
import { mailingSchema, type toSchema } from '../schema/mailings.js';

/** Keys of a block of `expect`, which cannot be names of mailings. */
const RESERVED = ['at', 'contacts', 'statuses', 'servers', 'lost'];

export interface Mailings {
  plans: MailingPlan[];
  /** Names of all mailings, including those with other problems. */
  names: Set<string>;
  /** Automated mailings by name, with the number of their occurrences where it is known. */
  series: Map<string, number | undefined>;
  /** False when some name could not be read. */
  complete: boolean;
}

/** Reads `mailings`. */
export function readMailings(reader: Reader): Mailings {
  const root: Path = ['mailings'];
  const mailings: Mailings = {
    plans: [],
    names: new Set(),
    series: new Map(),
    complete: reader.get(root) !== undefined,
  };
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
    const { at, building, kind, message, to, on, every, count } = mailing;
    if (kind === 'automated') mailings.series.set(mailing.name, count);
    const trigger = on ? { on } : every && count ? { everyMs: every, count } : undefined;
    mailings.plans.push({
      name: mailing.name,
      kind,
      at,
      buildingMs: building,
      ...(to === undefined ? {} : { to: chosen(to) }),
      ...(trigger ? { trigger } : {}),
      message: { subject: message.subject, text: message.text, sizeBytes: message.size },
    });
  }
  return mailings;
}

/** Whether this is the name of a mailing, or of an occurrence of an automated one. */
export function hasMailing({ names, series }: Mailings, name: string): boolean {
  if (names.has(name)) return true;
  const { of, n } = occurrence(name);
  return series.has(of) && n >= 1 && n <= (series.get(of) ?? Infinity);
}

/** `digest-12` is occurrence 12 of `digest`. */
function occurrence(name: string): { of: string; n: number } {
  const [, of = '', n = ''] = /^(.+)-([1-9]\d{0,8})$/.exec(name) ?? [];
  return { of, n: Number(n) };
}

/** Reports a mailing that has the name of an occurrence, and an automated one that is never sent. */
export function checkSeries(reader: Reader, mailings: Mailings, people: People): void {
  for (const [i, mailing] of reader.items(['mailings']).entries()) {
    const { name, on } = (mailing ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string') continue;
    const { of, n } = occurrence(name);
    if (mailings.series.has(of) && n <= (mailings.series.get(of) ?? Infinity)) {
      reader.problem(
        ['mailings', i, 'name'],
        `${quoted(name)} is also the name of an occurrence of ${quoted(of)}`,
        {
          hint: `occurrences of an automated mailing are called ${quoted(`${of}-1`)}, ${quoted(`${of}-2`)}, and so on`,
        },
      );
    }
    if (on === 'contact-added' && mailings.series.has(name) && people.isFixed) {
      reader.problem(['mailings', i, 'on'], 'no event adds a contact, so this mailing is never sent', {
        hint: 'add one with an event, such as `- { at: 1d, add: zoe@example.org }`',
      });
    }
  }
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
      hint: `${RESERVED.map(quoted).join(', ')} are keys of an \`expect\` block`,
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

/** Checks that each domain, address and pattern of `to` matches a contact. */
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
  if (domains === undefined || domains.has(domainKey(domain))) return;
  reader.problem(path, `no contact has an address at ${quoted(domain)}`, {
    hint: nameHint(domain, [...domains], 'domains of the audience'),
  });
}
