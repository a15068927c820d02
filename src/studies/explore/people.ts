// The domains and contacts of an experiment, and the spellings of their names. One contact may be written in many
// ways (rule 1 of docs/semantics.md): each mention of it draws one.

import { addressKey, domainOf, localPartOf, mailboxName } from '../../base/addresses.js';
import { domainInUnicode, domainKey, isAscii } from '../../base/domain-names.js';
import type { Data } from './document.js';
import type { Draw } from './draw.js';

const DOMAINS = ['a.test', 'b.test', 'c.test', 'd.test', 'e.test', 'f.test'];
/** The same places in the list, with names beyond ASCII: with umlauts, a deviation of IDNA, two scripts. */
const INTERNATIONAL = ['bücher.test', 'faß.test', '例え.test', 'δοκιμή.test', 'xn--e1afmkfd.test', 'é.test'];
/** Domains that a fleet does not name, so that `default` receives for them. */
const UNNAMED = ['u.test', 'v.test', 'w.test'];

/** Local parts that need quotes, or SMTPUTF8, or are too long for a return path. */
const LOCAL_PARTS: readonly ((n: number) => string)[] = [
  (n) => `"c ${n}"`,
  (n) => `"c@${n}"`,
  (n) => `"c\\"${n}"`,
  (n) => `"c,<${n}>"`,
  (n) => `"c${n}."`,
  (n) => `"c\\\\${n}"`,
  (n) => `cé${n}`,
  (n) => `"c é${n}"`,
  (n) => `${'long-'.repeat(11)}${n}`,
];

export class DrawnPeople {
  /** Domains that the fleet names, as it writes them. */
  readonly domains: readonly string[];
  /** Other domains with contacts, which `default` serves. */
  readonly unnamed: readonly string[];
  /** Contacts of the audience, as it writes them. */
  readonly contacts: readonly string[];
  private readonly isSpelled: boolean;

  constructor(
    private readonly draw: Draw,
    faults: ReadonlySet<string>,
  ) {
    this.isSpelled = faults.has('spellings');
    const names = DOMAINS.map((name, n) => (this.isSpelled && draw.chance(0.4) ? INTERNATIONAL[n]! : name));
    // A site is worth drawing only where it has several domains.
    const isShared = faults.has('sites');
    this.domains = names.slice(0, isShared ? draw.int(2, names.length) : draw.int(1, 3));
    this.unnamed = faults.has('default') ? UNNAMED.slice(0, draw.int(1, UNNAMED.length)) : [];
    // Sometimes more contacts than the sender opens connections.
    const most = draw.chance(0.15) ? 12 : 4;
    this.contacts = [...this.domains, ...this.unnamed].flatMap((domain) =>
      draw.many(1, most, (n) => this.spelled(`${this.localPart(n + 1)}@${domain}`)),
    );
  }

  /** All domains with contacts. */
  get served(): readonly string[] {
    return [...this.domains, ...this.unnamed];
  }

  /** Contacts at a domain, as the audience writes them. */
  at(domain: string): string[] {
    return this.contacts.filter((address) => domainKey(domainOf(address)) === domainKey(domain));
  }

  /** Any contact, in some spelling. */
  any(): string {
    return this.spelled(this.draw.one(this.contacts));
  }

  /** A contact in a spelling that differs from that of the audience by more than case; undefined when none is drawn. */
  respelled(): string | undefined {
    if (!this.isSpelled) return undefined;
    const written = this.draw.one(this.contacts);
    const spelled = this.spelled(written);
    return spelled.toLowerCase() === written.toLowerCase() ? undefined : spelled;
  }

  /** An address or a domain in some spelling. */
  spelled(name: string): string {
    if (!this.isSpelled) return name;
    if (!name.includes('@')) return this.spelledDomain(name);
    return `${this.spelledLocalPart(localPartOf(name))}@${this.spelledDomain(domainOf(name))}`;
  }

  private localPart(n: number): string {
    const { draw } = this;
    return this.isSpelled && draw.chance(0.35) ? draw.one(LOCAL_PARTS)(n) : `c${n}`;
  }

  private spelledDomain(name: string): string {
    const { draw } = this;
    const label = draw.chance(0.5) ? domainKey(name) : domainInUnicode(domainKey(name));
    const upper = label.toUpperCase();
    // SS is no other case of ß in a domain (UTS #46): faß and fass are two names.
    return draw.chance(0.1) && upper.toLowerCase() === label ? upper : label;
  }

  private spelledLocalPart(written: string): string {
    const { draw } = this;
    const name = mailboxName(written);
    const isQuoted = name !== written;
    const form = draw.one(['same', 'same', 'case', 'quotes', 'normal form']);
    if (form === 'case') return isAscii(name) && !isQuoted ? written.toUpperCase() : written;
    if (form === 'normal form') return written.normalize('NFD');
    // A backslash before a character that needs none changes nothing (RFC 5321, 4.1.2).
    if (form === 'quotes') return isQuoted ? written.replace(/^"(?=\w)/, '"\\') : `"${written}"`;
    return written;
  }
}

/** A contact of an audience: its address alone, or with a status that is drawn. */
export function drawContact(draw: Draw, faults: ReadonlySet<string>, address: string): Data {
  if (!faults.has('status') || draw.chance(0.5)) return address;
  const status = draw.one(['active', 'active', 'error', 'opt-out']);
  return { address, status, softBounceStreak: draw.int(0, 4) };
}

/** The local part of a return path that names a contact, without its tag; undefined when it would be too long. */
export function returnPathOf(mailing: string, address: string): string | undefined {
  const key = addressKey(address);
  const written = `bounce+${mailing}+${mailboxName(localPartOf(key))}=${domainOf(key)}`;
  const isPlain = /^[\w.+=~-]+$/.test(written);
  const localPart = isPlain ? written : `"${written.replace(/["\\]/g, String.raw`\$&`)}"`;
  return Buffer.byteLength(localPart) <= 50 ? localPart : undefined;
}
