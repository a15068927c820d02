// Expectations as written, as one flat list of checks. Each check knows the place of the value that
// says it, so that a failure can show it.

import type { z } from 'zod';
import type { Location } from '../../base/errors.js';
import type { ContactStatus } from '../../events/types.js';
import type { Path } from '../../documents/locate.js';
import type { Fleet } from '../fleet/fleet.js';
import { DEFAULT_DOMAIN } from '../fleet/fleet.js';
import { hasMailing } from './mailings.js';
import type { Mailings } from './mailings.js';
import type { People } from './people.js';
import type { Check, ExpectationPlan, MailingNumber, NumberMatcher, ServerNumber } from '../plan.js';
import { nameHint, quoted } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';
import {
  contactExpectationSchema,
  expectationSchema,
  lostExpectationSchema,
  mailingExpectationSchema,
  serverExpectationSchema,
  statusesExpectationSchema,
} from '../schema/expectations.js';

const BLOCK_KEYS = Object.keys(expectationSchema.shape);
const MAILING = mailingExpectationSchema.shape;
/** Fields that are one number each, by the name that the file has for them. */
const NUMBERS = [
  'recipients',
  'delivered',
  'inProgress',
  'withdrawn',
  'possibleDuplicates',
  'lateBounces',
] as const;

/** What expectations can be about. */
export interface Subjects {
  fleet: Fleet;
  people: People;
  mailings: Mailings;
}

/** Reads `expect`. */
export function readExpectations(reader: Reader, subjects: Subjects): ExpectationPlan[] {
  const root: Path = ['expect'];
  const items = reader.items(root);
  if (Array.isArray(reader.get(root)) && items.length === 0) {
    reader.shape(
      root,
      '`expect` must be a list that is not empty: a scenario that expects nothing proves nothing',
      {
        hint: 'write `- at: end`, and under it what must be true then',
      },
    );
  }
  const plans: ExpectationPlan[] = [];
  for (const [i] of items.entries()) {
    const path = [...root, i];
    if (!reader.mapping(path)) continue;
    const at = readAt(reader, path);
    const checks = new BlockReader(reader, path, at, subjects).read();
    if (at !== undefined) plans.push({ at, checks });
  }
  return plans;
}

function readAt(reader: Reader, path: Path): number | 'end' | undefined {
  const at = [...path, 'at'];
  if (reader.get(at) !== undefined) return reader.read(expectationSchema.shape.at, at);
  reader.problem(path, '`at` is missing', { hint: '`at`: a duration such as 45m, or `end`' });
  return undefined;
}

class BlockReader {
  readonly #checks: Check[] = [];

  constructor(
    private readonly reader: Reader,
    private readonly path: Path,
    private readonly at: number | 'end' | undefined,
    private readonly subjects: Subjects,
  ) {}

  read(): Check[] {
    const { reader, path } = this;
    const keys = reader.keys(path).filter((key) => key !== 'at');
    if (keys.length === 0) {
      reader.problem(path, 'this block expects nothing', {
        hint: 'name a mailing, contacts, statuses, lost or servers',
      });
    }
    for (const key of keys) {
      const at = [...path, key];
      if (key === 'contacts') this.#contacts(at);
      else if (key === 'statuses') this.#statuses(at);
      else if (key === 'servers') this.#servers(at);
      else if (key === 'lost') this.#lost(at);
      else this.#mailing(key, at);
    }
    return this.#checks;
  }

  #mailing(mailing: string, path: Path): void {
    const { names, complete } = this.subjects.mailings;
    if (!hasMailing(this.subjects.mailings, mailing)) {
      if (!complete) return;
      const known = [...names, ...BLOCK_KEYS];
      this.reader.problem(path, `there is no mailing ${quoted(mailing)}`, {
        on: 'key',
        hint: nameHint(mailing, known, 'keys here'),
      });
      return;
    }
    if (!this.#isFilled(path) || !this.reader.object(mailingExpectationSchema, path)) return;
    for (const field of NUMBERS) this.#number(mailing, field, MAILING[field], [...path, field]);
    this.#bounced(mailing, [...path, 'bounced']);
    this.#state(mailing, [...path, 'state']);
    this.#completed(mailing, [...path, 'completed']);
    this.#named(MAILING.placement.unwrap(), [...path, 'placement'], (placement, expected, location) => ({
      kind: 'placement',
      mailing,
      placement,
      expected,
      location,
    }));
    this.#named(MAILING.causes.unwrap(), [...path, 'causes'], (cause, expected, location) => ({
      kind: 'cause',
      mailing,
      cause,
      expected,
      location,
    }));
    this.#lost([...path, 'lost'], mailing);
    for (const kind of ['attempts', 'seen'] as const) this.#attempts(mailing, kind, [...path, kind]);
  }

  #number(
    mailing: string,
    field: MailingNumber,
    schema: z.ZodType<NumberMatcher | undefined>,
    path: Path,
  ): void {
    const expected = this.reader.read(schema, path);
    if (expected)
      this.#checks.push({
        kind: 'mailing-number',
        mailing,
        field,
        expected,
        location: this.reader.place(path),
      });
  }

  #bounced(mailing: string, path: Path): void {
    this.#named(MAILING.bounced.unwrap(), path, (field, expected, location) => ({
      kind: 'mailing-number',
      mailing,
      field: `bounced.${field}` as MailingNumber,
      expected,
      location,
    }));
  }

  #state(mailing: string, path: Path): void {
    const expected = this.reader.read(MAILING.state, path);
    if (expected)
      this.#checks.push({ kind: 'mailing-state', mailing, expected, location: this.reader.place(path) });
  }

  #completed(mailing: string, path: Path): void {
    const expected = this.reader.read(MAILING.completed, path);
    if (expected)
      this.#checks.push({ kind: 'completed', mailing, expected, location: this.reader.place(path) });
  }

  #attempts(mailing: string, kind: 'attempts' | 'seen', path: Path): void {
    if (this.reader.get(path) === undefined || !this.reader.mapping(path) || !this.#isFilled(path)) return;
    const element = MAILING[kind].unwrap().valueType;
    for (const address of this.reader.keys(path)) {
      const at = [...path, address];
      const known = this.subjects.people.check(this.reader, address, at, { on: 'key' });
      const expected = this.reader.read(element, at);
      if (!known || !expected) continue;
      this.#checks.push({
        kind,
        mailing,
        address: address.toLowerCase(),
        expected,
        location: this.reader.place(at),
      });
    }
  }

  #contacts(path: Path): void {
    if (!this.reader.mapping(path) || !this.#isFilled(path)) return;
    const moment = typeof this.at === 'number' ? { at: this.at } : {};
    for (const written of this.reader.keys(path)) {
      const at = [...path, written];
      const known = this.subjects.people.check(this.reader, written, at, {
        on: 'key',
        patterns: true,
        ...moment,
      });
      const expected = this.reader.read(contactExpectationSchema, at);
      if (!known || expected === undefined) continue;
      const address = written.toLowerCase();
      if (typeof expected === 'string') {
        this.#checks.push({ kind: 'contact', address, status: expected, location: this.reader.place(at) });
        continue;
      }
      if (!this.#isFilled(at)) continue;
      const { status, softBounceStreak } = expected;
      if (status !== undefined) {
        this.#checks.push({
          kind: 'contact',
          address,
          status,
          location: this.reader.place([...at, 'status']),
        });
      }
      if (softBounceStreak !== undefined) {
        const location = this.reader.place([...at, 'softBounceStreak']);
        this.#checks.push({ kind: 'contact', address, softBounceStreak, location });
      }
    }
  }

  #lost(path: Path, mailing?: string): void {
    if (this.reader.get(path) === undefined) return;
    const of = mailing === undefined ? {} : { mailing };
    const { total, notTheirs, causes } = lostExpectationSchema.shape;
    if (!this.reader.object(lostExpectationSchema, path) || !this.#isFilled(path)) return;
    for (const [figure, schema] of Object.entries({ total, notTheirs }) as ['total', typeof total][]) {
      const at = [...path, figure];
      const expected = this.reader.read(schema, at);
      if (expected)
        this.#checks.push({ kind: 'lost', ...of, figure, expected, location: this.reader.place(at) });
    }
    this.#named(causes.unwrap(), [...path, 'causes'], (cause, expected, location) => ({
      kind: 'lost',
      ...of,
      figure: { cause },
      expected,
      location,
    }));
  }

  #statuses(path: Path): void {
    this.#named(statusesExpectationSchema, path, (status, expected, location) => ({
      kind: 'statuses',
      status: status as ContactStatus,
      expected,
      location,
    }));
  }

  #servers(path: Path): void {
    if (!this.reader.mapping(path) || !this.#isFilled(path)) return;
    const { fleet } = this.subjects;
    for (const written of this.reader.keys(path)) {
      const at = [...path, written];
      const domain = written.toLowerCase();
      if (!this.#isServed(domain)) {
        const hint =
          domain === DEFAULT_DOMAIN
            ? 'each domain that `default` serves has a server of its own: name the domain'
            : nameHint(
                domain,
                fleet.names.filter((name) => name !== DEFAULT_DOMAIN),
                fleet.namesAre,
              );
        this.reader.problem(at, `the fleet has no server for ${quoted(written)}`, { on: 'key', hint });
      }
      this.#named(serverExpectationSchema, at, (field, expected, location) => ({
        kind: 'server',
        domain,
        field: field as ServerNumber,
        expected,
        location,
      }));
    }
  }

  /** A domain or a host of the fleet, or a domain that `default` serves because somebody of it is mailed. */
  #isServed(domain: string): boolean {
    const { fleet, people } = this.subjects;
    if (domain === DEFAULT_DOMAIN) return false;
    if (fleet.hosts.has(domain)) return true;
    if (fleet.domains.has(domain)) return true;
    return fleet.domains.has(DEFAULT_DOMAIN) && (people.domains()?.has(domain) ?? true);
  }

  /** Reads a mapping of names to numbers, each of which is a check. */
  #named(
    schema: z.ZodObject,
    path: Path,
    check: (name: string, expected: NumberMatcher, location: Location) => Check,
  ): void {
    if (this.reader.get(path) === undefined || !this.reader.object(schema, path) || !this.#isFilled(path))
      return;
    for (const name of this.reader.keys(path)) {
      if (!Object.hasOwn(schema.shape, name)) continue;
      const field = schema.shape[name] as z.ZodType<NumberMatcher | undefined>;
      const expected = this.reader.read(field, [...path, name]);
      if (expected) this.#checks.push(check(name, expected, this.reader.place([...path, name])));
    }
  }

  /** An empty mapping would be an expectation that cannot fail. */
  #isFilled(path: Path): boolean {
    const value = this.reader.get(path);
    if (typeof value !== 'object' || value === null || Object.keys(value).length > 0) return true;
    this.reader.problem(path, `${quoted(String(path.at(-1)))} expects nothing`, {
      hint: 'write what must be true of it, or remove it',
    });
    return false;
  }
}
