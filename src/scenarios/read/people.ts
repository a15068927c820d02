// Who is in a scenario, and since when: the audience of the start and those that events bring. Tells
// of addresses that never exist.

import { formatDuration } from '../../base/units.js';
import { STARS_MAX, wildcard } from '../../base/wildcard.js';
import type { Path } from '../../documents/locate.js';
import type { Audience } from './audience.js';
import { closest, quoted } from '../../documents/problems.js';
import type { Reader } from '../../documents/reader.js';

export class People {
  readonly #audience: Audience;
  /** Contacts that come later, by address in lower case. */
  readonly #born = new Map<string, { at: number; location: { line: number } }>();
  #complete: boolean;
  /** Made when first asked for, which is after everybody has been brought. */
  #domains: ReadonlySet<string> | undefined;

  constructor(audience: Audience) {
    this.#audience = audience;
    this.#complete = audience.complete;
  }

  /** Some entry could not be read: from now on nobody is said to be missing. */
  incomplete(): void {
    this.#complete = false;
  }

  /** Tells that an event at this time brings a contact. @returns the line of the one that exists already */
  bring(address: string, at: number, location: { line: number }): { line: number } | undefined {
    const key = address.toLowerCase();
    const first = this.#audience.origin(key)?.location ?? this.#born.get(key)?.location;
    if (first) return first;
    this.#born.set(key, { at, location });
    return undefined;
  }

  /** Addresses of everybody, in lower case. */
  *addresses(): Iterable<string> {
    yield* this.#audience.addresses;
    yield* this.#born.keys();
  }

  /** Domains of everybody; undefined when not everybody is known. */
  domains(): ReadonlySet<string> | undefined {
    if (!this.#complete) return undefined;
    this.#domains ??= new Set(
      [...this.addresses()].map((address) => address.slice(address.lastIndexOf('@') + 1)),
    );
    return this.#domains;
  }

  /** When a contact begins to exist, ms; undefined when it never does. */
  since(address: string): number | undefined {
    const key = address.toLowerCase();
    return this.#audience.origin(key) ? 0 : this.#born.get(key)?.at;
  }

  /** Whether nobody is there at all, now or later. */
  get nobody(): boolean {
    return this.#complete && this.#audience.contacts.length === 0 && this.#born.size === 0;
  }

  /** Whether everybody who is ever there is so from the start. */
  get nobodyComes(): boolean {
    return this.#complete && this.#born.size === 0;
  }

  /**
   * Checks that an address, or with `patterns` a pattern, means somebody who exists at a time.
   *
   * @param at virtual ms; left out: at any time
   * @returns whether it does; otherwise a problem was told at `path`
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
        return told(
          reader,
          path,
          on,
          `${quoted(address)} must be one address, not a pattern`,
          'name each contact',
        );
      return this.#checkPattern(reader, address, path, on);
    }
    const since = this.since(address);
    if (since === undefined) {
      if (!this.#complete) return false;
      const near = closest(address.toLowerCase(), this.addresses());
      const hint =
        near === undefined
          ? 'add it to the audience, or with an `add` event'
          : `did you mean ${quoted(near)}?`;
      return told(reader, path, on, `there is never a contact ${quoted(address)}`, hint);
    }
    if (at === undefined || since <= at) return true;
    const message = `there is no contact ${quoted(address)} yet at ${formatDuration(at)}`;
    return told(reader, path, on, message, `an event brings it at ${formatDuration(since)}`);
  }

  #checkPattern(reader: Reader, pattern: string, path: Path, on: 'key' | 'value'): boolean {
    if (pattern.split('*').length - 1 > STARS_MAX) {
      return told(
        reader,
        path,
        on,
        `the pattern ${quoted(pattern)} has too many stars`,
        `the limit is ${STARS_MAX}`,
      );
    }
    const isMatch = wildcard(pattern.toLowerCase());
    for (const address of this.addresses()) if (isMatch(address)) return true;
    if (!this.#complete) return false;
    return told(
      reader,
      path,
      on,
      `no contact ever matches ${quoted(pattern)}`,
      'patterns are compared to whole addresses, such as "*@example.org"',
    );
  }
}

function told(reader: Reader, path: Path, on: 'key' | 'value', message: string, hint: string): false {
  reader.problem(path, message, { on, hint });
  return false;
}
