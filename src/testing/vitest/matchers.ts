// The matchers for vitest: what they compare, and what they say. They know nothing of vitest itself.

import { addressKey, keyPattern } from '../../base/addresses.js';
import { BouncelabError } from '../../base/errors.js';
import { formatDuration, parseDuration } from '../../base/units.js';
import { described, listed, quoted } from '../../documents/problems.js';
import type { ContactStatus } from '../../events/types.js';
import { matches } from '../../judge/expectations.js';
import type { MailingResult } from '../../results/result.js';
import type { NumberMatcher } from '../../scenarios/plan.js';
import { numberMatcherField, offsetsField } from '../../scenarios/schema/matchers.js';
import { checkOptions, type OptionNames } from '../input.js';
import { ScenarioRun, type OfMailing } from '../scenario-run.js';

/** What a matcher returns to vitest. */
export interface MatcherResult {
  pass: boolean;
  message: () => string;
}

/** How attempts are compared with expected times. */
export interface SeenOptions extends OfMailing {
  /** By how much an attempt may be earlier or later, such as `1m`. Default: it is compared to the second. */
  within?: string;
}

/** A number, a range such as `2..4`, or a bound such as `>= 990`. */
export type Count = number | string;

/** A run or a fleet: both know when servers saw an address. */
interface Seeing {
  seen(address: string, of?: OfMailing): number[];
}

const OF_MAILING: OptionNames<OfMailing> = { mailing: true };
const SEEN_OPTIONS: OptionNames<SeenOptions> = { ...OF_MAILING, within: true };
const STATUS_OPTIONS = { softBounceStreak: true } as const;

const A_RUN = 'the run that `await playScenario(...)` returns';
const A_RUN_OR_FLEET = `${A_RUN}, or a fleet of startFleet`;

/** Contacts that a message names. */
const NAMED_MAX = 5;

/** The scenario passed: each of its expectations held, and so did the invariants. */
export function toHavePassed(received: unknown): MatcherResult {
  const run = runOf(received, 'toHavePassed');
  const pass = run.status === 'passed';
  const why = run.result.reason ?? String(run);
  return {
    pass,
    message: () =>
      pass
        ? `${run.name}: expected a run that does not pass, found passed`
        : `${run.name}: expected passed, found ${run.status}\n\n${why}`.trimEnd(),
  };
}

/** A number of deliveries, or the one to an address, ended as delivered. */
export function toHaveDelivered(received: unknown, what: Count, of: OfMailing = {}): MatcherResult {
  return deliveries(runOf(received, 'toHaveDelivered'), 'delivered', what, of);
}

/** A number of deliveries, or the one to an address, ended as a soft bounce. */
export function toHaveSoftBounced(received: unknown, what: Count, of: OfMailing = {}): MatcherResult {
  return deliveries(runOf(received, 'toHaveSoftBounced'), 'soft-bounced', what, of);
}

/** A number of deliveries, or the one to an address, ended as a hard bounce. */
export function toHaveHardBounced(received: unknown, what: Count, of: OfMailing = {}): MatcherResult {
  return deliveries(runOf(received, 'toHaveHardBounced'), 'hard-bounced', what, of);
}

/** A contact has a status at the end; every one that matches, where the address has a `*`. */
export function toHaveStatus(
  received: unknown,
  address: string,
  status: ContactStatus,
  options: { softBounceStreak?: number } = {},
): MatcherResult {
  checkOptions(options, STATUS_OPTIONS, 'toHaveStatus');
  const { softBounceStreak } = options;
  const run = runOf(received, 'toHaveStatus');
  const key = addressKey(address);
  const isMatch = address.includes('*') && !run.contacts.has(key) ? keyPattern(address) : undefined;
  const found = [...run.contacts].filter(([one]) => (isMatch ? isMatch(one) : one === key));
  if (found.length === 0) return result(false, `status of ${address}`, status, 'no such contact', run);
  const shown = (contact: { status: string; softBounceStreak: number }): string =>
    softBounceStreak === undefined
      ? contact.status
      : `${contact.status} with a streak of ${contact.softBounceStreak}`;
  const wanted = softBounceStreak === undefined ? status : `${status} with a streak of ${softBounceStreak}`;
  const others = found.filter(([, contact]) => shown(contact) !== wanted);
  const differing = others.slice(0, NAMED_MAX).map(([one, contact]) => `${one} is ${shown(contact)}`);
  const actual = isMatch && others.length > 0 ? listed(differing) : shown((others[0] ?? found[0]!)[1]);
  return result(others.length === 0, `status of ${address}`, wanted, actual, run);
}

/** A server was asked to accept mail for an address a number of times. Default: at least once. */
export function toHaveBeenSeen(
  received: unknown,
  address: string,
  times: Count = '>= 1',
  of: OfMailing = {},
): MatcherResult {
  checkOptions(of, OF_MAILING, 'toHaveBeenSeen');
  const seeing = seeingOf(received, 'toHaveBeenSeen');
  const expected = countOf(times, 'toHaveBeenSeen');
  const at = seeing.seen(address, of);
  const offsets = at.length > 0 ? `, at offsets ${shownOffsets(offsetsOf(at))}` : '';
  const subject = `attempts at ${address} that a server saw`;
  return result(matches(expected, at.length), subject, expected.text, `${at.length}${offsets}`, seeing);
}

/** The times at which a server was asked to accept mail for an address, as offsets from the first. */
export function toHaveBeenSeenAt(
  received: unknown,
  address: string,
  offsets: readonly string[],
  options: SeenOptions = {},
): MatcherResult {
  checkOptions(options, SEEN_OPTIONS, 'toHaveBeenSeenAt');
  const { within, ...of } = options;
  const seeing = seeingOf(received, 'toHaveBeenSeenAt');
  const expected = expectedOffsets(offsets);
  const toleranceMs = within === undefined ? 0 : toleranceOf(within);
  const found = offsetsOf(seeing.seen(address, of));
  const pass =
    found.length === expected.length &&
    found.every((at, index) => Math.abs(second(at) - second(expected[index]!)) <= toleranceMs);
  const subject = `attempts at ${address} that a server saw${within === undefined ? '' : `, within ${within}`}`;
  return result(pass, subject, shownOffsets(expected), shownOffsets(found), seeing);
}

/** Each state of a delivery, and the matcher for it. */
const MATCHER_OF = {
  delivered: 'toHaveDelivered',
  'soft-bounced': 'toHaveSoftBounced',
  'hard-bounced': 'toHaveHardBounced',
} as const;

type EndState = keyof typeof MATCHER_OF;

function deliveries(run: ScenarioRun, state: EndState, what: Count, of: OfMailing): MatcherResult {
  checkOptions(of, OF_MAILING, MATCHER_OF[state]);
  const by = of.mailing === undefined ? '' : ` of ${of.mailing}`;
  if (typeof what === 'string' && what.includes('@')) {
    const actual = run.delivery(what, of) ?? 'no delivery to it';
    return result(actual === state, `delivery${by} to ${what}`, state, actual, run);
  }
  const expected = countOf(what, MATCHER_OF[state]);
  const count = run.figures(of).reduce((sum, mailing) => sum + ended(mailing, state), 0);
  return result(matches(expected, count), `${state} deliveries${by}`, expected.text, String(count), run);
}

function ended({ delivered, bounced }: MailingResult, state: EndState): number {
  if (state === 'delivered') return delivered;
  return state === 'soft-bounced' ? bounced.soft : bounced.hard;
}

function result(
  pass: boolean,
  subject: string,
  expected: string,
  actual: string,
  received: Seeing,
): MatcherResult {
  const not = pass ? 'not ' : '';
  const lines = [`${subject}: expected ${not}${expected}, found ${actual}`];
  // Its figures mean little when the run did not come to its end.
  if (received instanceof ScenarioRun && received.status !== 'passed' && received.status !== 'failed')
    lines.push(
      `the run of ${received.file} is ${received.status}`,
      received.result.reason ?? String(received),
    );
  return { pass, message: () => lines.join('\n') };
}

function runOf(received: unknown, matcher: string): ScenarioRun {
  if (received instanceof ScenarioRun) return received;
  throw wrongSubject(received, matcher, A_RUN);
}

function seeingOf(received: unknown, matcher: string): Seeing {
  if (typeof (received as Partial<Seeing> | null | undefined)?.seen === 'function') return received as Seeing;
  throw wrongSubject(received, matcher, A_RUN_OR_FLEET);
}

function wrongSubject(received: unknown, matcher: string, wanted: string): BouncelabError {
  const found = received instanceof Promise ? 'a promise: await it first' : described(received);
  return new BouncelabError('E_USAGE', `${matcher} expects ${wanted}, found ${found}`);
}

function countOf(value: Count, matcher: string): NumberMatcher {
  const parsed = numberMatcherField().safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BouncelabError(
    'E_USAGE',
    `${matcher} expects ${parsed.error.issues[0]!.message}, found ${described(value)}`,
  );
}

function expectedOffsets(offsets: readonly string[]): number[] {
  if (Array.isArray(offsets) && offsets.length === 0) return [];
  const parsed = offsetsField().safeParse(offsets);
  if (parsed.success && 'offsets' in parsed.data) return parsed.data.offsets;
  const why = parsed.error?.issues[0]?.message ?? 'a list of offsets such as [0m, 30m, 60m]';
  throw new BouncelabError('E_USAGE', `toHaveBeenSeenAt expects ${why}`);
}

function toleranceOf(within: string): number {
  const ms = parseDuration(within);
  if (ms !== undefined) return ms;
  throw new BouncelabError('E_USAGE', `\`within\` must be a duration such as 1m, found ${quoted(within)}`);
}

function offsetsOf(times: readonly number[]): number[] {
  return times.map((time) => time - times[0]!);
}

/** To the second, as expectations of a scenario compare them. */
function second(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

function shownOffsets(offsets: readonly number[]): string {
  if (offsets.length === 0) return 'none';
  return `[${listed(offsets.map((offset) => (offset < 1000 ? '0m' : formatDuration(offset))))}]`;
}
