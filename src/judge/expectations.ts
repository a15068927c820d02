// Compares the expectations of a scenario with the tally of its run. A failure names what was expected and
// what was found.

import { formatDuration } from '../base/units.js';
import { addressKey, keyPattern } from '../base/addresses.js';
import { sumLost } from '../results/tally/lost.js';
import type { Check, ExpectationPlan, MailingNumber, NumberMatcher } from '../scenarios/plan.js';
import type { Failure } from '../results/result.js';
import type { MailingTally } from '../results/tally/mailing.js';
import type { Tally } from '../results/tally/tally.js';

/** Contacts that a failure names; the others are counted. */
const NAMED_MAX = 5;

interface Finding {
  message: string;
  expected: string;
  actual: string;
  details?: string[];
}

/**
 * @param toleranceMs how far times may be off from those that are expected
 * @returns one failure for each check of the expectation that does not hold
 */
export function checkExpectation(expectation: ExpectationPlan, tally: Tally, toleranceMs = 0): Failure[] {
  const when = expectation.at === 'end' ? 'at the end' : `at ${formatDuration(expectation.at)}`;
  const failures: Failure[] = [];
  for (const check of expectation.checks) {
    const finding = find(check, tally, toleranceMs);
    if (!finding) continue;
    const { file, line, column, length = 1 } = check.location;
    failures.push({ file, line, column, length, ...finding, message: `${finding.message}, ${when}` });
  }
  return failures;
}

function find(check: Check, tally: Tally, toleranceMs: number): Finding | undefined {
  switch (check.kind) {
    case 'contact':
      return findContact(check, tally);
    case 'statuses':
      return number(`contacts with status ${check.status}`, check.expected, tally.count(check.status));
    case 'server':
      return number(
        `${check.field} at ${check.domain}`,
        check.expected,
        tally.server(check.domain)[check.field],
      );
    case 'lost':
      return findLost(check, tally);
    default: {
      const mailing = tally.response(check.mailing);
      if (!mailing) return finding(`mailing ${check.mailing}`, 'a mailing', 'not begun yet');
      return findInMailing(check, mailing, toleranceMs);
    }
  }
}

function findLost(
  { mailing, figure, expected }: Check & { kind: 'lost' },
  tally: Tally,
): Finding | undefined {
  const of = mailing === undefined ? undefined : tally.response(mailing);
  if (mailing !== undefined && !of) return finding(`mailing ${mailing}`, 'a mailing', 'not begun yet');
  const lost = of?.lost ?? sumLost([...tally.mailings.values()].map((one) => one.lost));
  const by = typeof figure === 'object' ? ` to ${figure.cause}` : '';
  const whose = figure === 'notTheirs' ? ' to a cause that is not theirs' : by;
  const subject = `contacts lost${mailing === undefined ? '' : ` by ${mailing}`}${whose}`;
  const actual = typeof figure === 'object' ? (lost.causes[figure.cause] ?? 0) : lost[figure];
  return number(subject, expected, actual, listedCauses(lost.causes, 'no contact was lost'));
}

type MailingCheck = Extract<Check, { mailing: string }>;

function findInMailing(check: MailingCheck, mailing: MailingTally, toleranceMs: number): Finding | undefined {
  const { mailing: name } = check;
  switch (check.kind) {
    case 'mailing-number':
      return number(`${check.field} of ${name}`, check.expected, figure(mailing, check.field));
    case 'mailing-state':
      return check.expected === mailing.state
        ? undefined
        : finding(`state of ${name}`, check.expected, mailing.state);
    case 'completed':
      return completed(name, check.expected, mailing);
    case 'placement':
      return number(
        `messages of ${name} placed in ${check.placement}`,
        check.expected,
        placed(mailing, check.placement),
      );
    case 'cause':
      return number(
        `bounces of ${name} with cause ${check.cause}`,
        check.expected,
        mailing.causes[check.cause] ?? 0,
        listedCauses(mailing.causes, 'nothing bounced'),
      );
    case 'attempts':
      return times(
        `attempts of ${name} at ${check.address}`,
        check.expected,
        mailing.attempts.get(addressKey(check.address)) ?? [],
      );
    case 'seen':
      return times(
        `attempts of ${name} at ${check.address} that a server saw`,
        check.expected,
        mailing.seen.get(addressKey(check.address)) ?? [],
        toleranceMs,
      );
  }
}

function figure(mailing: MailingTally, field: MailingNumber): number {
  switch (field) {
    case 'bounced.soft':
      return mailing.bounced.soft;
    case 'bounced.hard':
      return mailing.bounced.hard;
    default:
      return mailing[field];
  }
}

function placed(mailing: MailingTally, placement: string): number {
  return mailing.placement[placement as keyof MailingTally['placement']];
}

function listedCauses(causes: Record<string, number>, none: string): string[] {
  const found = Object.entries(causes).map(([cause, count]) => `${cause}: ${count}`);
  return found.length > 0 ? [`causes found: ${found.join(', ')}`] : [none];
}

function completed(name: string, expected: NumberMatcher, mailing: MailingTally): Finding | undefined {
  const subject = `completion of ${name}`;
  if (mailing.completedAt === null || mailing.startedAt === null) {
    return finding(subject, expected.text, `not completed, ${mailing.inProgress} in progress`);
  }
  const after = mailing.completedAt - mailing.startedAt;
  // In whole seconds: rules give no time for the round trips of the last attempt.
  return matches(toSeconds(expected), toSecond(after))
    ? undefined
    : finding(subject, expected.text, formatDuration(after));
}

function times(
  subject: string,
  expected: NumberMatcher | { offsets: number[] },
  at: readonly number[],
  toleranceMs = 0,
): Finding | undefined {
  const offsets = at.map((time) => toSecond(time - at[0]!));
  const list = listOf(offsets);
  if (!('offsets' in expected)) {
    if (matches(expected, at.length)) return undefined;
    return finding(
      subject,
      expected.text,
      String(at.length),
      at.length > 0 ? [`at offsets ${list}`] : undefined,
    );
  }
  const wanted = expected.offsets.map(toSecond);
  const isNear = (offset: number, index: number): boolean =>
    Math.abs(offset - offsets[index]!) <= toleranceMs;
  if (wanted.length === offsets.length && wanted.every(isNear)) return undefined;
  const within = toleranceMs > 0 ? `, each within ${formatDuration(toleranceMs)}` : '';
  return finding(subject, `${listOf(wanted)}${within}`, list);
}

function listOf(offsets: readonly number[]): string {
  if (offsets.length === 0) return 'none';
  const shown = offsets.slice(0, 12).map((offset) => (offset === 0 ? '0m' : formatDuration(offset)));
  const rest = offsets.length - shown.length;
  return `[${shown.join(', ')}${rest > 0 ? `, and ${rest} more up to ${formatDuration(offsets.at(-1)!)}` : ''}]`;
}

function findContact(check: Check & { kind: 'contact' }, tally: Tally): Finding | undefined {
  const matching = contactsMatching(check.address, tally);
  if (matching.length === 0) return finding(`contact ${check.address}`, 'a contact', 'no such contact yet');
  const { status, softBounceStreak } = check;
  if (status !== undefined) {
    const others = matching.filter(([, contact]) => contact.status !== status);
    if (others.length > 0) {
      return finding(
        `status of ${check.address}`,
        status,
        others[0]![1].status,
        whoDiffers(check.address, others, ([, c]) => c.status),
      );
    }
  }
  if (softBounceStreak !== undefined) {
    const others = matching.filter(([, contact]) => !matches(softBounceStreak, contact.softBounceStreak));
    if (others.length > 0) {
      const streak = ([, c]: ContactEntry): string => String(c.softBounceStreak);
      return finding(
        `soft-bounce streak of ${check.address}`,
        softBounceStreak.text,
        streak(others[0]!),
        whoDiffers(check.address, others, streak),
      );
    }
  }
  return undefined;
}

type ContactEntry = [string, { status: string; softBounceStreak: number }];

function contactsMatching(pattern: string, tally: Tally): ContactEntry[] {
  const key = addressKey(pattern);
  const contact = tally.contacts.get(key);
  if (contact) return [[key, contact]];
  if (!pattern.includes('*')) return [];
  const isMatch = keyPattern(pattern);
  return [...tally.contacts].filter(([address]) => isMatch(address));
}

function whoDiffers(
  pattern: string,
  others: ContactEntry[],
  what: (entry: ContactEntry) => string,
): string[] | undefined {
  if (!pattern.includes('*')) return undefined;
  const named = others.slice(0, NAMED_MAX).map((entry) => `${entry[0]} is ${what(entry)}`);
  const rest = others.length - named.length;
  return rest > 0 ? [...named, `and ${rest} more`] : named;
}

function number(
  subject: string,
  expected: NumberMatcher,
  actual: number,
  details?: string[],
): Finding | undefined {
  return matches(expected, actual) ? undefined : finding(subject, expected.text, String(actual), details);
}

function finding(subject: string, expected: string, actual: string, details?: string[]): Finding {
  return { message: subject, expected, actual, ...(details ? { details } : {}) };
}

/** Whether a number is within the bounds of a matcher. */
export function matches({ min, max, exclusive }: NumberMatcher, value: number): boolean {
  if (min !== undefined && (exclusive ? value <= min : value < min)) return false;
  if (max !== undefined && (exclusive ? value >= max : value > max)) return false;
  return true;
}

function toSeconds(matcher: NumberMatcher): NumberMatcher {
  const { min, max } = matcher;
  return {
    ...matcher,
    ...(min === undefined ? {} : { min: toSecond(min) }),
    ...(max === undefined ? {} : { max: toSecond(max) }),
  };
}

function toSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
