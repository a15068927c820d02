// All contacts of a scenario and when they begin to exist: the audience at the start, and the contacts
// that events add. Addresses elsewhere in the file are checked against them.

import { addressKey, domainOf, keyPattern } from '../../base/addresses.js';
import { formatDuration } from '../../base/units.js';
import type { Path } from '../../documents/locate.js';
import type { Audience } from './audience.js';
import { closest, quoted } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';

/** Comparisons of patterns with addresses that one file may cost: some seconds. */
const COMPARISONS_MAX = 50_000_000;

export class People {
  private comparisons = 0;
  private readonly audience: Audience;
  /** Contacts that events add, by key. */
  private readonly added = new Map<string, { address: string; at: number; location: { line: number } }>();
  private complete: boolean;
  /** Set at the first call of `domains`, when all events have been read. */
  private knownDomains: ReadonlySet<string> | undefined;

  constructor(audience: Audience) {
    this.audience = audience;
    this.complete = audience.complete;
  }

  /** Some entry could not be read: from now on a missing contact is not reported. */
  incomplete(): void {
    this.complete = false;
  }

  /** Adds the contact of an event. @returns the contact that already has this address, as written, and its location */
  addContact(
    address: string,
    at: number,
    location: { line: number },
  ): { address: string; location: { line: number } } | undefined {
    const key = addressKey(address);
    const origin = this.audience.origin(key);
    if (!origin && !this.added.has(key)) {
      this.added.set(key, { address, at, location });
      return undefined;
    }
    return origin ? { address: this.audience.written(key), location: origin } : this.added.get(key)!;
  }

  /** @returns whether the audience suppresses this address */
  isSuppressed(address: string): boolean {
    return this.audience.isSuppressed(address);
  }

  /** Keys of all contacts. */
  *addresses(): Iterable<string> {
    yield* this.audience.addresses;
    yield* this.added.keys();
  }

  /** Keys of the domains of all contacts; undefined when some entry could not be read. */
  domains(): ReadonlySet<string> | undefined {
    if (!this.complete) return undefined;
    this.knownDomains ??= new Set([...this.addresses()].map((address) => domainOf(address)));
    return this.knownDomains;
  }

  /** Virtual time at which a contact begins to exist, ms; undefined when there is no such contact. */
  since(address: string): number | undefined {
    const key = addressKey(address);
    return this.audience.origin(key) ? 0 : this.added.get(key)?.at;
  }

  /** Whether the scenario has no contact at any time. */
  get isEmpty(): boolean {
    return this.complete && this.audience.contacts.length === 0 && this.added.size === 0;
  }

  /** Whether no event adds a contact. */
  get isFixed(): boolean {
    return this.complete && this.added.size === 0;
  }

  /**
   * Checks that an address, or with `patterns` a pattern, matches a contact that exists at a given time.
   *
   * @param at virtual time in ms; any time when left out
   * @returns whether it does; otherwise a problem is reported at `path`
   */
  check(
    reader: Reader,
    address: string,
    path: Path,
    options: { on?: 'key' | 'value'; at?: number; patterns?: boolean },
  ): boolean {
    const { on = 'value', at, patterns = false } = options;
    if (address.includes('*')) {
      if (!patterns)
        return report(
          reader,
          path,
          on,
          `${quoted(address)} must be one address, not a pattern`,
          'name each contact',
        );
      return this.checkPattern(reader, address, path, on);
    }
    const since = this.since(address);
    if (since === undefined) {
      if (!this.complete) return false;
      const near = closest(addressKey(address), this.addresses());
      const hint =
        near === undefined
          ? 'add it to the audience, or with an `add` event'
          : `did you mean ${quoted(near)}?`;
      return report(reader, path, on, `there is no contact ${quoted(address)} at any time`, hint);
    }
    if (at === undefined || since <= at) return true;
    const message = `there is no contact ${quoted(address)} yet at ${formatDuration(at)}`;
    return report(reader, path, on, message, `an event adds it at ${formatDuration(since)}`);
  }

  private checkPattern(reader: Reader, pattern: string, path: Path, on: 'key' | 'value'): boolean {
    // The file has that problem already.
    if (this.comparisons > COMPARISONS_MAX) return false;
    const isMatch = keyPattern(pattern);
    for (const address of this.addresses()) {
      if (isMatch(address)) return true;
      if (++this.comparisons <= COMPARISONS_MAX) continue;
      return report(
        reader,
        path,
        on,
        `up to ${quoted(pattern)}, the patterns of this file take more than ${COMPARISONS_MAX.toLocaleString('en-US')} comparisons with contacts`,
        'use fewer patterns, or whole addresses',
      );
    }
    if (!this.complete) return false;
    return report(
      reader,
      path,
      on,
      `no contact ever matches ${quoted(pattern)}`,
      'patterns are compared to whole addresses, such as "*@example.org"',
    );
  }
}

function report(reader: Reader, path: Path, on: 'key' | 'value', message: string, hint: string): false {
  reader.problem(path, message, { on, hint });
  return false;
}
