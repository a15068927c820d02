// The lines of `policy show`: for each kind of failure the times of the attempts and the end of the delivery,
// then the other rules of the policy. Pure functions of a policy and a width.

import { plural } from '../../reporters/figures.js';
import { wrap } from '../../reporters/terminal/layout.js';
import type { Colors } from '../../reporters/terminal/lines.js';
import { terminalLine } from '../../reporters/text.js';
import type { PolicyOverride, RetryPolicy } from '../../policy/retry-policy.js';
import { timetables, type Timetable } from '../../policy/timetable.js';
import { formatDuration } from '../../base/units.js';

const LINE_COLUMNS = 100;
/** Lists of times up to this length are printed in full. */
const WRITTEN_OUT_MAX = 8;
/** Times printed before the summary `then every ...`. */
const BEFORE_STEPS = 3;

/** @param summary description of the policy in one line; may be empty */
export function policyLines(policy: RetryPolicy, summary: string, columns: number, colors: Colors): string[] {
  const width = Math.min(columns, LINE_COLUMNS);
  const lines: string[] = [];
  const text = (line: string): void => void lines.push(...wrap(line, width));
  lines.push(...wrap(`Policy ${terminalLine(policy.name)}`, width).map((line) => colors.bold(line)));
  if (summary !== '') text(summary);
  for (const table of timetables(policy)) {
    lines.push('');
    const head = `${table.what}: ${plural(table.attempts.length, 'attempt')}`;
    lines.push(...wrap(head, width).map((line) => colors.cyan(line)));
    text(`  ${moments(table.attempts)}`);
    text(`  ${ending(table)}`);
  }
  lines.push('');
  for (const fact of facts(policy)) text(fact);
  return lines;
}

/** `0m, 30m, 1h00m, then every 30m to 30h00m`. @param attempts ms from the first one */
export function moments(attempts: readonly number[]): string {
  const words = attempts.map(moment);
  if (words.length <= WRITTEN_OUT_MAX) return words.join(', ');
  const last = attempts.length - 1;
  const step = attempts[last]! - attempts[last - 1]!;
  let regular = last;
  while (regular > 1 && attempts[regular]! - attempts[regular - 1]! === step) regular--;
  const written = Math.max(BEFORE_STEPS, regular + 1);
  if (last - written < 2) return `${words.slice(0, -2).join(', ')}, ${words.slice(-2).join(', ')}`;
  return `${words.slice(0, written).join(', ')}, then every ${formatDuration(step)} to ${words[last]}`;
}

function moment(ms: number): string {
  return ms === 0 ? '0m' : formatDuration(ms);
}

function ending({ attempts, gaveUp }: Timetable): string {
  if (gaveUp === null) return 'and so on; the list ends here';
  const why =
    gaveUp === 'budget spent' ? 'its attempts are used up' : 'the next one would be after the window';
  return `soft bounce at ${moment(attempts.at(-1)!)}: ${why}`;
}

function facts({ retry, bounce, causes = [] }: RetryPolicy): string[] {
  const from =
    retry.windowFrom === 'mailing-start' ? 'the start of the mailing' : 'the first attempt of the delivery';
  const { windowMs, overrunMs } = retry;
  const lines = [
    `No attempt is due later than ${formatDuration(windowMs)} after the first one.`,
    `None begins later than ${formatDuration(windowMs + overrunMs)} after ${from}${overrunMs > 0 ? ': the window, and the overrun for what waits for a connection' : ''}.`,
  ];
  if (retry.jitter > 0)
    lines.push(
      `Each retry is up to ${Math.round(retry.jitter * 1000) / 10}% of its interval later (seeded).`,
    );
  lines.push(
    bounce.hard === 'any-5xx'
      ? 'Any 5xx is a hard bounce at once, and the contact becomes error.'
      : 'Any 5xx is a hard bounce at once; the contact becomes error only if the cause lies with it.',
    `${bounce.softBouncesToError} soft bounces in a row make a contact error.`,
  );
  for (const override of bounce.overrides) lines.push(`Override: ${overrideText(override)}.`);
  if (causes.length > 0)
    lines.push(`${plural(causes.length, 'rule')} of the policy for the cause of a refusal.`);
  return lines;
}

function overrideText({ treatAs, ...conditions }: PolicyOverride): string {
  const when = Object.entries(conditions).map(([key, value]) => `${key} ${terminalLine(String(value))}`);
  return `${when.join(' and ')} is ${treatAs}`;
}
