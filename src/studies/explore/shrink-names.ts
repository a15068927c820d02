// Steps that make a document smaller by what it names. One name is written in several places, as a key, a value or
// the domain of an address: a step that changes only one of them gives a document that is not valid.

import { isDeepStrictEqual } from 'node:util';
import { domainOf, localPartOf, mailboxName, parseAddress } from '../../base/addresses.js';
import { domainKey, isAscii } from '../../base/domain-names.js';
import type { Data, ScenarioDocument } from './document.js';

/** A smaller or simpler document; undefined when the step changes nothing. */
export type Step = (document: ScenarioDocument) => ScenarioDocument | undefined;

/** Removes a domain or a site wherever it is named; then writes addresses and domains in a simpler way. */
export function* nameSteps(document: ScenarioDocument): Generator<Step> {
  for (const name of namesIn(document)) {
    yield (from) => differing(from, withoutName(from, name, true));
    yield (from) => differing(from, withoutName(from, name, false));
  }
  for (const simpler of [spelledOnce, inAscii, unquoted])
    yield (from) => differing(from, renamed(from, simpler));
}

function differing(from: ScenarioDocument, to: Data | undefined): ScenarioDocument | undefined {
  return to === undefined || isDeepStrictEqual(from, to) ? undefined : (to as ScenarioDocument);
}

/** Keys that are also written as a value or as the domain of an address: domains of the fleet, and sites. */
function namesIn(document: ScenarioDocument): string[] {
  const keys = new Set<string>();
  const values = new Set<string>();
  visit(document, (text, isKey) => (isKey ? keys : values).add(nameOf(text)));
  return [...keys].filter((key) => values.has(key));
}

/** What a text names: the domain of an address or of a pattern, without case and in A-labels. */
function nameOf(text: string): string {
  return domainKey(domainOf(text));
}

function visit(data: Data, see: (text: string, isKey: boolean) => void): void {
  if (typeof data === 'string') return see(data, false);
  if (typeof data !== 'object' || data === null) return;
  for (const [key, value] of Object.entries(data)) {
    if (!Array.isArray(data)) see(key, true);
    visit(value, see);
  }
}

/**
 * A copy without what a name is said of: entries of mappings, and elements of lists that are the name or have it as a
 * value.
 *
 * @param emptied whether mappings and lists that become empty are removed too
 */
function withoutName(data: Data, name: string, emptied: boolean): Data | undefined {
  if (typeof data === 'string') return nameOf(data) === name ? undefined : data;
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) {
    const left = data.flatMap((item) => {
      const isAbout = isRecord(item) && Object.values(item).some((value) => isName(value, name));
      const kept = isAbout ? undefined : withoutName(item, name, emptied);
      return kept === undefined ? [] : [kept];
    });
    return emptied && left.length === 0 && data.length > 0 ? undefined : left;
  }
  const entries = Object.entries(data).flatMap(([key, value]) => {
    const kept = nameOf(key) === name ? undefined : withoutName(value, name, emptied);
    return kept === undefined ? [] : [[key, kept] as const];
  });
  const before = Object.keys(data).length;
  return emptied && entries.length === 0 && before > 0 ? undefined : Object.fromEntries(entries);
}

function isName(value: Data, name: string): boolean {
  return typeof value === 'string' && nameOf(value) === name;
}

function isRecord(data: Data): data is { [key: string]: Data } {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

/** A copy in which every key and every text is written in another way. */
function renamed(data: Data, simpler: (text: string) => string): Data {
  if (typeof data === 'string') return simpler(data);
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) return data.map((item) => renamed(item, simpler));
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [simpler(key), renamed(value, simpler)]),
  );
}

/** Every domain in A-labels and small letters. */
function spelledOnce(text: string): string {
  const address = parseAddress(text);
  if (address) return `${address.localPart}@${domainKey(address.domain)}`;
  return /^[^\s"@]+\.[^\s"@]+$/.test(text) && !isPlain(text) ? domainKey(text) : text;
}

/** A-labels as other names, which need no knowledge of IDNA to be read. */
function inAscii(text: string): string {
  return text.replace(/xn--(?=[a-z0-9-]+(?:\.[a-z]+)+$)/gi, 'x');
}

/** Local parts without quotes and in small letters, and others for those that need quotes or SMTPUTF8. */
function unquoted(text: string): string {
  const written = localPartOf(text);
  const address = parseAddress(text);
  if (!address && isAscii(text) && !text.startsWith('"')) return text;
  const name = mailboxName(written).normalize('NFC').toLowerCase();
  const plain = /^[\w.-]*\w$/.test(name) ? name : `q${Buffer.from(name).toString('hex')}`;
  return address ? `${plain}@${address.domain}` : plain;
}

function isPlain(text: string): boolean {
  return isAscii(text) && !/xn--/i.test(text);
}
