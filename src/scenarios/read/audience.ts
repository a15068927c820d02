// Reads `audience` as a list of contacts: those listed and those generated. The files that it names are read
// by audience-files.ts.

import { addressKey, domainOf } from '../../base/addresses.js';
import type { Location } from '../../base/errors.js';
import type { Path } from '../../documents/locate.js';
import type { ContactPlan } from '../plan.js';
import type { TakenFiles } from './audience-file/taken.js';
import { counted, quoted } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';
import { audienceSchema, contactSchema, CONTACTS_MAX, generateSchema } from '../schema/audience.js';

/** Contacts at the start of the run, each once. */
export class Audience {
  readonly contacts: ContactPlan[] = [];
  /** False when some entry could not be read: then a missing contact is no problem to report. */
  complete = true;
  /** What the files that it names were taken for. */
  readonly files: TakenFiles = {};
  /** Bad rows of `file` that were left out, as \`onBadLine: skip\` says. */
  leftOut = 0;
  /** Keys of suppressed addresses: their contacts are never mailed. */
  readonly suppressed = new Set<string>();
  /** The same location for all contacts that one entry generates. */
  private readonly origins = new Map<string, Location>();
  /** Contacts by key, once one was looked up. */
  private byKey: Map<string, ContactPlan> | undefined;

  /** @returns where this address is written; undefined when it is no contact */
  origin(address: string): Location | undefined {
    return this.origins.get(addressKey(address));
  }

  /** The address of a contact as it is written. */
  written(key: string): string {
    this.byKey ??= new Map(this.contacts.map((contact) => [addressKey(contact.address), contact]));
    return this.byKey.get(key)?.address ?? key;
  }

  /** Keys of all contacts. */
  get addresses(): Iterable<string> {
    return this.origins.keys();
  }

  /** @returns the location of the contact that already has this address, in which case nothing is added */
  add(contact: ContactPlan, origin: Location): Location | undefined {
    const key = addressKey(contact.address);
    const first = this.origins.get(key);
    if (first) return first;
    this.origins.set(key, origin);
    this.contacts.push(contact);
    this.byKey = undefined;
    return undefined;
  }

  /** Suppresses an address, which need not be a contact. */
  suppress(address: string): void {
    this.suppressed.add(addressKey(address));
  }

  /** @returns whether this address is suppressed */
  isSuppressed(address: string): boolean {
    return this.suppressed.has(addressKey(address));
  }

  /** Number of contacts of each domain and the first of them, for problems reported once per domain. */
  domains(): Map<string, { count: number; origin: Location; address: string }> {
    const domains = new Map<string, { count: number; origin: Location; address: string }>();
    for (const { address } of this.contacts) {
      const domain = domainOf(addressKey(address));
      const known = domains.get(domain);
      if (known) known.count++;
      else domains.set(domain, { count: 1, origin: this.origin(address)!, address });
    }
    return domains;
  }
}

/** Stands for an audience that is not read. */
export function unknownAudience(): Audience {
  const audience = new Audience();
  audience.complete = false;
  return audience;
}

/** Reads `audience` without the files that it names. */
export function readAudience(reader: Reader): Audience {
  const root: Path = ['audience'];
  if (reader.get(root) === undefined || !reader.object(audienceSchema, root)) return unknownAudience();
  const audience = new Audience();
  for (const key of ['contacts', 'generate']) {
    const value = reader.get([...root, key]);
    if (value !== undefined && !Array.isArray(value)) audience.complete = false;
  }
  readContacts(reader, audience, [...root, 'contacts']);
  readGenerated(reader, audience, [...root, 'generate']);
  return audience;
}

function readContacts(reader: Reader, audience: Audience, path: Path): void {
  for (const [i] of reader.items(path).entries()) {
    const at = [...path, i];
    const contact = reader.read(contactSchema, at);
    if (!contact) {
      audience.complete = false;
      continue;
    }
    const marked = typeof reader.get(at) === 'string' ? at : [...at, 'address'];
    const first = audience.add(contact, reader.place(marked));
    if (first) {
      reader.problem(marked, `the contact ${quoted(contact.address)} is named twice`, {
        hint: firstHint(first, reader.file),
      });
    }
  }
}

function readGenerated(reader: Reader, audience: Audience, path: Path): void {
  for (const [i] of reader.items(path).entries()) {
    const at = [...path, i];
    const generate = reader.read(generateSchema, at);
    // Stops at the limit, since several entries together could exhaust the memory.
    if (!generate || audience.contacts.length > CONTACTS_MAX) {
      audience.complete = false;
      continue;
    }
    const origin = reader.place(at);
    let collisions = 0;
    let collision: { address: string; first: Location } | undefined;
    for (let n = 1; n <= generate.count; n++) {
      const address = `${generate.prefix}-${n}@${generate.at}`;
      const first = audience.add({ address, status: 'active', softBounceStreak: 0 }, origin);
      if (!first) continue;
      collision ??= { address, first };
      collisions++;
    }
    if (!collision) continue;
    const others = collisions > 1 ? ` (and ${counted(collisions - 1, 'other')})` : '';
    reader.problem(at, `this generates ${quoted(collision.address)}${others}, which is a contact already`, {
      hint: `${firstHint(collision.first, reader.file)}; give it another prefix`,
    });
  }
}

/** Where the contact is written first: a line of `from`, or a line of another file. */
export function firstHint(first: Location, from: string): string {
  const place = first.file === from ? `line ${first.line}` : `${first.file}:${first.line}`;
  return `the first is on ${place}; case is ignored`;
}
