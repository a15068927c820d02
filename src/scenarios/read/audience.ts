// Reads `audience` as a list of contacts: those listed, those generated, and those of a CSV file.

import { dirname, resolve } from 'node:path';
import { addressKey, domainOf } from '../../base/addresses.js';
import type { Location } from '../../base/errors.js';
import type { Path } from '../../documents/locate.js';
import { readAudienceFile } from './audience-file.js';
import type { ContactPlan } from '../plan.js';
import { counted, quoted, type Problem } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';
import { audienceSchema, contactSchema, CONTACTS_MAX, generateSchema } from '../schema/audience.js';
import { displayPath } from '../../documents/source-file.js';

/** Where a contact is written; shared by all contacts that one entry generates. */
export interface ContactOrigin {
  location: Location;
  /** Text of the file of `location` when that is not the scenario. */
  source?: string;
}

/** Reports a problem of a contact whose location is in the same file as `origin`. */
export function reportContact(reader: Reader, { source }: ContactOrigin, problem: Problem): void {
  reader.foreign(source === undefined ? problem : { ...problem, source });
}

/** Contacts at the start of the run, each once. */
export class Audience {
  readonly contacts: ContactPlan[] = [];
  /** False when some entry could not be read: then a missing contact is no problem to report. */
  complete = true;
  private readonly origins = new Map<string, ContactOrigin>();

  /** @returns where this address is written; undefined when it is no contact */
  origin(address: string): ContactOrigin | undefined {
    return this.origins.get(addressKey(address));
  }

  /** The address of a contact as it is written. */
  written(key: string): string {
    return this.contacts.find(({ address }) => addressKey(address) === key)?.address ?? key;
  }

  /** Keys of all contacts. */
  get addresses(): Iterable<string> {
    return this.origins.keys();
  }

  /** @returns the origin of the contact that already has this address, in which case nothing is added */
  add(contact: ContactPlan, origin: ContactOrigin): ContactOrigin | undefined {
    const key = addressKey(contact.address);
    const first = this.origins.get(key);
    if (first) return first;
    this.origins.set(key, origin);
    this.contacts.push(contact);
    return undefined;
  }

  /** Number of contacts of each domain and the first of them, for problems reported once per domain. */
  domains(): Map<string, { count: number; origin: ContactOrigin; address: string }> {
    const domains = new Map<string, { count: number; origin: ContactOrigin; address: string }>();
    for (const { address } of this.contacts) {
      const domain = domainOf(addressKey(address));
      const known = domains.get(domain);
      if (known) known.count++;
      else domains.set(domain, { count: 1, origin: this.origin(address)!, address });
    }
    return domains;
  }
}

/**
 * Reads `audience`.
 *
 * @param scenario absolute path of the scenario, to which the path of a CSV file is relative
 */
export function readAudience(reader: Reader, scenario: string, cwd: string): Audience {
  const audience = new Audience();
  const root: Path = ['audience'];
  if (reader.get(root) === undefined || !reader.object(audienceSchema, root)) {
    audience.complete = false;
    return audience;
  }
  for (const key of ['contacts', 'generate']) {
    const value = reader.get([...root, key]);
    if (value !== undefined && !Array.isArray(value)) audience.complete = false;
  }
  readContacts(reader, audience, [...root, 'contacts']);
  readGenerated(reader, audience, [...root, 'generate']);
  readFile(reader, audience, [...root, 'file'], scenario, cwd);
  if (audience.contacts.length > CONTACTS_MAX) {
    reader.problem(root, `the audience has ${counted(audience.contacts.length, 'contact')}`, {
      hint: `the limit is ${CONTACTS_MAX.toLocaleString('en-US')}`,
      on: 'key',
    });
  }
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
    const first = audience.add(contact, { location: reader.place(marked) });
    if (first) {
      reader.problem(marked, `the contact ${quoted(contact.address)} is named twice`, {
        hint: firstHint(reader, first),
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
    const origin: ContactOrigin = { location: reader.place(at) };
    let collisions = 0;
    let collision: { address: string; first: ContactOrigin } | undefined;
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
      hint: `${firstHint(reader, collision.first)}; give it another prefix`,
    });
  }
}

function readFile(reader: Reader, audience: Audience, path: Path, scenario: string, cwd: string): void {
  const name = reader.read(audienceSchema.shape.file, path);
  const onBadLine: Path = ['audience', 'onBadLine'];
  const isSkipping = reader.read(audienceSchema.shape.onBadLine, onBadLine) === 'skip';
  if (name === undefined) {
    if (reader.get(path) !== undefined) audience.complete = false;
    else if (reader.get(onBadLine) !== undefined)
      reader.problem(onBadLine, '`onBadLine` applies to the lines of `file`, and there is no `file`', {
        on: 'key',
        hint: 'remove it, or name a `file`',
      });
    return;
  }
  const absolute = resolve(dirname(scenario), name);
  const file = displayPath(absolute, cwd);
  const result = readAudienceFile(absolute, file);
  if ('message' in result) {
    audience.complete = false;
    const hint = result.hint ?? 'the path is relative to the scenario';
    reader.problem(path, `the audience file ${quoted(name)}: ${result.message}`, { hint });
    return;
  }
  const { rows, problems, source } = result;
  // Without a valid header every line is bad, so that skipping bad lines would leave no contact.
  const isSkipped = isSkipping && rows.length > 0;
  if (problems.length > 0 && !isSkipped) audience.complete = false;
  for (const problem of problems) {
    if (isSkipped) reader.warn(problem);
    else reader.foreign(problem);
  }
  for (const { contact, location } of rows) {
    const first = audience.add(contact, { location, source });
    if (!first) continue;
    const message = `the contact ${quoted(contact.address)} is named twice`;
    const problem = { message, hint: firstHint(reader, first, file), location, source };
    if (isSkipping) reader.warn(problem);
    else reader.foreign(problem);
  }
}

/** Where the contact is written first: a line of `from`, or a line of another file. */
function firstHint(reader: Reader, { location }: ContactOrigin, from = reader.file): string {
  const place = location.file === from ? `line ${location.line}` : `${location.file}:${location.line}`;
  return `the first is on ${place}; case is ignored`;
}
