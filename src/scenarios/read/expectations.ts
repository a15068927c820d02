// Reads `expect` as a flat list of checks. Each check has the location of its value, which a failure
// shows.

import type { z } from 'zod';
import { domainKey } from '../../base/domain-names.js';
import type { Location } from '../../base/errors.js';
import type { ContactStatus } from '../../events/types.js';
import type { Path } from '../../documents/locate.js';
import type { Fleet } from '../fleet/fleet.js';
import { checkServerName } from './server-names.js';
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
/** Keys of a mailing whose value is a single number. */
const NUMBERS = [
  'recipients',
  'delivered',
  'inProgress',
  'unattempted',
  'withdrawn',
  'possibleDuplicates',
  'lateBounces',
] as const;

/** What expectations can refer to. */
interface Subjects {
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
    const at = reader.readRequired(
      expectationSchema.shape.at,
      [...path, 'at'],
      'a duration such as 45m, or `end`',
    );
    const checks = new BlockReader(reader, path, at, subjects).read();
    if (at !== undefined) plans.push({ at, checks });
  }
  return plans;
}

class BlockReader {
  private readonly checks: Check[] = [];

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
      if (key === 'contacts') this.readContacts(at);
      else if (key === 'statuses') this.readStatuses(at);
      else if (key === 'servers') this.readServers(at);
      else if (key === 'lost') this.readLost(at);
      else this.readMailing(key, at);
    }
    return this.checks;
  }

  private readMailing(mailing: string, path: Path): void {
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
    if (!this.isFilled(path) || !this.reader.object(mailingExpectationSchema, path)) return;
    for (const field of NUMBERS) this.readNumber(mailing, field, MAILING[field], [...path, field]);
    this.readBounced(mailing, [...path, 'bounced']);
    this.readState(mailing, [...path, 'state']);
    this.readCompleted(mailing, [...path, 'completed']);
    this.readNumbers(MAILING.placement.unwrap(), [...path, 'placement'], (placement, expected, location) => ({
      kind: 'placement',
      mailing,
      placement,
      expected,
      location,
    }));
    this.readNumbers(MAILING.causes.unwrap(), [...path, 'causes'], (cause, expected, location) => ({
      kind: 'cause',
      mailing,
      cause,
      expected,
      location,
    }));
    this.readLost([...path, 'lost'], mailing);
    for (const kind of ['attempts', 'seen'] as const) this.readAttempts(mailing, kind, [...path, kind]);
  }

  private readNumber(
    mailing: string,
    field: MailingNumber,
    schema: z.ZodType<NumberMatcher | undefined>,
    path: Path,
  ): void {
    const expected = this.reader.read(schema, path);
    if (expected)
      this.checks.push({
        kind: 'mailing-number',
        mailing,
        field,
        expected,
        location: this.reader.place(path),
      });
  }

  private readBounced(mailing: string, path: Path): void {
    this.readNumbers(MAILING.bounced.unwrap(), path, (field, expected, location) => ({
      kind: 'mailing-number',
      mailing,
      field: `bounced.${field}` as MailingNumber,
      expected,
      location,
    }));
  }

  private readState(mailing: string, path: Path): void {
    const expected = this.reader.read(MAILING.state, path);
    if (expected)
      this.checks.push({ kind: 'mailing-state', mailing, expected, location: this.reader.place(path) });
  }

  private readCompleted(mailing: string, path: Path): void {
    const expected = this.reader.read(MAILING.completed, path);
    if (expected)
      this.checks.push({ kind: 'completed', mailing, expected, location: this.reader.place(path) });
  }

  private readAttempts(mailing: string, kind: 'attempts' | 'seen', path: Path): void {
    if (this.reader.get(path) === undefined || !this.reader.mapping(path) || !this.isFilled(path)) return;
    const element = MAILING[kind].unwrap().valueType;
    for (const address of this.reader.keys(path)) {
      const at = [...path, address];
      const known = this.subjects.people.check(this.reader, address, at, { on: 'key' });
      const expected = this.reader.read(element, at);
      if (!known || !expected) continue;
      this.checks.push({
        kind,
        mailing,
        address: address.toLowerCase(),
        expected,
        location: this.reader.place(at),
      });
    }
  }

  private readContacts(path: Path): void {
    if (!this.reader.mapping(path) || !this.isFilled(path)) return;
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
        this.checks.push({ kind: 'contact', address, status: expected, location: this.reader.place(at) });
        continue;
      }
      if (!this.isFilled(at)) continue;
      const { status, softBounceStreak } = expected;
      if (status !== undefined) {
        this.checks.push({
          kind: 'contact',
          address,
          status,
          location: this.reader.place([...at, 'status']),
        });
      }
      if (softBounceStreak !== undefined) {
        const location = this.reader.place([...at, 'softBounceStreak']);
        this.checks.push({ kind: 'contact', address, softBounceStreak, location });
      }
    }
  }

  private readLost(path: Path, mailing?: string): void {
    if (this.reader.get(path) === undefined) return;
    const of = mailing === undefined ? {} : { mailing };
    const { total, notTheirs, causes } = lostExpectationSchema.shape;
    if (!this.reader.object(lostExpectationSchema, path) || !this.isFilled(path)) return;
    for (const [figure, schema] of Object.entries({ total, notTheirs }) as ['total', typeof total][]) {
      const at = [...path, figure];
      const expected = this.reader.read(schema, at);
      if (expected)
        this.checks.push({ kind: 'lost', ...of, figure, expected, location: this.reader.place(at) });
    }
    this.readNumbers(causes.unwrap(), [...path, 'causes'], (cause, expected, location) => ({
      kind: 'lost',
      ...of,
      figure: { cause },
      expected,
      location,
    }));
  }

  private readStatuses(path: Path): void {
    this.readNumbers(statusesExpectationSchema, path, (status, expected, location) => ({
      kind: 'statuses',
      status: status as ContactStatus,
      expected,
      location,
    }));
  }

  private readServers(path: Path): void {
    if (!this.reader.mapping(path) || !this.isFilled(path)) return;
    for (const written of this.reader.keys(path)) {
      const at = [...path, written];
      const domain = domainKey(written);
      checkServerName(this.reader, at, domain, this.subjects);
      this.readNumbers(serverExpectationSchema, at, (field, expected, location) => ({
        kind: 'server',
        domain,
        field: field as ServerNumber,
        expected,
        location,
      }));
    }
  }

  /** Reads a mapping of names to numbers; each number becomes a check. */
  private readNumbers(
    schema: z.ZodObject,
    path: Path,
    check: (name: string, expected: NumberMatcher, location: Location) => Check,
  ): void {
    if (this.reader.get(path) === undefined || !this.reader.object(schema, path) || !this.isFilled(path))
      return;
    for (const name of this.reader.keys(path)) {
      if (!Object.hasOwn(schema.shape, name)) continue;
      const field = schema.shape[name] as z.ZodType<NumberMatcher | undefined>;
      const expected = this.reader.read(field, [...path, name]);
      if (expected) this.checks.push(check(name, expected, this.reader.place([...path, name])));
    }
  }

  /** Reports an empty mapping, which would be an expectation that cannot fail. */
  private isFilled(path: Path): boolean {
    const value = this.reader.get(path);
    if (typeof value !== 'object' || value === null || Object.keys(value).length > 0) return true;
    this.reader.problem(path, `${quoted(String(path.at(-1)))} expects nothing`, {
      hint: 'write what must be true of it, or remove it',
    });
    return false;
  }
}
