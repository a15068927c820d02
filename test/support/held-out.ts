// What rules written without a provider reach: each rule loses the patterns, hosts and codes that only
// replies of that provider made necessary, and reads its replies.

import { nativeSearch, CauseTable, type CauseRule } from '../../src/policy/cause-rules.js';
import { wildcard } from '../../src/base/wildcard.js';
import { shippedCauseRules } from '../../src/policy/shipped-causes.js';
import { catalogueReplies, type KnownReply } from './replies.js';

/** Providers with the same servers or texts are held out together. */
const FAMILIES: readonly (readonly string[])[] = [
  ['outlook', 'microsoft365', 'exchange'],
  ['yahoo', 'yahoo-jp', 'aol-legacy', 'att'],
  ['gmx', 'webde', 'ionos'],
  ['cox', 'spectrum'],
  ['icloud', 'proofpoint'],
  ['barracuda', 'improvmx'],
  ['comcast', 'rackspace'],
];

export interface HeldOut {
  provider: string;
  replies: number;
  /** Replies whose cause is that of the catalogue. */
  agree: number;
  /** Replies that are read as user-unknown and are, or are not and are not. */
  userUnknownOrNot: number;
}

/** One score for each provider, by rules that no reply of its family made necessary. */
export function heldOutScores(): HeldOut[] {
  const providers = [...new Set(catalogueReplies.map(({ provider }) => provider!))];
  return providers.map((provider) => {
    const family = FAMILIES.find((one) => one.includes(provider)) ?? [provider];
    const others = catalogueReplies.filter((one) => !family.includes(one.provider!));
    const theirs = catalogueReplies.filter((one) => family.includes(one.provider!));
    const own = theirs.filter((one) => one.provider === provider);
    const table = new CauseTable(rulesWithout(theirs, others), nativeSearch);
    const read = own.map((one) => ({ one, found: table.find(one)?.cause ?? 'other' }));
    return {
      provider,
      replies: own.length,
      agree: read.filter(({ one, found }) => found === one.cause).length,
      userUnknownOrNot: read.filter(
        ({ one, found }) => (found === 'user-unknown') === (one.cause === 'user-unknown'),
      ).length,
    };
  });
}

/** The shipped rules without what only `theirs` made necessary. */
function rulesWithout(theirs: readonly KnownReply[], others: readonly KnownReply[]): CauseRule[] {
  return shippedCauseRules().flatMap((rule) => {
    const kept: CauseRule = { ...rule };
    if (rule.host) {
      kept.host = rule.host.filter((name) => !isOnlyOf(theirs, others, (one) => matchesHost(name, one)));
      if (kept.host.length === 0) return [];
    }
    if (rule.enhanced) {
      // Codes of the registry are everyone's; those with three digits are a provider's.
      kept.enhanced = rule.enhanced.filter(
        (code) =>
          !/\.\d{3}$/.test(code) ||
          !isOnlyOf(theirs, others, ({ reply }) => reply.enhanced?.endsWith(code.slice(1)) === true),
      );
      if (kept.enhanced.length === 0) return [];
    }
    if (rule.text) {
      kept.text = rule.text.flatMap(alternatives).filter((pattern) => {
        const table = new CauseTable([{ cause: rule.cause, text: [pattern] }], nativeSearch);
        return !isOnlyOf(theirs, others, (one) => table.find(one) !== undefined);
      });
      if (kept.text.length === 0) return [];
    }
    return [kept];
  });
}

/** Whether something matches a reply of the first list and none of the second. */
function isOnlyOf(
  theirs: readonly KnownReply[],
  others: readonly KnownReply[],
  matches: (one: KnownReply) => boolean,
): boolean {
  return theirs.some(matches) && !others.some(matches);
}

function matchesHost(pattern: string, { host }: KnownReply): boolean {
  return host !== undefined && wildcard(pattern.toLowerCase())(host.toLowerCase());
}

/** The alternatives of a pattern that are not inside parentheses. */
function alternatives(pattern: string): string[] {
  const parts = [''];
  let depth = 0;
  // Escaped characters, character classes, and everything else one by one.
  for (const token of pattern.match(/\\.|\[(?:\\.|[^\]])*\]|./gs) ?? []) {
    if (token === '(') depth++;
    if (token === ')') depth--;
    if (token === '|' && depth === 0) parts.push('');
    else parts[parts.length - 1] += token;
  }
  return parts.filter((part) => part !== '');
}
